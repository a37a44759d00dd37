package make

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// candidate is a row that Postgres has not accepted yet.
type candidate struct {
	number  int64
	attempt int
	data    []byte  // in the binary format of COPY, without the number of columns
	values  []datum // of all columns
	failure string  // of the last attempt
	refusal error   // of the last attempt to insert it
	skip    bool    // no attempt succeeded
	repeats bool    // an attempt had the values of another row
}

// forget removes a rejected row from those that others must differ from.
func (t *blueprint) forget(values []datum) {
	for _, u := range t.uniques {
		if u.seen == nil {
			continue
		}
		if h, ok := u.hash(values, t.slots); ok {
			delete(u.seen, h)
		}
	}
}

// accepted returns the candidates that could be generated.
func accepted(batch []*candidate) (list []*candidate) {
	for _, c := range batch {
		if !c.skip {
			list = append(list, c)
		}
	}
	return list
}

// columns returns the written columns in SQL.
func (j *judge) columns() []string {
	list := make([]string, len(j.slots))
	for i, c := range j.slots {
		list[i] = pg.QuoteIdent(j.blueprint.slots[c].name)
	}
	return list
}

// send copies candidates to the temporary table.
func (j *judge) send(ctx context.Context, list []*candidate) error {
	return j.copyTo(ctx, "pg_temp."+candidates, candidateNumber+", ", len(j.slots)+1, list, func(b []byte, c *candidate) []byte {
		b = binary.BigEndian.AppendUint32(b, 8)
		return binary.BigEndian.AppendUint64(b, uint64(c.number)) //nolint:gosec // rows count from 0
	})
}

// insert copies the accepted rows to the table. Rows that a trigger refuses are generated again.
func (j *judge) insert(ctx context.Context, r *sample, batch []*candidate, sent func(rows int64)) error {
	if j.triggered() {
		return j.insertTriggered(ctx, r, batch, sent)
	}
	list := accepted(batch)
	before := j.came
	err := j.copyTo(ctx, j.quoted(), "", len(j.slots), list, func(b []byte, _ *candidate) []byte { return b })
	if err != nil {
		return err
	}
	j.came = before + int64(len(list))
	for _, c := range list {
		j.rows.made = append(j.rows.made, j.rows.pick(c.values))
	}
	sent(int64(len(list)))
	return nil
}

// copyTo copies rows with some columns before the written ones.
func (j *judge) copyTo(ctx context.Context, table, names string, columns int, list []*candidate, first func([]byte, *candidate) []byte) error {
	data := append([]byte(nil), signature...)
	for _, c := range list {
		data = binary.BigEndian.AppendUint16(data, uint16(columns)) //nolint:gosec // a table has at most 1600
		data = append(first(data, c), c.data...)
	}
	data = append(data, 0xff, 0xff)
	sql := fmt.Sprintf("COPY %s (%s%s) FROM STDIN (FORMAT binary)", table, names, strings.Join(j.columns(), ", "))
	_, err := j.tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(data), sql)
	return err
}
