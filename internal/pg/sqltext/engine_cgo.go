//go:build cgo

package sqltext

import (
	"errors"
	"sync"

	"github.com/pganalyze/pg_query_go/v6/parser"
)

// engine is Postgres's own parser.
type engine struct{}

func newEngine(string) engine { return engine{} }

// alone is held while the parser runs. libpg_query temporarily replaces descriptor 2 by a pipe, and two concurrent calls would leave one of
// their pipes there. Output of others to standard error during these microseconds is lost.
var alone sync.Mutex

// parse returns the syntax tree as the protobuf message of pg_query's ParseResult.
func (engine) parse(sql string) ([]byte, error) {
	alone.Lock()
	defer alone.Unlock()
	tree, err := parser.ParseToProtobuf(sql)
	if bad := (*parser.Error)(nil); errors.As(err, &bad) {
		return nil, &SyntaxError{bad.Message, max(bad.Cursorpos-1, 0)}
	}
	return tree, err
}
