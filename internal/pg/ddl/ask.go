package ddl

import (
	"context"
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// Rename is a column of a table, or a value of an enum, that may have another name.
type Rename struct {
	Kind     string // column or value
	Of       string // the table or the enum
	From, To string
}

// ask asks about one column or value that may have been renamed, and renames it if the answer is yes.
func (d *differ) ask(ctx context.Context, cur *catalog.Catalog, first *File) (renamed bool, err error) {
	if d.options.AskRename == nil {
		return false, nil
	}
	for _, r := range append(d.columnRenames(cur), d.valueRenames(cur)...) {
		yes, known := d.answers[r]
		if !known {
			if yes, err = d.options.AskRename(r); err != nil {
				return false, err
			}
			d.answers[r] = yes
		}
		if !yes {
			continue
		}
		if r.Kind == "column" {
			d.options.former[r.Of+"."+r.To] = r.From
		}
		s := one(r.statement(), Rename{r.Kind, r.Of, r.To, r.From}.statement()).renaming(r.object(r.To), r.object(r.From))
		first.add(s)
		return true, d.run(ctx, s, false)
	}
	return false, nil
}

// object returns the column or the value with a name.
func (r Rename) object(name string) object { return object{r.Kind, public + "." + r.Of, name} }

func (r Rename) statement() string {
	if r.Kind == "value" {
		return fmt.Sprintf("ALTER TYPE %s RENAME VALUE %s TO %s", ident(r.Of), literal(r.From), literal(r.To))
	}
	return alter(ident(r.Of), "RENAME COLUMN "+ident(r.From)+" TO "+ident(r.To))
}

// columnRenames returns the missing columns with each new column of the same type.
func (d *differ) columnRenames(cur *catalog.Catalog) (list []Rename) {
	for i := range d.want.Tables {
		want := &d.want.Tables[i]
		table := cur.Table(want.Schema, want.Name)
		if table == nil {
			continue
		}
		for _, old := range table.Columns {
			for _, now := range want.Columns {
				if want.Column(old.Name) == nil && table.Column(now.Name) == nil && old.Type == now.Type {
					list = append(list, Rename{"column", want.Name, old.Name, now.Name})
				}
			}
		}
	}
	return list
}

// valueRenames returns the missing values of enums with the new value in the same place.
func (d *differ) valueRenames(cur *catalog.Catalog) (list []Rename) {
	for i := range d.want.Enums {
		want := &d.want.Enums[i]
		e := enumOf(cur, want.Schema, want.Name)
		if e == nil || len(e.Values) != len(want.Values) {
			continue
		}
		for n, old := range e.Values {
			if now := want.Values[n]; !slices.Contains(want.Values, old) && !slices.Contains(e.Values, now) {
				list = append(list, Rename{"value", want.Name, old, now})
			}
		}
	}
	return list
}
