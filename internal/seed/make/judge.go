package make

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
)

// Rows of a table with constraints that only Postgres can evaluate are candidates first. They are copied to a temporary table, where
// Postgres evaluates the constraints. Rejected ones are generated again, by further attempts.

// mostRounds is the maximum number of times that the rejected rows of a batch are generated again.
const mostRounds = 150

// The first batch is small, so that rows of a table that refers to itself can soon refer to earlier rows.
const (
	firstBatch = 16
	mostBatch  = 8192
)

// judge generates and inserts the rows of one table.
type judge struct {
	*blueprint
	tx       pgx.Tx
	slots    []int
	sql      string // returns the rejected candidates, and the number of the constraint
	failures []string
	uniques  int // the number of the first unique constraint
}

// copyJudged generates rows, lets Postgres evaluate them and inserts them. It calls sent with the number of further inserted rows.
func (t *blueprint) copyJudged(ctx context.Context, tx pgx.Tx, from, to int64, sent func(rows int64)) error {
	j := &judge{blueprint: t, tx: tx, slots: t.written()}
	if err := j.prepare(ctx); err != nil {
		return err
	}
	r := t.newSample()
	most := int64(mostBatch)
	if t.triggered() {
		most = triggeredBatch
	}
	for size := int64(firstBatch); from < to; from, size = from+size, min(2*size, most) {
		batch := make([]*candidate, 0, size)
		for number := from; number < min(from+size, to); number++ {
			batch = append(batch, &candidate{number: number})
		}
		if err := j.accept(ctx, r, batch); err != nil {
			return err
		}
		if err := j.insert(ctx, r, batch, sent); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "DROP TABLE pg_temp."+candidates)
	return err
}

// accept generates the rows of a batch until Postgres accepts them all. Without a specification, rows that cannot be unique are skipped.
func (j *judge) accept(ctx context.Context, r *sample, batch []*candidate) error {
	if _, err := j.tx.Exec(ctx, "TRUNCATE pg_temp."+candidates); err != nil {
		return err
	}
	byNumber := map[int64]*candidate{}
	for _, c := range batch {
		byNumber[c.number] = c
	}
	pending := batch
	for round := 0; round < mostRounds && len(pending) > 0; round++ {
		if err := j.send(ctx, j.attempt(r, pending)); err != nil {
			return err
		}
		rejected, err := j.rejected(ctx, byNumber)
		if err != nil {
			return err
		}
		pending = rejected
	}
	for _, c := range pending {
		c.skip = true
	}
	return j.miss(batch)
}

// attempt generates candidates and returns those that have a row.
func (j *judge) attempt(r *sample, list []*candidate) (made []*candidate) {
	for _, c := range list {
		if j.generate(r, c); !c.skip {
			made = append(made, c)
		}
	}
	return made
}

// miss counts the rows of a batch that are skipped, and fails if one of them must not be.
func (j *judge) miss(batch []*candidate) error {
	for _, c := range batch {
		if !c.skip {
			continue
		}
		j.missed++
		if repeats := j.mayMiss(c); repeats && j.spec.exact() {
			return j.onlySo(c.number, c.failure)
		} else if !repeats {
			return fault.New(fault.Invalid, "", fmt.Sprintf("row %d of %s cannot be generated: %s", c.number+1, j.typ.Table, c.failure),
				fmt.Sprintf("Under generate: %s, specify how %s generated, so that the database accepts it.", j.typ.Name, j.subject(c.failure)))
		}
	}
	return nil
}

// generate makes the next attempt for a row.
func (j *judge) generate(r *sample, c *candidate) {
	failure := j.makeFrom(r, c.number, c.attempt)
	if failure != "" {
		c.skip, c.failure = true, failure
		return
	}
	c.attempt = r.attempt + 1
	c.values = append(c.values[:0], r.values...)
	c.data = c.data[:0]
	for _, at := range j.slots {
		c.data = j.blueprint.slots[at].appendDatum(c.data, &r.values[at])
	}
}

// rejected returns the candidates that Postgres rejects, and deletes them from the temporary table.
func (j *judge) rejected(ctx context.Context, byNumber map[int64]*candidate) (list []*candidate, err error) {
	if j.sql == "" { // the table only has triggers
		return nil, nil
	}
	rows, _ := j.tx.Query(ctx, j.sql) // ForEachRow returns the error
	var number int64
	var constraint int
	seen := map[int64]bool{}
	var numbers []int64
	if _, err = pgx.ForEachRow(rows, []any{&number, &constraint}, func() error {
		c := byNumber[number]
		c.repeats = c.repeats || constraint >= j.uniques
		if !seen[number] {
			seen[number] = true
			c.failure = j.failures[constraint]
			list, numbers = append(list, c), append(numbers, number)
		}
		return nil
	}); err != nil || len(list) == 0 {
		return nil, err
	}
	for _, c := range list {
		j.forget(c.values)
		j.step(nil, c.attempt)
	}
	_, err = j.tx.Exec(ctx, "DELETE FROM pg_temp."+candidates+" WHERE "+candidateNumber+" = ANY ($1)", numbers)
	return list, err
}
