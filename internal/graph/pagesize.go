package graph

import (
	"fmt"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// pageSize is how many rows a list returns at most.
type pageSize struct {
	name   string // first or last; empty for the default
	input  input
	number int // where no variable holds it
	most   int
	counts bool // the input is a list, whose elements count
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
	if s.counts {
		return s.count(value)
	}
	text, _ := plainText(value)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > s.most {
		hint := "read more rows with after or before"
		if s.name == offset {
			hint = ""
		}
		return 0, invalid(fmt.Sprintf("%s must be between 0 and %d; it is %s", s.name, s.most, text), hint)
	}
	return n, nil
}

// count returns the number of elements of a list.
func (s pageSize) count(list any) (int, error) {
	n := len(asList(list))
	if n > s.most {
		return 0, invalid(fmt.Sprintf("%s must have at most %d elements; it has %d", s.name, s.most, n), "read the others in another operation")
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
	var err error
	p.limit, err = b.number(&p.size)
	if err != nil {
		return err
	}
	return b.offset(p, f)
}

// number returns SQL for a size: in the SQL as it is if it is known, so that Postgres's planner knows it, or else a parameter.
func (b *builder) number(s *pageSize) (sql string, err error) {
	if !s.known() {
		return b.param(Param{Kind: PageSize, size: *s}) + "::int8", nil
	}
	if s.input.document != nil {
		s.number, err = s.check(s.input.read(nil))
	}
	return strconv.Itoa(s.number), err
}

// offset is the argument that skips rows.
const offset = "offset"

// offset reads how many rows a page skips, after those that a cursor excludes.
func (b *builder) offset(p *page, f *ast.Field) error {
	given, ok := b.argument(f, offset)
	switch {
	case !ok:
		return nil
	case p.backward:
		return invalid("offset counts from the start of a list", "use first instead of last, or leave offset out")
	}
	skipped := pageSize{name: offset, input: given.input, most: math.MaxInt32}
	number, err := b.number(&skipped)
	p.offset, p.skips = " OFFSET "+number, "("+number+" > 0)::text"
	return err
}
