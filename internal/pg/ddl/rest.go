package ddl

import (
	"context"
	"errors"
	"slices"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// buildRest builds a schema without what Postgres refuses of it. failure is the error that the whole schema
// gives.
func (b *Builder) buildRest(ctx context.Context, s *schema.Schema, failure error) (*Target, error) {
	d, err := define(s)
	if err != nil {
		return nil, err
	}
	b.built = nil
	statements, err := b.clear(ctx, s, d)
	if err != nil {
		return nil, err
	}
	w := &winnow{builder: b, definition: d}
	if err := w.extensions(ctx); err != nil {
		return nil, err
	}
	_, noFunction := b.db.Exec(ctx, statements[0]) // for IDs
	if noFunction != nil && !isRefusal(noFunction) {
		return nil, pg.Fault("create a function for IDs", noFunction)
	}
	if err := w.try(ctx, d.pieces(statements)); err != nil {
		return nil, err
	}
	if len(w.refused) == 0 {
		return nil, failure
	}
	rest := w.rest()
	if statements, err = b.clear(ctx, s, rest); err != nil {
		return nil, err
	}
	if noFunction != nil {
		statements = statements[1:]
	}
	t, err := b.build(ctx, s, rest, statements)
	if err != nil {
		return nil, err
	}
	t.refused = w.refused
	b.schema = nil // the database contains only a part of it
	return t, nil
}

// extensions creates the extensions that the server has.
func (w *winnow) extensions(ctx context.Context) error {
	w.left, w.missing = map[object]bool{}, map[string]error{}
	for _, name := range w.definition.extensions {
		err := w.builder.createExtension(ctx, name)
		if refused := new(Refused); errors.As(err, &refused) {
			w.missing[name] = refused.Err
		} else if err != nil {
			return pg.Fault("create the extension "+name, err)
		}
	}
	return nil
}

// rest returns the definition without what is left out.
func (w *winnow) rest() *definition {
	rest := *w.definition
	rest.extensions = slices.DeleteFunc(slices.Clone(rest.extensions), func(name string) bool { return w.missing[name] != nil })
	rest.enums = slices.DeleteFunc(slices.Clone(rest.enums), func(e part) bool { return w.left[object{kind: "enum", table: public + "." + e.name}] })
	rest.tables = nil
	for _, t := range w.definition.tables {
		name := public + "." + t.table.Table
		if w.left[object{kind: "table", table: name}] {
			continue
		}
		kept := *t
		without := func(kind string, list []part) []part {
			return slices.DeleteFunc(slices.Clone(list), func(p part) bool { return w.left[object{kind, name, p.name}] })
		}
		kept.columns, kept.constraints, kept.indexes = without("column", t.columns), without("constraint", t.constraints), without("index", t.indexes)
		kept.references = slices.DeleteFunc(slices.Clone(t.references), func(r reference) bool { return w.left[object{"constraint", name, r.name}] })
		rest.tables = append(rest.tables, &kept)
	}
	return &rest
}
