package make

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// otherParents rejects a continuation if the parents have changed, since the assignment of children to parents is no longer known.
func (t *blueprint) otherParents(m *maker) error {
	if t.count = t.done; t.done >= t.before.Total {
		return nil // all rows exist
	}
	return fault.New(fault.Conflict, "", fmt.Sprintf("%s: %d of %d rows of %s are loaded, but the rows of %s have changed since the load began",
		t.spec.Place, t.done, t.before.Total, t.typ.Table, m.field.Relation.Target.Table), "Run `krowoc seed --reset` to empty the tables and regenerate all rows.")
}

// fingerprint returns a hash of the existing rows.
func (u *universe) fingerprint() string {
	h := fnv.New128a()
	var b []byte
	for _, sample := range u.there {
		b = b[:0]
		for i, c := range u.slots {
			b = u.blueprint.slots[c].appendDatum(b, &sample[i])
		}
		_, _ = h.Write(b) // never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}

// remakes reports whether rows of earlier runs can be regenerated and recognized by their IDs.
func (u *universe) remakes() bool {
	t := u.blueprint
	if t.done == 0 || len(t.typ.Key) != 1 || t.judged() {
		return false
	}
	key := t.makerOf(t.typ.Key[0])
	if key < 0 {
		return false
	}
	if _, own := t.makers[key].generator.(ids); !own {
		return false
	}
	u.need(t.makers[key].slots[0])
	tries := len(t.checks) > 0 || len(t.uniques) > 0
	for _, c := range u.slots {
		for i := range t.needs(c) {
			if tries && !t.makers[i].steady {
				return false
			}
			if t.makers[i].pick != nil || t.slots[t.makers[i].slots[0]].kind.isTime() { // it depends on the rows that existed then, or on the time
				return false
			}
		}
	}
	return true
}

// isMade reports whether an ID belongs to a row that an earlier run has generated.
func (s ids) isMade(id [16]byte, done int64) bool {
	number := int64(binary.BigEndian.Uint64(id[:8])>>16) - idEpoch //nolint:gosec // 48 bits
	return number >= 0 && number < done && rowID(s.salt, number) == id
}

// read reads the existing rows to which others may refer. If there are too many, it reads a sample.
func (u *universe) read(ctx context.Context, tx pgx.Tx) error {
	if len(u.slots) == 0 {
		return nil
	}
	t := u.blueprint
	made := func([]datum) bool { return false }
	limit := fmt.Sprint(" LIMIT ", keptRows)
	if u.again = u.remakes(); u.again {
		key := t.makers[t.makerOf(t.typ.Key[0])]
		generator, at := key.generator.(ids), u.position(key.slots[0])
		made, limit = func(sample []datum) bool { return generator.isMade(sample[at].id, t.done) }, ""
	}
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s ORDER BY %s%s", u.names(), t.quoted(), t.keyOrder(), limit), pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return err
	}
	defer rows.Close()
	for len(u.there) < keptRows && rows.Next() {
		sample := make([]datum, len(u.slots))
		for i, raw := range rows.RawValues() {
			sample[i] = t.slots[u.slots[i]].decode(raw)
		}
		keyless := t.outside && slices.ContainsFunc(sample, func(d datum) bool { return d.null })
		if !made(sample) && !keyless {
			u.there = append(u.there, sample)
		}
	}
	u.existing = int64(len(u.there))
	rows.Close()
	return rows.Err()
}

// names returns the columns as SQL.
func (u *universe) names() string {
	names := make([]string, len(u.slots))
	for i, c := range u.slots {
		names[i] = u.blueprint.slots[c].sql(u.blueprint.quoted())
	}
	return strings.Join(names, ", ")
}

// sql returns the column of a table in SQL. The values of a column that is not in the database are in the row that a reference leads to.
func (c *slot) sql(table string) string {
	if c.carried == nil {
		return table + "." + pg.QuoteIdent(c.name)
	}
	other := "krowoc_" + strconv.Itoa(strings.Count(c.name, "."))
	var same []string
	for i, name := range c.via.Relation.Columns {
		same = append(same, other+"."+pg.QuoteIdent(c.via.Relation.ReferencedColumns()[i])+" = "+table+"."+pg.QuoteIdent(name))
	}
	return fmt.Sprintf("(SELECT %s FROM %s AS %s WHERE %s)", c.carried.sql(other), pg.QuoteIdent(c.via.Relation.Target.Table), other, strings.Join(same, " AND "))
}

// keyOrder returns the ORDER BY of the key. Texts are ordered by their bytes, which is the same on every machine.
func (t *blueprint) keyOrder() string {
	var keys []string
	for _, f := range t.typ.Key {
		for _, c := range t.slotsOf(f) {
			name := pg.QuoteIdent(t.slots[c].name)
			if len(t.slotsOf(f)) == 1 && t.slots[c].isText() {
				name += ` COLLATE "C"`
			}
			keys = append(keys, name)
		}
	}
	return strings.Join(keys, ", ")
}
