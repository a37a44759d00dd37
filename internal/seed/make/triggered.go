package make

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// Rows of a table with triggers are inserted from the temporary table of the candidates. Postgres returns what became of them: a trigger may
// have changed or left out some. Those that a trigger refuses are generated again.

const (
	// mostRefusals is the maximum number of times that the rows that triggers refuse are generated again. If no row of a batch is accepted,
	// the maximum is lower.
	mostRefusals, mostVain = 20, 5
	// triggeredBatch is small, since a refused row is found by halving its batch.
	triggeredBatch = 1024
)

// insertTriggered inserts the accepted rows of a batch.
func (j *judge) insertTriggered(ctx context.Context, r *sample, batch []*candidate, sent func(rows int64)) error {
	pending := accepted(batch)
	for round := range mostRefusals {
		if round >= mostVain && len(pending) == len(batch) {
			break
		}
		refused, err := j.insertSome(ctx, pending)
		if err != nil {
			return err
		}
		sent(int64(len(pending) - len(refused)))
		if len(refused) == 0 {
			return nil
		}
		for _, c := range refused {
			j.forget(c.values)
			j.step(nil, c.attempt)
		}
		if err := j.accept(ctx, r, refused); err != nil {
			return err
		}
		pending = accepted(refused)
	}
	for _, c := range pending {
		if j.spec.exact() || !j.isTaken(c.refusal) {
			return j.blameRefusal(c)
		}
	}
	j.missed += int64(len(pending)) // a trigger has inserted the rows that they would be
	return nil
}

// isTaken reports whether the table already has a row with values that must be unique.
func (j *judge) isTaken(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "23505" && refused.TableName == j.typ.Table
}

// blameRefusal names the row that was refused in all attempts, and the trigger, if it was one.
func (j *judge) blameRefusal(c *candidate) error {
	if g := j.triggerOf(c.refusal); g != nil {
		return j.refusedBy(g, fmt.Sprintf("row %d of", c.number+1), c.refusal)
	}
	err := j.blame(c.refusal)
	var refused *fault.Error
	if errors.As(err, &refused) { // the trigger may have made the value that Postgres refuses
		refused.Hint += fmt.Sprintf(" It has the triggers %s. --generate %s=0 leaves the table out.", strings.Join(j.triggerNames(), ", "), j.typ.Name)
	}
	return err
}

// insertSome inserts rows and returns those that Postgres refuses. It halves the rows until it has found them.
func (j *judge) insertSome(ctx context.Context, list []*candidate) (refused []*candidate, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	var made [][]datum
	err = pg.InTx(ctx, j.tx, func(tx pgx.Tx) (err error) {
		made, err = j.insertFrom(ctx, tx, list)
		return err
	})
	switch {
	case err == nil:
		j.came += int64(len(made))
		j.missed += int64(len(list) - len(made))
		j.rows.made = append(j.rows.made, made...)
		return nil, nil
	case !pg.IsAboutRow(err):
		if g := j.triggerOf(err); g != nil {
			err = j.refusedBy(g, "the rows of", err)
		}
		return nil, err
	case len(list) == 1:
		list[0].refusal = err
		return list, nil
	}
	for _, half := range [][]*candidate{list[:len(list)/2], list[len(list)/2:]} {
		rest, err := j.insertSome(ctx, half)
		if err != nil {
			return nil, err
		}
		refused = append(refused, rest...)
	}
	return refused, nil
}

// insertFrom inserts candidates, and returns the columns of the inserted rows that others use.
func (j *judge) insertFrom(ctx context.Context, tx pgx.Tx, list []*candidate) (made [][]datum, err error) {
	numbers := make([]int64, len(list))
	for i, c := range list {
		numbers[i] = c.number
	}
	returned := "NULL"
	if len(j.rows.slots) > 0 {
		returned = j.rows.names()
	}
	columns := strings.Join(j.columns(), ", ")
	rows, err := tx.Query(ctx, fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM pg_temp.%s WHERE %s = ANY ($1) ORDER BY %s RETURNING %s",
		j.quoted(), columns, columns, candidates, candidateNumber, candidateNumber, returned), pgx.QueryResultFormats{pgx.BinaryFormatCode}, numbers)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		row := make([]datum, len(j.rows.slots))
		for i, c := range j.rows.slots {
			row[i] = j.blueprint.slots[c].decode(rows.RawValues()[i])
		}
		made = append(made, row)
	}
	return made, rows.Err()
}
