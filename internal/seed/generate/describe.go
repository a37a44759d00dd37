package generate

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// describeQuery says of the columns of some tables what their types are, in the order of the tables.
const describeQuery = `
SELECT n.name, a.attname, a.atttypid, coalesce(t.typelem, 0), coalesce(e.typname, b.typname, t.typname),
       format_type(a.atttypid, a.atttypmod), (a.atthasdef AND a.attgenerated = '') OR a.attidentity <> '', a.attgenerated <> '',
       CASE WHEN t.typname IN ('int2', 'int4', 'int8') THEN pg_get_serial_sequence(quote_ident(n.name), a.attname) END
FROM unnest($1::text[]) AS n (name)
JOIN pg_attribute a ON a.attrelid = to_regclass(quote_ident(n.name)) AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
LEFT JOIN pg_type b ON b.oid = t.typbasetype`

// describe asks the database about the columns of all tables.
func (p *Plan) describe(ctx context.Context, db querier) error {
	tables := map[string]*table{}
	var list []string
	for _, t := range p.tables {
		tables[t.typ.Table] = t
		list = append(list, t.typ.Table)
	}
	found := map[*column]bool{}
	there := map[*table]bool{}
	var extra error
	rows, _ := db.Query(ctx, describeQuery, list)
	var table, name, typeName, castType string
	var oid, elem uint32
	var fills, computed bool
	var sequence pgtype.Text
	_, err := pgx.ForEachRow(rows, []any{&table, &name, &oid, &elem, &typeName, &castType, &fills, &computed, &sequence}, func() error {
		t := tables[table]
		there[t] = true
		i, ok := t.index[name]
		if !ok {
			return nil
		}
		c := t.columns[i]
		found[c] = true
		c.oid, c.elemOID, c.castType, c.fills, c.computed, c.sequence = oid, elem, castType, fills, computed, sequence.String
		return c.settle(t, typeName, strings.HasSuffix(castType, "[]"))
	})
	if err != nil {
		return err
	}
	for _, t := range tables {
		for _, c := range t.columns {
			if !found[c] && (t.spec != nil || !there[t]) {
				extra = fault.New(fault.Conflict, "look at the tables", fmt.Sprintf("the database has no column %s.%s", t.typ.Table, c.name),
					"Are migrations pending? Run `krowoc migrate up`, then try again.")
			}
		}
	}
	return extra
}

// settle brings what the schema says of a column in line with what the database has.
func (c *column) settle(t *table, typeName string, array bool) error {
	k, known := kinds[typeName]
	switch {
	case array != c.array:
		return fault.New(fault.Conflict, "look at the tables", fmt.Sprintf("%s.%s is %s, which the schema does not say", t.typ.Table, c.name, c.castType), "Run `krowoc migrate diff`.")
	case known && class(k) == class(c.kind):
		c.kind = k
	case c.kind == kindText && !known: // an enum, or a type that is not known here and may take the bytes of a text
	case c.kind == kindRaw:
	default:
		c.kind = kindRaw
	}
	return nil
}

// class is equal for the kinds that hold their values alike.
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

// readConstants has Postgres read every constant, so that whatever type a column has, the value is as it takes it.
func (t *table) readConstants(ctx context.Context, db querier) error {
	var list []*constant
	var of []*column
	for _, m := range t.makers {
		if m.pick == nil && m.source != nil {
			eachConstant(m.source, t.columns[m.columns[0]], func(s *constant, c *column) {
				if !s.null && s.d.s == "" {
					list, of = append(list, s), append(of, c)
				}
			})
		}
	}
	const most = 500 // expressions in one query
	for len(list) > 0 {
		n := min(most, len(list))
		if err := readSome(ctx, db, list[:n], of[:n]); err != nil {
			return err
		}
		list, of = list[n:], of[n:]
	}
	return nil
}

