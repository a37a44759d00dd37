package sdl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// builder turns definitions into a schema. Each step marks what it could not resolve as broken, and later steps skip it, so that
// one mistake is reported once.
type builder struct {
	parser  Parser
	files   []*file
	origins map[*ast.Source]origin
	defs    ast.DefinitionList
	broken  map[string]bool // names of definitions that do not parse

	types  []*typeDecl // in source order
	named  map[string]*typeDecl
	enums  []*schema.Enum
	enumOf map[string]*schema.Enum
	tiers  *schema.Enum // with @tiers
	joins  []*schema.Type
	exprs  []exprTask

	extensions []*ast.Definition // of Query and Mutation
	customs    []*schema.Custom

	list diag.List
}

// typeDecl is a type under construction.
type typeDecl struct {
	*schema.Type
	def    *ast.Definition
	uses   uses
	stored bool
	view   bool
	fields []*fieldDecl

	computed []*fieldDecl

	key keyState
}

// fieldDecl is a field under construction.
type fieldDecl struct {
	*schema.Field
	def    *ast.FieldDefinition
	uses   uses
	broken bool // its type is unknown: no further checks make sense
	state  columnState
}

func newBuilder() *builder {
	return &builder{
		origins: map[*ast.Source]origin{}, broken: map[string]bool{},
		named: map[string]*typeDecl{}, enumOf: map[string]*schema.Enum{},
	}
}

// build runs every step; each depends on those before it.
func (b *builder) build() *schema.Schema {
	b.declare()
	b.resolveFields()
	b.resolveKeys()
	b.resolveRelations()
	b.resolveColumns()
	b.applyDirectives()
	b.stored(b.computedFields)
	b.views(b.resolveView)
	b.customFields()
	b.checkNames()
	s := b.schema()
	b.checkExprs(s)
	b.warn()
	return s
}

func (b *builder) schema() *schema.Schema {
	var tables, plain, views []*schema.Type
	for _, t := range b.types {
		switch {
		case t.stored:
			tables = append(tables, t.Type)
		case t.view:
			views = append(views, t.Type)
		default:
			plain = append(plain, t.Type)
		}
	}
	s := schema.New(append(tables, b.joins...), plain, b.enums)
	s.Customs, s.Views = b.customs, views
	return s
}

// stored calls f with every stored type.
func (b *builder) stored(f func(*typeDecl)) {
	for _, t := range b.types {
		if t.stored {
			f(t)
		}
	}
}

// field returns the declaration of the field of that name, or nil.
func (t *typeDecl) field(name string) *fieldDecl {
	for _, f := range t.fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// names lists the names of the fields for which keep is true.
func (t *typeDecl) names(keep func(*fieldDecl) bool) []string {
	var names []string
	for _, f := range t.fields {
		if keep(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

// spanOf returns the span of a token.
func (b *builder) spanOf(p *ast.Position) span {
	o := b.origins[p.Src]
	return span{o.file, o.offset + p.Start, max(1, p.End-p.Start)}
}

// lineOf returns where an earlier definition is, as seen from another: its line, and its file if that differs.
func (b *builder) lineOf(first, from *ast.Position) string {
	p := b.position(first)
	if p.File == b.position(from).File {
		return fmt.Sprintf("line %d", p.Line)
	}
	return fmt.Sprintf("line %d of %s", p.Line, p.File)
}

func (b *builder) position(p *ast.Position) schema.Position {
	s := b.spanOf(p)
	n, column := s.file.place(s.start)
	return schema.Position{File: s.file.name, Line: n, Column: column}
}

// report adds an error.
func (b *builder) report(code string, at span, message, remedy string) {
	b.add(diag.Error, code, at, message, remedy)
}

// errorf adds an error about a token.
func (b *builder) errorf(code string, at *ast.Position, remedy, format string, args ...any) {
	b.add(diag.Error, code, b.spanOf(at), fmt.Sprintf(format, args...), remedy)
}

func (b *builder) add(severity diag.Severity, code string, at span, message, remedy string) {
	n, column := at.file.place(at.start)
	text := at.file.lineText(n)
	b.list = append(b.list, diag.Diagnostic{
		Severity: severity, Code: code, Message: message, Remedy: remedy, Source: text,
		Position: schema.Position{File: at.file.name, Line: n, Column: column},
		Width:    max(1, min(at.width, len([]rune(text))-column+1)),
	})
}

// sorted returns the diagnostics in the order of the sources, each mistake once.
func (b *builder) sorted(sources []Source) diag.List {
	order := map[string]int{}
	for i, s := range sources {
		order[s.Name] = i
	}
	slices.SortStableFunc(b.list, func(x, y diag.Diagnostic) int {
		if x.File != y.File {
			return order[x.File] - order[y.File]
		}
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return x.Column - y.Column
	})
	return slices.CompactFunc(b.list, func(x, y diag.Diagnostic) bool { return x == y })
}

// didYouMean is the remedy for a word that is not one of the candidates; format writes one of them.
func didYouMean(word string, candidates []string, format string) string {
	if near := diag.Suggest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean "+format+"?", near)
	}
	if len(candidates) == 0 {
		return "remove it"
	}
	shown := make([]string, 0, 12)
	for _, c := range candidates {
		if len(shown) == cap(shown) {
			shown = append(shown[:len(shown):len(shown)], "…")
			break
		}
		shown = append(shown, fmt.Sprintf(format, c))
	}
	return "use one of " + strings.Join(shown, ", ")
}
