package exec

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/graph"
)

// nestedFailure is the failure of a row within the data of a step.
type nestedFailure struct {
	error
	index int // of the nested step
}

// Unwrap returns the failure, at the place of the row.
func (f *nestedFailure) Unwrap() error { return f.error }

// Where writeAll stops.
const (
	afterAll   = -1
	beforeRoot = -2
)

// writeAll writes the row of a step and those within its data, up to a nested step. It returns the key of the row, and what all steps have returned.
func (p *pipeline) writeAll(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation, until int) (key, values []string, err error) {
	for i := range len(s.Nested) + 1 {
		if i == s.Root {
			if until == beforeRoot {
				return nil, values, nil
			}
			if key, err = p.writeRow(ctx, tx, s, op, values); err != nil {
				return nil, nil, err
			}
			values = append(values, key...)
		}
		if i == len(s.Nested) || i == until {
			break
		}
		row, err := p.writeRow(ctx, tx, s.Nested[i], op, values)
		if err != nil {
			return nil, nil, &nestedFailure{s.Nested[i].Location.Wrap(err), i}
		}
		values = append(values, row...)
	}
	return key, values, nil
}

// settleNested applies the rules to the rows within the data of a step, and stores their events.
func (p *pipeline) settleNested(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation, values []string) error {
	for i, n := range s.Nested {
		own := n.Key(values)
		_, allowed, err := p.change(ctx, tx, n.After, op, own)
		if err == nil && !allowed {
			err = n.Refused()
		}
		if err == nil {
			err = p.store(ctx, tx, n, op, own)
		}
		if err != nil {
			return &nestedFailure{n.Location.Wrap(err), i}
		}
	}
	return nil
}

// failedRow returns the step of the row that a failure is about, and where writeAll stops before it.
func failedRow(s graph.Step, failure error) (row graph.Step, until int) {
	var nested *nestedFailure
	if errors.As(failure, &nested) {
		return s.Nested[nested.index], nested.index
	}
	return s, beforeRoot
}

// writeRow writes one row, and returns its key. The values are those that the steps before have returned.
func (p *pipeline) writeRow(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation, values []string) ([]string, error) {
	key, allowed, err := p.change(ctx, tx, s.Write, op, slices.Clone(values))
	if err == nil && key != nil && s.Counted {
		key = p.count(ctx, s, key, op)
	}
	switch {
	case byPolicy(err):
		return nil, s.Refused()
	case err != nil:
		return nil, err
	case key == nil:
		return nil, p.absent(ctx, tx, s, op, values)
	case !allowed:
		return nil, s.Refused()
	}
	return key, nil
}
