package graph

import (
	"fmt"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// pageSize is how many rows a list returns at most.
type pageSize struct {
	name   string // first or last; empty for the default
	input  input
	number int // where no variable holds it
	most   int
}

// known reports whether the size is the same for every request.
func (s pageSize) known() bool { return s.input.variable == "" }

// read returns the size for a request.
func (s pageSize) read(vars map[string]any) (int, error) {
	if s.known() {
		return s.number, nil
	}
	return s.check(s.input.read(vars))
}

func (s pageSize) check(value any) (int, error) {
	text, _ := plainText(value)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > s.most {
		return 0, invalid(fmt.Sprintf("%s must be between 0 and %d; it is %s", s.name, s.most, text), "read more rows with after or before")
	}
	return n, nil
}

// String returns the number, or the variable that holds it.
func (s pageSize) String() string {
	if s.known() {
		return strconv.Itoa(s.number)
	}
	return s.input.String()
}

// pageSize reads first and last, and sets the limit of the page.
func (b *builder) pageSize(p *page, f *ast.Field) error {
	first, hasFirst := b.argument(f, "first")
	last, hasLast := b.argument(f, "last")
	p.size = pageSize{number: b.api.options.DefaultPageSize, most: b.api.options.MaxPageSize}
	switch {
	case hasFirst && hasLast:
		return invalid("a list takes first or last, not both", "leave one of them out")
	case hasFirst:
		p.size.name, p.size.input = "first", first.input
	case hasLast:
		p.backward = true
		p.size.name, p.size.input = "last", last.input
	}
	if p.size.known() { // in the SQL as it is, so that Postgres's planner knows it
		var err error
		if p.size.input.document != nil {
			p.size.number, err = p.size.check(p.size.input.read(nil))
		}
		p.limit = strconv.Itoa(p.size.number)
		return err
	}
	p.limit = b.param(Param{Kind: PageSize, size: p.size}) + "::int8"
	return nil
}
