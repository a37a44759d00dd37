package make

import (
	"context"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// Judged returns the tables of a schema whose rows Postgres evaluates before they are inserted.
func Judged(ctx context.Context, db querier, s *schema.Schema) (tables []string, err error) {
	r := Reader{Schema: s}
	if err := r.ReadConstraints(ctx, db, sqltext.NewParser(""), s.Tables); err != nil {
		return nil, err
	}
	var specs []*Spec
	for _, typ := range s.Tables {
		specs = append(specs, Guess(typ, 10))
	}
	for _, t := range r.Generation(specs, 0).order {
		if t.judged() {
			tables = append(tables, t.typ.Table)
		}
	}
	return tables, nil
}
