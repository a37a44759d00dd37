package lint

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/krowoc/krowoc/internal/pg/cast"
	"github.com/krowoc/krowoc/internal/schema"
)

// walk calls visit for every node of a tree.
func walk(n *pg.Node, visit func(*pg.Node)) {
	if n == nil {
		return
	}
	walkMessage(n.ProtoReflect(), visit)
}

func walkMessage(m protoreflect.Message, visit func(*pg.Node)) {
	if n, ok := m.Interface().(*pg.Node); ok {
		visit(n)
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				walkMessage(v.List().Get(i).Message(), visit)
			}
		default:
			walkMessage(v.Message(), visit)
		}
		return true
	})
}

// volatile reports whether a default can differ from row to row.
func (p *pass) volatile(def *pg.Node) bool {
	found := false
	walk(def, func(n *pg.Node) {
		if f := n.GetFuncCall(); f != nil && p.volatileFunction(names(f.Funcname)) {
			found = true
		}
	})
	return found
}

func (p *pass) volatileFunction(name []string) bool {
	for k, object := range p.model.objects {
		if f, ok := object.(*function); ok && strings.HasPrefix(k.name, qualified(name...)+"(") {
			return f.volatile
		}
	}
	last := name[len(name)-1]
	return !slices.Contains(stableFunctions, last)
}

// stableFunctions are Postgres functions that are common in defaults and not volatile (pg_proc.provolatile).
var stableFunctions = strings.Fields(`
	now transaction_timestamp statement_timestamp current_setting current_schema current_database current_user session_user
	timezone date_trunc date_part make_date make_time make_timestamp make_timestamptz make_interval to_timestamp to_date to_char
	lower upper md5 sha256 encode decode convert_to convert_from concat concat_ws format length char_length replace trim btrim
	ltrim rtrim lpad rpad left right repeat reverse substring split_part abs ceil ceiling floor round trunc power sqrt
	array_append array_cat array_fill array_length array_position array_prepend array_remove array_to_string string_to_array
	cardinality json_build_array json_build_object jsonb_build_array jsonb_build_object to_json to_jsonb row_to_json
	jsonb_set to_tsvector to_tsquery hashtext uuid_nil txid_current pg_current_xact_id num_nulls num_nonnulls int4range int8range
	numrange tsrange tstzrange daterange point box lseg circle numeric text varchar interval`)

// changeType checks ALTER COLUMN … TYPE.
func (p *pass) changeType(s *statement, t target, cmd *pg.AlterTableCmd) {
	d := cmd.Def.GetColumnDef()
	old := t.table.column(cmd.Name)
	to := column{name: cmd.Name}
	to.setType(d.GetTypeName())
	using := d.GetRawDefault()
	if old != nil && keepsRows(old, &to) && (using == nil || columnRef(using) == cmd.Name) {
		return
	}
	if old != nil && isCastOf(using, cmd.Name) {
		p.lossyCast(s, t, d, old, &to)
	}
	from := "the current one"
	if old != nil {
		from = old.typ
	}
	next := ident(cmd.Name + "_next")
	p.report(s, "change-type", detail{offset: int(d.GetLocation()), lock: accessExclusive, tables: []string{t.name}, effect: Rewrite,
		message: fmt.Sprintf("changing the type from %s to %s rewrites all rows of %s and its indexes and blocks reads and writes until it is done", from, to.typ, t.short()),
		safe: fmt.Sprintf(`ALTER TABLE %[1]s ADD COLUMN %[2]s %[3]s;
-- fill it with a trigger, and existing rows in batches; release code that uses it; in a later file
ALTER TABLE %[1]s DROP COLUMN %[4]s;
ALTER TABLE %[1]s RENAME COLUMN %[2]s TO %[4]s;`, t.sql(), next, to.typ, ident(cmd.Name))})
}

// isCastOf reports whether USING does no more than a cast of the column, perhaps in another time zone. A person who writes more has
// thought about the values.
func isCastOf(using *pg.Node, column string) bool {
	for using.GetTypeCast() != nil {
		using = using.GetTypeCast().Arg
	}
	if call := using.GetFuncCall(); call != nil && len(call.Args) == 2 && call.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX {
		using = call.Args[1] // x AT TIME ZONE 'UTC'
	}
	return using == nil || columnRef(using) == column
}

// lossyCast reports a type that cannot hold the values of the one before.
func (p *pass) lossyCast(s *statement, t target, d *pg.ColumnDef, old, to *column) {
	if loss := cast.Loss(old.typ, to.typ); loss != "" {
		p.report(s, "lossy-cast", detail{offset: int(d.GetLocation()), tables: []string{t.name}, effect: Rewrite,
			message: fmt.Sprintf("changing the type of %s from %s to %s loses %s, and the down section cannot bring it back", to.name, old.typ, to.typ, loss),
			safe:    fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s; -- fill it, and drop the old column when nobody needs its values any more", t.sql(), ident(to.name+"_next"), to.typ)})
	}
}

// keepsRows reports whether Postgres changes a column's type without touching its rows: the values are stored identically
// and all are valid for the new type (ATColumnChangeRequiresRewrite in src/backend/commands/tablecmds.c).
func keepsRows(from, to *column) bool {
	base := func(c *column) string {
		name, _, _ := strings.Cut(strings.TrimSuffix(c.typ, "[]"), "(")
		if plain, serial := schema.Serial(name); serial {
			return plain
		}
		return name
	}
	a, b := base(from), base(to)
	if from.arrayBound != to.arrayBound || (from.arrayBound && a != b) {
		return false
	}
	wider := func(i int) bool { return len(from.typmods) > i && to.typmods[i] >= from.typmods[i] }
	switch {
	case b == "text":
		return a == "text" || a == "varchar" || a == "citext"
	case b == "varchar" && (a == "varchar" || a == "text"):
		return len(to.typmods) == 0 || (a == "varchar" && wider(0))
	case a == "cidr" && b == "inet":
		return true
	case a != b:
		return false
	case a == "numeric":
		return len(to.typmods) == 0 || (len(from.typmods) > 0 && wider(0) && slices.Equal(scale(from), scale(to)))
	case a == "timestamp" || a == "timestamptz" || a == "time" || a == "time with time zone" || a == "varbit":
		return len(to.typmods) == 0 || wider(0)
	}
	return slices.Equal(from.typmods, to.typmods)
}

// scale returns the digits after the point of a numeric.
func scale(c *column) []int {
	if len(c.typmods) > 1 && c.typmods[1] != 0 {
		return c.typmods[1:]
	}
	return nil
}
