package verify

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/hint"
)

// newSolver reads which values the columns of a table can have, in a transaction that is rolled back.
func (v *verifier) newSolver(ctx context.Context, tx pgx.Tx, c *catalog.Catalog, t *catalog.Table) (*solver, error) {
	if _, err := tx.Exec(ctx, evaluator); err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(quoted(t)))
	s := &solver{tx: tx, t: t, pools: map[string][]choice{}, random: rand.New(rand.NewPCG(h.Sum64(), 1))}
	s.demands = append(demandsOf(c, t), v.future.demandsOn(t, v.applied)...)
	s.demands = slices.DeleteFunc(s.demands, func(d demand) bool { // a later table has no rows yet
		return len(d.targets) > 0 && c.Table(d.target.schema, d.target.name) == nil
	})
	if err := s.propose(ctx, c, v.hints(c, t, s.demands)); err != nil {
		return nil, err
	}
	return s, s.narrow(ctx)
}

// hints returns what conditions and domains say about the values of each column. It parses what it can together, which is much faster.
func (v *verifier) hints(c *catalog.Catalog, t *catalog.Table, demands []demand) map[string]*hint.Hint {
	merged := map[string]*hint.Hint{}
	for _, column := range t.Columns {
		merged[column.Name] = &hint.Hint{}
	}
	merge := func(column string, h *hint.Hint) {
		if h != nil && merged[column] != nil {
			merged[column] = merged[column].With(h)
		}
	}
	var together []string
	var renamed []demand
	for _, d := range demands {
		switch {
		case d.condition == "" || d.isOfType:
		case slices.ContainsFunc(d.columns, func(of demanded) bool { return of.name != of.current }):
			renamed = append(renamed, d)
		default:
			together = append(together, d.condition)
		}
	}
	for column, h := range hint.Read(v.Parser, together) {
		merge(column, h)
	}
	for _, d := range renamed {
		read := hint.Read(v.Parser, []string{d.condition})
		for _, of := range d.columns {
			merge(of.current, read[of.name])
		}
	}
	for _, column := range t.Columns {
		if checks := domainChecks(c, column.Type); len(checks) > 0 {
			merge(column.Name, hint.Read(v.Parser, checks)["value"])
		}
	}
	return merged
}

// domainChecks returns the conditions of a domain and of those below it.
func domainChecks(c *catalog.Catalog, kind string) (list []string) {
	for _, o := range c.Others {
		if o.Kind != "domain" || o.Name != kind {
			continue
		}
		parts := strings.Split(o.Definition, "CHECK ")
		for _, part := range parts[1:] {
			condition, _, _ := strings.Cut(part, " CONSTRAINT ")
			list = append(list, checked(condition))
		}
		base, _, _ := strings.Cut(o.Definition, " CONSTRAINT ")
		base, _, _ = strings.Cut(base, " DEFAULT ")
		return append(list, domainChecks(c, strings.TrimSuffix(base, " NOT NULL"))...)
	}
	return nil
}

// propose evaluates the candidates of all columns.
func (s *solver) propose(ctx context.Context, c *catalog.Catalog, hints map[string]*hint.Hint) error {
	var owners, expressions []string
	defaults := map[int]bool{}
	for _, column := range s.t.Columns {
		if column.Generated != "" || column.Identity != "" {
			continue
		}
		name := column.Name
		s.pools[name] = nil
		fitsEveryRow := !s.isUnique(name) || strings.Contains(column.Default, "(")
		if column.Default != "" && !s.isReference(name) && fitsEveryRow {
			defaults[len(expressions)] = true
			owners, expressions = append(owners, name), append(expressions, "("+column.Default+")::"+column.Type)
		}
		for _, e := range s.candidates(c, column, hints[name]) {
			owners, expressions = append(owners, name), append(expressions, "("+e+")::"+column.Type)
		}
	}
	values, err := evaluate(ctx, s.tx, expressions)
	if err != nil {
		return err
	}
	for i, value := range values {
		name := owners[i]
		switch isDefault := defaults[i]; {
		case isDefault && value != nil:
			s.pools[name] = append(s.pools[name], choice{text: *value, isDefault: true, varies: strings.Contains(expressions[i], "nextval(") || s.isUnique(name)})
		case value != nil && !slices.ContainsFunc(s.pools[name], func(has choice) bool { return has.text == *value }):
			s.pools[name] = append(s.pools[name], choice{text: *value})
		}
	}
	return s.references(ctx)
}

