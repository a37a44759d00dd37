// Package sqltext splits SQL into tokens, and parses it into syntax trees with Postgres's own parser.
//
// With cgo the parser is C code. Without cgo it is the same code compiled to WebAssembly.
package sqltext

import (
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
)

// Parser parses SQL into syntax trees. It is safe for concurrent use.
type Parser struct{ engine engine }

// NewParser returns a parser. In a build without cgo, cache is the folder that stores the compiled parser for later processes. A missing
// folder is created; "" disables the cache.
func NewParser(cache string) *Parser { return &Parser{newEngine(cache)} }

// SyntaxError is the error for invalid SQL.
type SyntaxError struct {
	Message string // Postgres's message
	Offset  int    // of the error in bytes; the length of the text for an error at its end
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s, at byte %d", e.Message, e.Offset) }

// Parse returns the statements of a text as syntax trees. Their locations are byte offsets. The error is a *SyntaxError, unless the parser
// itself cannot be loaded.
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

// Parsed is the result of Parse for one text.
type Parsed struct {
	Stmts []*pg_query.RawStmt
	Err   error
	// Shift must be subtracted from every location in the trees.
	Shift int
}

// between separates texts and terminates an open statement or line comment.
const between = "\n;\n"

// ParseAll parses many texts. It is much faster than separate calls of Parse.
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

// distribute assigns the statements to their texts. According to Postgres, a statement starts after the previous semicolon. It reports
// whether every text is complete, since an unterminated string could end in the next text.
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
			if s.StmtLen == 0 { // it ends at the end of the input
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
