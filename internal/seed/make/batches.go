package make

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// batchRows is the number of rows per transaction if the tables are in use.
const batchRows = 50_000

// inBatches loads the tables. Tables that do not refer to each other are loaded at the same time.
func (l *loader) inBatches(ctx context.Context) error {
	for _, level := range l.levels() {
		group, ctx := errgroup.WithContext(ctx)
		limit := max(1, int(l.Pool.Config().MaxConns)-1)
		if l.triggered() { // a trigger may insert rows into any of the tables
			limit = 1
		}
		group.SetLimit(limit)
		for _, t := range level {
			group.Go(func() error { return l.batches(ctx, t) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) batches(ctx context.Context, t *blueprint) error {
	for at := t.done; at < t.count; at += batchRows {
		to := min(at+batchRows, t.count)
		err := l.inTx(ctx, func(tx pgx.Tx) error {
			if err := l.copy(ctx, tx, t, at, to, false); err != nil {
				return err
			}
			return l.finish(ctx, tx, t, to)
		})
		if err != nil {
			return cutShort(ctx, err, fmt.Sprintf("%d of %d rows are in %s", at, t.count, t.typ.Table))
		}
	}
	return nil
}

// cutShort returns the error for an interrupted load, with the number of loaded rows.
func cutShort(ctx context.Context, err error, message string) error {
	cause := pg.Fault("", err)
	f := &fault.Error{Code: fault.CodeOf(cause), Message: message + ": " + cause.Error(), Hint: "Run the same command again to continue from there.", Err: cause}
	if hint := fault.HintOf(cause); hint != "" && f.Code != fault.Unavailable { // running it again would fail again
		f.Hint = hint
	}
	if ctx.Err() != nil { // the driver only reports a closed connection
		f.Code, f.Message = fault.Canceled, message
	}
	return f
}

// levels groups the tables. A table refers only to tables of earlier groups.
func (l *loader) levels() [][]*blueprint {
	level := map[*blueprint]int{}
	var list [][]*blueprint
	for _, t := range l.order {
		n := 0
		for _, m := range t.makers {
			if of, ok := level[m.refersTo()]; ok && m.refersTo() != t {
				n = max(n, of+1)
			}
		}
		level[t] = n
		for len(list) <= n {
			list = append(list, nil)
		}
		list[n] = append(list[n], t)
	}
	return list
}
