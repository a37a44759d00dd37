package make

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// describeQuery returns the types of the columns of tables, in the order of the tables. A type may be based on others: the base type of a
// domain, and the element type of an array. The parameter of the text is the source of the tables.
const describeQuery = `
WITH RECURSIVE behind AS (
  SELECT n.name, a.attrelid, a.attnum, a.atttypid AS type, a.atttypmod AS modifier, 0::oid AS element, 0 AS arrays, false AS domain
  FROM %s
  JOIN pg_attribute a ON a.attrelid = n.relation AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.name, b.attrelid, b.attnum, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END, CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE b.modifier END,
         CASE t.typtype WHEN 'd' THEN b.element ELSE t.typelem END, b.arrays + (t.typtype <> 'd')::int, b.domain OR t.typtype = 'd'
  FROM behind b JOIN pg_type t ON t.oid = b.type
  WHERE t.typtype = 'd' OR t.typreceive = 'array_recv'::regproc AND t.typelem <> 0
)
SELECT b.name, a.attname, a.atttypid, b.element, format_type(a.atttypid, a.atttypmod),
       CASE b.element WHEN 0 THEN '' WHEN t.oid THEN format_type(t.oid, b.modifier) ELSE format_type(b.element, NULL) END,
       (a.atthasdef AND a.attgenerated = '') OR a.attidentity <> '', a.attgenerated <> '',
       CASE WHEN b.name <> '' AND t.typname IN ('int2', 'int4', 'int8') THEN pg_get_serial_sequence(b.attrelid::regclass::text, a.attname) END,
       t.typname, b.modifier, b.arrays, b.domain, coalesce(r.proname, ''), t.typrelid,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
FROM behind b
JOIN pg_attribute a ON a.attrelid = b.attrelid AND a.attnum = b.attnum
JOIN pg_type t ON t.oid = b.type
LEFT JOIN pg_proc r ON r.oid = t.typreceive
WHERE NOT (t.typtype = 'd' OR t.typreceive = 'array_recv'::regproc AND t.typelem <> 0)`

// described is the description of a column in the catalog.
type described struct {
	blueprint, name string
	oid, element    uint32
	castType        string
	elemType        string // of an array
	fills, computed bool
	sequence        pgtype.Text
	base            string // the type that is neither a domain nor an array
	modifier        int32  // of it
	arrays          int
	domain          bool
	receive         string // reads it in its binary format
	relation        uint32 // of a composite type
	labels          []string
}

// tableSource is the source of describeQuery for tables by their names in SQL. It calls each by its number, from 1.
const tableSource = "(SELECT at::text AS name, to_regclass(sql) AS relation FROM unnest($1::text[]) WITH ORDINALITY AS u (sql, at)) n"

// targets are the destinations of a row of describeQuery.
func (d *described) targets() []any {
	return []any{&d.blueprint, &d.name, &d.oid, &d.element, &d.castType, &d.elemType, &d.fills, &d.computed, &d.sequence,
		&d.base, &d.modifier, &d.arrays, &d.domain, &d.receive, &d.relation, &d.labels}
}

// describe reads the columns of all tables from the database.
func (p *Generation) describe(ctx context.Context, db querier) error {
	blueprints := map[string]*blueprint{}
	var list []string
	for _, t := range p.blueprints {
		list = append(list, t.quoted())
		blueprints[strconv.Itoa(len(list))] = t
	}
	found := map[*slot]bool{}
	there := map[*blueprint]bool{}
	rows, _ := db.Query(ctx, fmt.Sprintf(describeQuery, tableSource), list)
	var d described
	_, err := pgx.ForEachRow(rows, d.targets(), func() error {
		t := blueprints[d.blueprint]
		there[t] = true
		i, ok := t.index[d.name]
		if !ok {
			return nil
		}
		found[t.slots[i]] = true
		return t.slots[i].adoptDescription(t, &d)
	})
	if err != nil {
		return err
	}
	var missing error
	for _, t := range blueprints {
		for _, c := range t.slots {
			if !found[c] && c.carried == nil && (t.spec != nil || !there[t]) {
				missing = fault.New(fault.Conflict, "look at the tables", fmt.Sprintf("the database has no column %s.%s", t.typ.Table, c.name),
					"Are migrations pending? Run `krowoc migrate up`, then try again.")
			}
		}
	}
	if missing != nil {
		return missing
	}
	for _, t := range p.blueprints {
		for _, c := range t.slots {
			c.describeCarried()
		}
	}
	return p.describeComposites(ctx, db)
}

