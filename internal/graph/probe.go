package graph

import (
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// Probe is a statement with SQL of the team. Postgres prepares it to tell whether the SQL fits the database; it never runs.
type Probe struct {
	What   string          // Person.fullName
	Pos    schema.Position // of the SQL in the schema
	SQL    string
	Text   string           // the SQL of the team
	Offset int              // of Text in SQL, in characters; negative where SQL does not contain it
	origin func(at int) int // where a position of Text with arguments is in Text; nil for the same
	Type   string           // the type that Postgres has to give the first column; empty for any
}

// Probes returns the statements that tell whether the SQL of the schema fits the database.
func (a *API) Probes() (list []Probe) {
	for _, o := range a.objects {
		for _, f := range o.fields {
			if c := f.src.Computed; c != nil {
				list = append(list, computedProbe(o, f, c))
			}
		}
	}
	for _, t := range a.model.Views {
		if exposed(t) {
			list = append(list, viewProbe(t))
		}
	}
	for _, c := range a.model.Customs {
		if c.HTTP != nil {
			continue
		}
		list = append(list, a.customProbe(c))
	}
	return list
}

func computedProbe(o *object, f *field, c *schema.Computed) Probe {
	const before = "SELECT ("
	p := Probe{What: o.typ.Name + "." + f.src.Name, Pos: c.Pos, Text: c.Expr, Offset: len(before), Type: f.value.sqlType()}
	if c.Function != "" {
		p.Text, p.Offset = c.Function, -1
	}
	p.SQL = before + computation(c, this) + "\n) FROM " + ident(o.typ.Table) + " " + this
	return p
}

// Place returns the place in the schema of a position in SQL, which Postgres counts in characters from 1; 0 is the text as a whole.
func (p Probe) Place(position int) schema.Position {
	line, column := p.Pos.Line, p.Pos.Column
	runes, at := []rune(p.Text), position-1-p.Offset
	if p.origin != nil {
		at = p.origin(at)
	}
	if p.Offset >= 0 && position > 0 && at >= 0 && at <= len(runes) {
		before := string(runes[:at])
		switch {
		case strings.Contains(p.Text, "\n"): // a block string, whose text begins on the next line
			line, column = line+1+strings.Count(before, "\n"), 1
		default:
			column += 1 + at
		}
	}
	return schema.Position{File: p.Pos.File, Line: line, Column: column}
}
