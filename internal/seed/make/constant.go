package make

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
)

// readConstants lets Postgres parse every constant, so that constants of all types are possible.
func (t *blueprint) readConstants(ctx context.Context, tx pgx.Tx) error {
	if err := t.fillPools(ctx, tx); err != nil {
		return err
	}
	var list []*constant
	var of []*slot
	for _, m := range t.makers {
		if m.pick == nil && m.generator != nil {
			eachConstant(m.generator, t.slots[m.slots[0]], func(s *constant, c *slot) {
				if !s.null && s.d.s == "" && !s.d.raw {
					list, of = append(list, s), append(of, c)
				}
			})
		}
	}
	const most = 500 // expressions in one query
	for len(list) > 0 {
		n := min(most, len(list))
		if err := readOrBlame(ctx, tx, list[:n], of[:n]); err != nil {
			return err
		}
		list, of = list[n:], of[n:]
	}
	return nil
}

// readOrBlame parses constants. If Postgres rejects one, the error names it.
func readOrBlame(ctx context.Context, tx pgx.Tx, list []*constant, of []*slot) error {
	read := func(from, to int) error {
		return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return readSome(ctx, tx, list[from:to], of[from:to]) })
	}
	err := read(0, len(list))
	if !refusesValue(err) {
		return err
	}
	for i, c := range of {
		if one := read(i, i+1); refusesValue(one) {
			return fault.New(fault.Invalid, "", fmt.Sprintf("%s cannot be %q: %v", label(c.field), list[i].text, messageOf(one)), howTo(c.field))
		}
	}
	return err
}

// readSome parses several constants at once.
func readSome(ctx context.Context, db querier, list []*constant, of []*slot) error {
	exprs := make([]string, len(list))
	args := make([]any, 0, len(list)+1)
	args = append(args, pgx.QueryResultFormats{pgx.BinaryFormatCode})
	for i, s := range list {
		cast := of[i].castType
		if cast == "" { // part of a document
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

// elementOf returns the column for an element of a list.
func (c *slot) elementOf() *slot {
	one := *c
	one.array, one.oid, one.castType, one.hint = false, c.elemOID, c.elemType, c.elemHint
	return &one
}

// eachConstant visits the constants of a generator, each one with a column of its type.
func eachConstant(s generator, c *slot, visit func(*constant, *slot)) {
	switch s := s.(type) {
	case *constant:
		visit(s, c)
	case *choice:
		for _, v := range s.values {
			visit(v, c)
		}
	case many:
		eachConstant(s.of, c.elementOf(), visit)
	case switched:
		for _, branch := range s.when {
			eachConstant(branch, c, visit)
		}
		eachConstant(s.rest, c, visit)
	case sometimes:
		eachConstant(s.of, c, visit)
	case numbered:
		eachConstant(s.of, c, visit)
	case anyOf:
		for _, of := range s.list {
			eachConstant(of, c, visit)
		}
	case document:
		for i, part := range s.values {
			eachConstant(part, s.slots[i], visit)
		}
	}
}

// readTexts lets Postgres parse texts. It leaves out texts that violate a constraint of a domain, as long as others are valid.
func readTexts(ctx context.Context, tx pgx.Tx, c *slot, texts []string) ([]*constant, error) {
	list, err := readList(ctx, tx, c, texts)
	if !refusesValue(err) {
		return list, err
	}
	const mostAlone = 2000 // reading them one by one is slow
	for i, text := range texts[:min(len(texts), mostAlone)] {
		if i == poolSize && len(list) == 0 {
			break
		}
		one, refused := readList(ctx, tx, c, []string{text})
		if refused != nil && !refusesValue(refused) {
			return nil, refused
		}
		list = append(list, one...)
	}
	if len(list) == 0 {
		return nil, err
	}
	return list, nil
}

func readList(ctx context.Context, tx pgx.Tx, c *slot, texts []string) (list []*constant, err error) {
	seen := map[string]bool{}
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf("SELECT v::%s FROM unnest($1::text[]) WITH ORDINALITY AS u (v, n) ORDER BY n", c.castType),
			pgx.QueryResultFormats{pgx.BinaryFormatCode}, texts)
		if err != nil {
			return err
		}
		defer rows.Close()
		for i := 0; rows.Next(); i++ {
			raw := rows.RawValues()[0]
			if !seen[string(raw)] {
				seen[string(raw)] = true
				list = append(list, &constant{text: texts[i], d: c.decode(raw)})
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// refusesValue reports whether an error is caused by a value or its type, and not by the connection.
func refusesValue(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && slices.Contains([]string{"0A", "22", "23", "3F", "42"}, refused.Code[:2])
}

func messageOf(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Message
	}
	return err.Error()
}
