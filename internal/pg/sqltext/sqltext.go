// Package sqltext reads SQL: into tokens, and with Postgres's own parser into syntax trees.
//
// The parser is C where cgo is on, and the same compiled to WebAssembly where it is off.
package sqltext

import (
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// Parser makes syntax trees of SQL. It may be used by many goroutines at once.
type Parser struct{ engine engine }

// NewParser returns a parser. cache is a folder in which a build without cgo keeps the compiled parser for the next
// process; it is made when it is missing, and "" keeps nothing.
func NewParser(cache string) *Parser { return &Parser{newEngine(cache)} }

// SyntaxError is a text that is not SQL.
type SyntaxError struct {
	Message string // Postgres's own
	Offset  int    // of the mistake, in bytes; the text's length at its end
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s, at byte %d", e.Message, e.Offset) }

// Parse returns the statements of a text as syntax trees. Their locations are byte offsets. Its error is a *SyntaxError,
// unless the parser itself cannot be had.
func (p *Parser) Parse(sql string) ([]*pg_query.RawStmt, error) {
	tree, err := p.engine.parse(sql)
	if err != nil {
		return nil, err
	}
	result := &pg_query.ParseResult{}
	if err := proto.Unmarshal(tree, result); err != nil {
		return nil, err
	}
	return result.Stmts, nil
}

// Parsed is what Parse returns for one text.
type Parsed struct {
	Stmts []*pg_query.RawStmt
	Err   error
	// Shift is to be subtracted from every location in the trees.
	Shift int
}

// between ends what a text leaves open.
const between = "\n;\n"

// ParseAll is Parse for many texts, in much less time than one after the other.
func (p *Parser) ParseAll(texts []string) []Parsed {
	parsed := make([]Parsed, len(texts))
	if len(texts) > 1 {
		if stmts, err := p.Parse(strings.Join(texts, between)); err == nil && distribute(stmts, texts, parsed) {
			return parsed
		}
	}
	for i, text := range texts {
		parsed[i] = Parsed{}
		parsed[i].Stmts, parsed[i].Err = p.Parse(text)
	}
	return parsed
}

// distribute gives each text its statements, which Postgres says begin after the semicolon before. It reports whether each
// is whole: what one text leaves open, the next could have closed.
func distribute(stmts []*pg_query.RawStmt, texts []string, parsed []Parsed) bool {
	begin, whole := 0, -len(between)
	for _, text := range texts {
		whole += len(text) + len(between)
	}
	for i, text := range texts {
		if !Closed(text) {
			return false
		}
		end := begin + len(text)
		parsed[i].Shift = begin
		for len(stmts) > 0 && int(stmts[0].StmtLocation) < end {
			s := stmts[0]
			last := int(s.StmtLocation + s.StmtLen)
			if s.StmtLen == 0 { // it ends with the whole
				last = whole
			}
			if int(s.StmtLocation) < begin-1 || last > end+1 {
				return false
			}
			parsed[i].Stmts = append(parsed[i].Stmts, s)
			stmts = stmts[1:]
		}
		begin = end + len(between)
	}
	return len(stmts) == 0
}
