//go:build !cgo

package sqltext

import (
	"errors"
	"sync"

	"github.com/krowoc/krowoc/internal/pg/sqltext/wasm"
)

// engine is Postgres's own parser, compiled to WebAssembly.
type engine struct {
	start func() (*wasm.Parser, error)
	use   *sync.Mutex
}

func newEngine(cache string) engine {
	return engine{sync.OnceValues(func() (*wasm.Parser, error) { return wasm.New(cache) }), new(sync.Mutex)}
}

// parse returns the syntax tree as the protobuf message of pg_query's ParseResult.
func (e engine) parse(sql string) ([]byte, error) {
	p, err := e.start()
	if err != nil {
		return nil, err
	}
	e.use.Lock()
	defer e.use.Unlock()
	tree, err := p.Parse(sql)
	if bad := (*wasm.SyntaxError)(nil); errors.As(err, &bad) {
		return nil, &SyntaxError{bad.Message, max(bad.Cursor-1, 0)}
	}
	return tree, err
}