// describeCarried gives a column that is not in the database the type of the one whose values it has.
func (c *slot) describeCarried() {
	if c.carried == nil {
		return
	}
	c.carried.describeCarried()
	own := *c
	*c = *c.carried
	c.name, c.carried, c.via, c.read, c.computed, c.hint, c.elemHint = own.name, own.carried, own.via, false, true, nil, nil
}

// arrayBase stands for the base type of an array that the schema declares as a text.
const arrayBase = "array"

// textual are the receive functions whose input is the bytes of a text. Other types have their own binary format.
var textual = map[string]bool{"textrecv": true, "varcharrecv": true, "bpcharrecv": true, "citextrecv": true, "namerecv": true,
	"json_recv": true, "jsonb_recv": true, "bytearecv": true}

// adoptDescription updates a column of the schema with its description in the database. It rejects a column whose type in the database
// differs from the schema.
func (c *slot) adoptDescription(t *blueprint, d *described) error {
	c.castType, c.fills, c.computed, c.sequence = d.castType, d.fills, d.computed, d.sequence.String
	if isText := strings.HasSuffix(c.field.DataType, "]") && !c.field.Type.List; isText && d.arrays == 1 {
		d.arrays, d.base, d.labels = 0, arrayBase, nil // an array of several dimensions, of which the schema knows the text
	}
	if c.array != (d.arrays > 0) || d.arrays > 1 {
		return fault.New(fault.Conflict, "look at the tables", fmt.Sprintf("%s.%s is %s, which is not its type in the schema", t.typ.Table, c.name, c.castType), "Run `krowoc migrate diff`.")
	}
	c.adoptType(d)
	return nil
}

// adoptType adopts the type of a column.
func (c *slot) adoptType(d *described) {
	c.oid, c.elemOID, c.elemType, c.base, c.modifier, c.labels = d.oid, d.element, d.elemType, d.base, d.modifier, slices.Clone(d.labels)
	c.relation = d.relation
	k, known := kinds[d.base]
	switch {
	case len(d.labels) > 0 && c.kind == kindText: // an enum
		c.read = d.domain || c.field.Type.Enum == nil
	case c.longUnit() != "":
		c.kind, c.read = kindRaw, true
	case known && class(k) == class(c.kind) && (class(k) != kindJSONB || textual[d.receive]):
		c.kind, c.read = k, d.domain
	default:
		c.kind, c.read = kindRaw, true
	}
}

// longUnit returns the smallest unit of an interval type that drops minutes, such as month for interval year to month. Most guessed values
// would become 0.
func (c *slot) longUnit() string {
	words := strings.Fields(strings.TrimSuffix(c.castType, "[]"))
	if last := len(words) - 1; c.base == "interval" && slices.Contains([]string{"year", "month", "day", "hour"}, words[last]) {
		return words[last]
	}
	return ""
}

// sizes reads the sizes of a type from its modifier. The encoding depends on the type.
func (c *slot) sizes(modifier int32) {
	switch {
	case c.base == "name":
		c.most = mostName
	case modifier < 0:
	case c.base == "numeric": // numeric_typmod_precision, numeric_typmod_scale
		c.sized(int((modifier-4)>>16&0xffff), int((modifier-4)&0x7ff^1024)-1024)
	case c.base == "varchar" || c.base == "bpchar":
		c.most = int(modifier) - 4
	case c.base == "bit" || c.base == "varbit" || kinds[c.base] == kindVector || c.base == "halfvec":
		c.most = int(modifier)
	}
}

// class is equal for kinds with the same representation of values.
func class(k kind) kind {
	switch k {
	case kindInt2, kindInt4:
		return kindInt8
	case kindFloat4:
		return kindFloat8
	case kindDate:
		return kindTimestamp
	case kindText:
		return kindJSONB
	}
	return k
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// quoted returns the table's name in SQL.
func (t *blueprint) quoted() string {
	if t.outside {
		return t.typ.Table
	}
	return pg.QuoteIdent(t.typ.Table)
}
