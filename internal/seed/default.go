package seed

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"

	"github.com/krowoc/krowoc/internal/seed/node"
)

// fallback determines the value of a column that a row leaves out and that has no default in the database.
type fallback struct {
	kind   fallbackKind
	text   string // of a constant
	remedy string // for a required column
}

type fallbackKind uint8

const (
	none     fallbackKind = iota // it is null, or the database fills it
	required                     // the row must give it
	constant                     // @default(value:)
	now                          // the time of the load
	newUUID                      // a UUID derived from the row
)

func fallbackOf(f *schema.Field) fallback {
	must := fallback{kind: required, remedy: "add " + f.Name + ": " + example(f)}
	if !f.Type.NonNull || f.Generated != nil { // the database generates the latter
		must = fallback{}
	}
	switch d := f.Default; {
	case d == nil:
		return must
	case d.SQL != "":
		return fallback{}
	case d.Expr == nil:
		return constantOf(f, d.Value)
	case strings.TrimSpace(d.Expr.Source) == "request.time":
		return fallback{kind: now}
	case strings.TrimSpace(d.Expr.Source) == "uuidV7()":
		return fallback{kind: newUUID}
	default:
		must.remedy += "; its default, " + d.Expr.Source + ", is not available here because no user is signed in"
		return must
	}
}

// constantOf converts the value of a @default like a value in a fixture.
func constantOf(f *schema.Field, v any) fallback {
	var n yaml.Node
	if err := n.Encode(v); err != nil || node.IsNull(&n) {
		return fallback{}
	}
	text, p := newField(f, nil).text(&n)
	if p != nil {
		return fallback{} // the schema was checked, so only the database can convert the value
	}
	return fallback{kind: constant, text: text}
}

// example returns an example of a value of the field.
func example(f *schema.Field) string {
	if f.Relation != nil {
		return "$" + f.Relation.Target.Table + ".row"
	}
	text := "…"
	if f.Type.Enum != nil && len(f.Type.Enum.Values) > 0 {
		text = f.Type.Enum.Values[0].Name
	}
	if f.Type.List {
		return "[" + text + "]"
	}
	return text
}

// namespace distinguishes our name-based UUIDs from those of others.
var namespace = uuid.MustParse("6b726f77-6f63-5eed-8000-000000000000")

// stableID returns the permanent UUID (RFC 9562, version 5) of a row. parts are its table and its name, or other values that identify it.
func stableID(parts ...string) string {
	return uuid.NewSHA1(namespace, []byte(strings.Join(parts, "/"))).String()
}

// fill sets the defaults that the database does not have. They apply only to a new row.
func (r *row) fill(at time.Time) {
	for c := range r.values {
		column := &r.table.columns[c]
		if r.values[c].state != absent || column.db.hasDefault || column.db.generated {
			continue
		}
		v := value{state: insertOnly, text: column.fallback.text}
		switch column.fallback.kind {
		case none, required:
			continue
		case now:
			v.text = at.UTC().Format(time.RFC3339Nano)
		case newUUID:
			v.text = stableID(r.table.Table, r.name, r.text(r.match), column.name)
		}
		r.values[c] = v
	}
}
