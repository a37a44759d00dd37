// Package wasm is Postgres's own parser compiled to WebAssembly, for builds without cgo.
//
// The module is part of github.com/wasilibs/go-pgquery. The Go interface of that package compiles the module again in each process, on one
// core, which takes more than a second. This package compiles it on all cores and caches the machine code in a folder, so that only the
// first process on a machine has to compile it.
package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	_ "unsafe" // for go:linkname

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	_ "github.com/wasilibs/go-pgquery/parser" // contains the module
	"github.com/wasilibs/wazero-helpers/allocator"
)

//go:linkname module github.com/wasilibs/go-pgquery/internal/wasm.LibPGQuery
var module []byte

//go:linkname instantiateWASIX github.com/wasilibs/go-pgquery/internal/wasix32v1.MustInstantiate
func instantiateWASIX(ctx context.Context, r wazero.Runtime)

//go:linkname callContext github.com/wasilibs/go-pgquery/internal/wasix32v1.BackgroundContext
func callContext() context.Context

// Parser is an instance of the module. It is not safe for concurrent use.
type Parser struct {
	runtime wazero.Runtime
	memory  api.Memory
	malloc  api.Function
	free    api.Function
	parse   api.Function
	release api.Function
}

// SyntaxError is the error for invalid SQL.
type SyntaxError struct {
	Message string
	Cursor  int // of the error in bytes, counted from 1
}

func (e *SyntaxError) Error() string { return e.Message }

// New compiles the module, or loads it from the cache folder. An empty folder disables the cache.
func New(folder string) (*Parser, error) {
	ctx := experimental.WithCompilationWorkers(context.Background(), runtime.GOMAXPROCS(0))
	ctx = experimental.WithMemoryAllocator(ctx, allocator.NewNonMoving())
	cfg := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesThreads)
	// Without a writable folder, compiling takes longer but works.
	if cache, err := wazero.NewCompilationCacheWithDir(folder); folder != "" && err == nil {
		cfg = cfg.WithCompilationCache(cache)
	}
	rt := wazero.NewRuntimeWithConfig(ctx, cfg)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	instantiateWASIX(ctx, rt)
	code, err := rt.CompileModule(ctx, module)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("compile the SQL parser: %w", err), rt.Close(ctx))
	}
	m, err := rt.InstantiateModule(ctx, code, wazero.NewModuleConfig().WithSysNanotime().WithStartFunctions("_initialize"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the SQL parser: %w", err), rt.Close(ctx))
	}
	p := &Parser{
		runtime: rt, memory: m.Memory(),
		malloc: m.ExportedFunction("malloc"), free: m.ExportedFunction("free"),
		parse: m.ExportedFunction("pg_query_parse_protobuf"), release: m.ExportedFunction("pg_query_free_protobuf_parse_result"),
	}
	if _, err := m.ExportedFunction("pg_query_init").Call(callContext()); err != nil {
		return nil, errors.Join(fmt.Errorf("start the SQL parser: %w", err), rt.Close(ctx))
	}
	return p, nil
}

// resultSize is the size of PgQueryProtobufParseResult: a length, the data, standard error and the error, 4 bytes each.
const resultSize = 16

// Parse returns the syntax tree as the protobuf message of pg_query's ParseResult.
func (p *Parser) Parse(sql string) (tree []byte, err error) {
	ctx := callContext()
	text, err := p.call(ctx, p.malloc, uint64(len(sql)+1))
	if err != nil {
		return nil, err
	}
	defer p.drop(ctx, p.free, text, &err)
	result, err := p.call(ctx, p.malloc, resultSize)
	if err != nil {
		return nil, err
	}
	defer p.drop(ctx, p.free, result, &err)
	if !p.memory.WriteString(text, sql) || !p.memory.WriteByte(text+uint32(len(sql)), 0) { //nolint:gosec // the module's memory is 32-bit
		return nil, errMemory
	}
	if _, err := p.call(ctx, p.parse, uint64(result), uint64(text)); err != nil {
		return nil, err
	}
	defer p.drop(ctx, p.release, result, &err)
	return p.result(result)
}

func (p *Parser) result(at uint32) ([]byte, error) {
	size, data, failure := p.word(at), p.word(at+4), p.word(at+12)
	if failure != 0 {
		return nil, &SyntaxError{Message: p.text(p.word(failure)), Cursor: int(p.word(failure + 16))}
	}
	tree, ok := p.memory.Read(data, size)
	if !ok {
		return nil, errMemory
	}
	return bytes.Clone(tree), nil
}

var errMemory = errors.New("the memory of the SQL parser is not accessible")

func (p *Parser) call(ctx context.Context, f api.Function, args ...uint64) (uint32, error) {
	results, err := f.Call(ctx, args...)
	if err != nil {
		return 0, fmt.Errorf("parse SQL: %w", err)
	}
	if len(results) == 0 {
		return 0, nil
	}
	return api.DecodeU32(results[0]), nil
}

func (p *Parser) drop(ctx context.Context, f api.Function, at uint32, err *error) {
	if _, failed := p.call(ctx, f, uint64(at)); failed != nil {
		*err = errors.Join(*err, failed)
	}
}

func (p *Parser) word(at uint32) uint32 {
	w, _ := p.memory.ReadUint32Le(at)
	return w
}

func (p *Parser) text(at uint32) string {
	var out []byte
	for {
		b, ok := p.memory.ReadByte(at)
		if !ok || b == 0 {
			return string(out)
		}
		out = append(out, b)
		at++
	}
}