// candidates returns expressions for a column, also those of types that it has later.
func (s *solver) candidates(c *catalog.Catalog, column catalog.Column, h *hint.Hint) (list []string) {
	var conditions, kinds []string
	for _, d := range s.demands {
		for _, of := range d.columns {
			if of.current != column.Name {
				continue
			}
			if d.condition != "" {
				conditions = append(conditions, d.condition)
			}
			if !slices.Contains(kinds, of.kind) && of.kind != "text" {
				kinds = append(kinds, of.kind)
			}
		}
	}
	mentioned := literals(column.Type, conditions)
	for _, kind := range append(kinds, column.Type) {
		for _, e := range candidates(c, kind, h, mentioned) {
			if kind != column.Type {
				e = "(" + e + ")::" + kind + "::text"
			}
			list = append(list, e)
		}
	}
	return list
}

func (s *solver) isReference(column string) bool {
	return slices.ContainsFunc(s.demands, func(d demand) bool { return len(d.targets) > 0 && d.has(column) })
}

func (s *solver) isUnique(column string) bool {
	return slices.ContainsFunc(s.demands, func(d demand) bool { return d.isUnique && d.has(column) })
}

// maxTargets limits how many rows of another table references are chosen from.
const maxTargets = 20

// references replaces the values of columns that refer to other tables with those that exist there. It adds null where a column may be null.
func (s *solver) references(ctx context.Context) error {
	for _, d := range s.demands {
		for i, target := range d.targets {
			name, own := d.columns[i].current, s.pools[target]
			found, err := s.existing(ctx, d.target, target)
			if err != nil {
				return err
			}
			s.pools[name] = found
			if d.target == nameOf(s.t) && s.isRequired(name) { // the first row can only refer to itself
				s.pools[name] = append(found, own...)
			}
		}
	}
	for name := range s.pools {
		if !s.isRequired(name) {
			s.pools[name] = append(s.pools[name], choice{isNull: true})
		}
	}
	return nil
}

// existing returns the values in a column.
func (s *solver) existing(ctx context.Context, table tableName, column string) ([]choice, error) {
	rows, err := s.tx.Query(ctx, fmt.Sprintf("SELECT DISTINCT t.%[1]s::text FROM %[2]s t WHERE t.%[1]s IS NOT NULL ORDER BY 1 LIMIT %[3]d", pg.QuoteIdent(column), table.quoted(), maxTargets))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c choice, err error) { return c, row.Scan(&c.text) })
}

// refresh adds the rows of the table to the values of columns that refer to the table itself.
func (s *solver) refresh(ctx context.Context) error {
	for _, d := range s.demands {
		if d.target != nameOf(s.t) {
			continue
		}
		for i, target := range d.targets {
			found, err := s.existing(ctx, d.target, target)
			if err != nil {
				return err
			}
			name := d.columns[i].current
			others := slices.DeleteFunc(s.pools[name], func(c choice) bool { return slices.Contains(found, c) })
			s.pools[name] = append(found, others...)
		}
	}
	return nil
}

// isRequired reports whether a column must not be null, now or later.
func (s *solver) isRequired(column string) bool {
	return slices.ContainsFunc(s.demands, func(d demand) bool { return d.isNotNull && d.has(column) })
}

// narrow leaves out the values that break a demand on their column. It ignores a demand that would leave none.
func (s *solver) narrow(ctx context.Context) error {
	type trial struct {
		demand int
		value  choice
	}
	var trials []trial
	var conditions []string
	for i, d := range s.demands {
		if !d.isOnOneColumn() {
			continue
		}
		name := d.columns[0].current
		for _, value := range s.pools[name] {
			trials, conditions = append(trials, trial{i, value}), append(conditions, s.sql(d, row{name: value}))
		}
	}
	results, err := evaluate(ctx, s.tx, conditions)
	if err != nil {
		return err
	}
	fits := map[trial]bool{}
	for i, result := range results {
		fits[trials[i]] = result != nil && *result == "true"
	}
	for i, d := range s.demands {
		if !d.isOnOneColumn() {
			continue
		}
		name := d.columns[0].current
		left := slices.DeleteFunc(slices.Clone(s.pools[name]), func(value choice) bool { return !fits[trial{i, value}] })
		if len(left) > 0 {
			s.pools[name] = left
		}
	}
	return nil
}
