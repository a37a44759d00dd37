package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Object is an object of a database as lines of text, for people and for comparison.
type Object struct {
	Kind, Name string
	Lines      []string
}

// Objects lists all objects, sorted by kind and name.
func (c *Catalog) Objects() []Object {
	var list []Object
	for _, e := range c.Enums {
		list = append(list, object("enum", qualified(e.Schema, e.Name), e.Comment, e.Grants, e.Values...))
	}
	for _, t := range c.Tables {
		list = append(list, t.object())
	}
	for _, i := range c.Indexes {
		lines := []string{i.Definition}
		lines = flag(lines, !i.Valid, "invalid")
		lines = flag(lines, i.Constraint, "backs a constraint")
		lines = flag(lines, i.Clustered, "clustered")
		list = append(list, object("index", qualified(i.Schema, i.Name), i.Comment, nil, lines...))
	}
	for _, s := range c.Sequences {
		lines := text([]string{s.Definition}, "owned by", s.OwnedBy)
		list = append(list, object("sequence", qualified(s.Schema, s.Name), s.Comment, s.Grants, flag(lines, s.Identity, "identity")...))
	}
	for _, o := range c.Others {
		var lines []string
		for line := range strings.Lines(o.Definition) {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
		list = append(list, object(o.Kind, o.Name, o.Comment, o.Grants, lines...))
	}
	for _, o := range list {
		for i, line := range o.Lines {
			o.Lines[i] = stable(line)
		}
	}
	slices.SortFunc(list, func(a, b Object) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return c.owned(list)
}

// owned adds the owners to objects.
func (c *Catalog) owned(list []Object) []Object {
	for i, o := range list {
		list[i].Lines = text(o.Lines, "owner", c.Owners[o.Kind+" "+o.Name])
	}
	return list
}

func (t *Table) object() Object {
	var lines []string
	for _, c := range t.Columns {
		lines = append(lines, "column "+c.line())
	}
	for _, c := range t.Constraints {
		line := fmt.Sprintf("constraint %s %s", c.Name, c.Definition)
		if !c.Validated && !strings.HasSuffix(c.Definition, "NOT VALID") {
			line += " NOT VALID"
		}
		lines = text(append(lines, line), "comment on constraint "+c.Name+":", c.Comment)
	}
	lines = flag(lines, t.Kind != "table", t.Kind)
	lines = flag(lines, t.Unlogged, "unlogged")
	lines = text(lines, "row security", t.RowSecurity)
	lines = text(lines, "with", strings.Join(t.Options, ", "))
	lines = text(lines, "partition by", t.PartitionKey)
	lines = text(lines, "partition", t.Bound)
	lines = text(lines, "inherits", strings.Join(t.Parents, ", "))
	lines = text(lines, "replica identity", t.Replica)
	lines = text(lines, "access method", t.AccessMethod)
	lines = text(lines, "tablespace", t.Tablespace)
	return object("table", qualified(t.Schema, t.Name), t.Comment, t.Grants, lines...)
}

// line describes a column.
func (c *Column) line() string {
	words := []string{c.Name, c.Type}
	words = text(words, "collate", c.Collation)
	words = flag(words, c.NotNull, "not null")
	switch {
	case c.Generated != "":
		words = append(words, "generated "+c.Generated+" as ("+c.Default+")")
	default:
		words = text(words, "default", c.Default)
	}
	words = text(words, "identity", c.Identity)
	words = text(words, "storage", c.Storage)
	words = text(words, "compression", c.Compression)
	if c.Statistics >= 0 {
		words = append(words, fmt.Sprintf("statistics %d", c.Statistics))
	}
	for _, g := range c.Grants {
		words = append(words, "grant "+g)
	}
	words = text(words, "comment", c.Comment)
	return strings.Join(words, " ")
}

func object(kind, name, comment string, grants []string, lines ...string) Object {
	lines = text(slices.Clone(lines), "comment", comment)
	for _, g := range grants {
		lines = append(lines, "grant "+g)
	}
	return Object{kind, name, lines}
}

func text(lines []string, label, value string) []string {
	if value == "" {
		return lines
	}
	return append(lines, label+" "+value)
}

func flag(lines []string, is bool, label string) []string {
	if !is {
		return lines
	}
	return append(lines, label)
}

func qualified(schema, name string) string { return schema + "." + name }