func readSome(ctx context.Context, db querier, list []*constant, of []*column) error {
	exprs := make([]string, len(list))
	args := make([]any, 0, len(list)+1)
	args = append(args, pgx.QueryResultFormats{pgx.BinaryFormatCode})
	for i, s := range list {
		cast := of[i].castType
		if cast == "" { // of a document
			cast = map[kind]string{kindText: "text", kindJSONB: "jsonb", kindNumeric: "numeric", kindFloat8: "float8", kindInt8: "int8", kindInt4: "int4", kindBool: "bool"}[of[i].kind]
		}
		exprs[i] = fmt.Sprintf("$%d::text::%s", i+1, cast)
		args = append(args, s.text)
	}
	rows, err := db.Query(ctx, "SELECT "+strings.Join(exprs, ", "), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		for i, raw := range rows.RawValues() {
			list[i].d = of[i].decode(raw)
			if list[i].d.s == "" {
				list[i].d.s = list[i].text
			}
		}
	}
	return rows.Err()
}

// eachConstant visits the constants of a source, each with a column of its type.
func eachConstant(s source, c *column, visit func(*constant, *column)) {
	switch s := s.(type) {
	case *constant:
		visit(s, c)
	case *choice:
		for _, v := range s.values {
			visit(v, c)
		}
	case many:
		one := *c
		one.array, one.oid, one.castType = false, c.elemOID, strings.TrimSuffix(c.castType, "[]")
		eachConstant(s.of, &one, visit)
	case switched:
		for _, branch := range s.when {
			eachConstant(branch, c, visit)
		}
		eachConstant(s.rest, c, visit)
	case sometimes:
		eachConstant(s.of, c, visit)
	case numbered:
		eachConstant(s.of, c, visit)
	case document:
		for i, part := range s.values {
			eachConstant(part, s.columns[i], visit)
		}
	}
}

// decode reads a value in Postgres's binary format. What it does not know it keeps as it is.
func (c *column) decode(raw []byte) datum {
	switch {
	case raw == nil:
		return null
	case c.array:
		return datum{raw: true, s: string(raw)}
	}
	be := binary.BigEndian
	switch c.kind {
	case kindInt2:
		return datum{i: int64(int16(be.Uint16(raw)))} //nolint:gosec // two's complement
	case kindInt4:
		return datum{i: int64(int32(be.Uint32(raw)))} //nolint:gosec // the same
	case kindInt8, kindTimestamp:
		return datum{i: int64(be.Uint64(raw))} //nolint:gosec // the same
	case kindDate:
		return datum{i: int64(int32(be.Uint32(raw))) * microsPerDay} //nolint:gosec // the same
	case kindFloat4:
		return datum{f: float64(math.Float32frombits(be.Uint32(raw)))}
	case kindFloat8:
		return datum{f: math.Float64frombits(be.Uint64(raw))}
	case kindBool:
		return datum{i: int64(raw[0])}
	case kindUUID:
		return datum{id: [16]byte(raw)}
	case kindJSONB:
		return datum{s: string(raw[1:])}
	case kindNumeric:
		return c.decodeNumeric(raw)
	case kindInterval:
		months, days := int32(be.Uint32(raw[12:])), int32(be.Uint32(raw[8:]))                                           //nolint:gosec // two's complement
		return datum{raw: true, s: string(raw), i: int64(be.Uint64(raw)) + (int64(days)+30*int64(months))*microsPerDay} //nolint:gosec // the same
	case kindVector:
		return datum{raw: true, s: string(raw)}
	case kindText, kindRaw:
	}
	return datum{s: string(raw)}
}

// decodeNumeric reads numeric_send. What the scale does not hold is kept as it is, for copies.
func (c *column) decodeNumeric(raw []byte) datum {
	var n pgtype.Numeric
	if err := (pgtype.NumericCodec{}).PlanScan(nil, pgtype.NumericOID, pgtype.BinaryFormatCode, &n).Scan(raw, &n); err != nil {
		return datum{raw: true, s: string(raw)}
	}
	f, err := n.Float64Value()
	if err != nil {
		return datum{raw: true, s: string(raw)}
	}
	return datum{raw: true, s: string(raw), i: int64(math.Round(f.Float64 * pow10[c.scale]))}
}

// quoted is the table's name in SQL.
func (t *table) quoted() string { return pg.QuoteIdent(t.typ.Table) }
