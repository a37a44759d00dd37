package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// Event is a product event that a step of a mutation causes (@track).
type Event struct {
	Name string
	// Properties returns one row with a JSON object, or no row if the step writes none. It takes the key that Write returns. It runs as the
	// service, after Write; before it if the step Deletes.
	Properties Statement
}

// countProperty is the property of an event that stands for many rows.
const countProperty = "count"

// eventsWhen plans the events of a step that writes one row. When returns a condition under which there are any; nil stands for always.
func (b *builder) eventsWhen(m mutation, f selected, when func() string) (list []Event, err error) {
	for _, track := range m.object.typ.TrackedBy(m.operation) {
		e := Event{Name: track.Event}
		e.Properties, err = b.statement(func() (string, error) {
			alias := b.alias()
			var where []string
			for i, k := range m.object.key {
				value, err := b.keyToRead(m.object, f, i, m.operation == schema.Delete)
				if err != nil {
					return "", err
				}
				where = append(where, alias+"."+ident(k.column)+" = "+value)
			}
			if when != nil {
				where = append(where, when())
			}
			return fmt.Sprintf("SELECT %s FROM %s %s WHERE %s", propertiesSQL(track, alias), ident(m.object.typ.Table), alias, join(where, " AND ")), nil
		})
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// propertiesSQL returns SQL for the properties of an event about a row.
func propertiesSQL(track schema.Track, alias string) string {
	var members []string
	for _, f := range track.Fields {
		members = append(members, pg.QuoteLiteral(f.Name)+", "+alias+"."+ident(f.Columns()[0]))
	}
	return "jsonb_build_object(" + join(members, ", ") + ")"
}

// countEvents plans the events of a step that writes many rows: one each, whatever their number, which is a value that Write returns.
func (b *builder) countEvents(m mutation, index int) (list []Event, err error) {
	for _, track := range m.object.typ.TrackedBy(m.operation) {
		e := Event{Name: track.Event}
		e.Properties, err = b.statement(func() (string, error) {
			count := b.param(Param{Kind: RowKey, index: index})
			return fmt.Sprintf("SELECT jsonb_build_object('%s', %s::text::bigint) WHERE %[2]s::text <> '0'", countProperty, count), nil
		})
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}
