package ddl_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestAnyRefusedStatement makes up schemas and changes, and lets Postgres refuse one or two statements of the plan: of a rename, of another
// change or of a way back. The plan leaves out the objects of these statements and what depends on them. The rest leads there, back and
// there again, nothing is left out without a reason, and the next plan leaves out nothing else.
func TestAnyRefusedStatement(t *testing.T) {
	t.Parallel()
	rounds, seed := testkit.Random(3)
	for i := range rounds {
		t.Run(fmt.Sprint(seed+i), func(t *testing.T) {
			t.Parallel()
			w := &world{r: rand.New(rand.NewPCG(seed+i, 2))}
			for range 2 {
				w.addEnum()
			}
			for range 4 {
				w.addType()
			}
			w.connect()
			before := w.valid()
			w.change()
			for range 4 {
				w.rename()
			}
			after := w.valid()
			r := &refusals{seed: seed + i, before: before, o: ddl.PlanOptions{Options: ddl.Options{AllowDrop: w.r.IntN(3) > 0}}}
			possible, err := target(t, after).Plan(t.Context(), r.database(t), r.o)
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, before, after)
			}
			if r.pick(w.r, possible); len(r.statements) == 0 {
				t.Skip("the plan has no statement that an event trigger can refuse")
			}
			r.check(t, after, possible)
		})
	}
}

// connect gives types what a rename has consequences for: a key of a name that references repeat, a join table, and the default of an enum.
func (w *world) connect() {
	a, b, c := w.types[0], w.types[1], w.types[2]
	a.key = &madeField{name: "code", kind: "Int", required: true}
	a.fields = append(a.fields, a.key, &madeField{name: "many" + w.name(), many: b})
	b.fields = append(b.fields, &madeField{name: "many" + w.name(), many: a}, &madeField{name: "f" + w.name(), enum: w.enums[0], isFirst: true})
	c.fields = append(c.fields, &madeField{name: "f" + w.name(), ref: a, directives: "@index"})
	c.extra = append(c.extra, fmt.Sprintf("@check(expr: %q)", "this."+c.fields[len(c.fields)-1].name+" != null"))
}

// rename renames a type, a field, an enum or a value that the change has left as it was.
func (w *world) rename() {
	t, e := pick(w.r, w.types[:min(3, len(w.types))]), pick(w.r, w.enums)
	f := pick(w.r, t.fields)
	if t.key != nil && w.r.IntN(3) == 0 {
		f = t.key
	}
	switch w.r.IntN(4) {
	case 0:
		if t.was == "" && !t.isNew {
			t.was, t.name = t.name, "T"+w.name()
		}
	case 1:
		isIn := func(x string) bool { return strings.Contains(x, f.name) }
		if f.was == "" && !f.isNew && !slices.ContainsFunc(t.extra, isIn) {
			f.was, f.name = f.name, "f"+w.name()
		}
	case 2:
		if e.was == "" {
			e.was, e.name = e.name, "E"+w.name()
		}
	case 3:
		if v := &e.values[w.r.IntN(len(e.values))]; v.was == "" && !v.isNew {
			*v = madeValue{name: strings.ToUpper(w.name()), was: v.name}
		}
	}
}

// refusals are statements that a database refuses.
type refusals struct {
	seed       uint64
	before     string
	o          ddl.PlanOptions
	statements []string
}

// pick picks one or two statements of a plan, half of them among its renames and ways back. Event triggers see no UPDATE and no DO.
func (r *refusals) pick(random *rand.Rand, plan ddl.Plan) {
	var any, some []string
	for _, f := range plan.Files {
		for _, sql := range slices.Concat(f.Up, f.Down) {
			if isDDL := slices.Contains([]string{"ALTER", "CREATE", "DROP"}, strings.Fields(sql)[0]); isDDL {
				any = append(any, sql)
				if strings.Contains(sql, " RENAME ") || slices.Contains(f.Down, sql) {
					some = append(some, sql)
				}
			}
		}
	}
	for range 1 + random.IntN(2) {
		from := any
		if random.IntN(2) == 0 && len(some) > 0 {
			from = some
		}
		if len(from) > 0 {
			r.statements = append(r.statements, pick(random, from))
		}
	}
}

// database returns a database of the schema before the change, which refuses the statements.
func (r *refusals) database(t *testing.T) *pgxpool.Pool {
	key := fmt.Sprintf("refusals %d %q", r.seed, r.statements)
	return testkit.NewDatabase(t, testkit.Template(t, key, func(_ context.Context, db *pgxpool.Pool) error {
		move(t, db, target(t, r.before), ddl.PlanOptions{})
		refuse(t, db, r.statements...)
		return nil
	}))
}

// refuse makes a database refuse statements, with CONCURRENTLY or without.
func refuse(t *testing.T, db *pgxpool.Pool, statements ...string) {
	if len(statements) == 0 {
		return
	}
	var hashes []string
	for _, sql := range statements {
		hashes = append(hashes, fmt.Sprintf("'%x'", md5.Sum([]byte(strings.ReplaceAll(sql, " CONCURRENTLY", "")))))
	}
	testkit.Exec(t, db, fmt.Sprintf(`CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN
		IF md5(replace(current_query(), ' CONCURRENTLY', '')) IN (%s) THEN RAISE EXCEPTION 'not here'; END IF; END $f$;
		CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()`, strings.Join(hashes, ", ")))
}

func (r *refusals) check(t *testing.T, after string, possible ddl.Plan) {
	t.Helper()
	to := partial(t, after)
	plan, err := to.Plan(t.Context(), r.database(t), r.another(func() *pgxpool.Pool { return r.database(t) }))
	story := func() string {
		return fmt.Sprintf("from\n%s\nto\n%s\nwithout\n%s\nit writes\n%s\nin place of\n%s\nand leaves out\n%s", r.before, after, strings.Join(r.statements, ";\n"), files(plan), files(possible), leftOut(plan))
	}
	switch {
	case err != nil:
		t.Fatalf("%v\n%s", err, story())
	case strings.Contains(files(plan), "Irreversible"):
		return // the values of an enum have no way back, which is no reason to leave them out
	case len(plan.LeftOut) == 0:
		t.Fatalf("nothing is left out\n%s", story())
	}
	db := r.database(t)
	was := read(t, db)
	apply(t, db, plan)
	rollBack(t, db, plan)
	if left := catalog.Compare(was, read(t, db)); len(left) > 0 {
		t.Errorf("rolled back, it differs: %v\n%s", left, story())
	}
	apply(t, db, plan)
	again, err := to.Plan(t.Context(), db, r.another(func() *pgxpool.Pool {
		db := r.database(t)
		apply(t, db, plan)
		return db
	}))
	isNew := func(l ddl.LeftOut) bool {
		return !slices.ContainsFunc(plan.LeftOut, func(known ddl.LeftOut) bool { return known.Object == l.Object })
	}
	if err != nil || len(again.Files) > 0 || slices.ContainsFunc(again.LeftOut, isNew) {
		t.Fatalf("then there is (%v)\n%s\nand left out is\n%s\n%s", err, files(again), leftOut(again), story())
	}
	for _, missing := range unlike(to.Catalog(), read(t, db)) {
		if !isLeftOut(plan, missing) {
			t.Errorf("%s is not as in the schema, and not left out\n%s", missing, story())
		}
	}
}

// another returns the options of a plan for a database that make returns, too.
func (r *refusals) another(make func() *pgxpool.Pool) ddl.PlanOptions {
	o := r.o
	o.Another = func(context.Context) (*pgxpool.Pool, func() error, error) {
		return make(), func() error { return nil }, nil
	}
	return o
}

func leftOut(plan ddl.Plan) string {
	var list []string
	for _, l := range plan.LeftOut {
		list = append(list, l.Object+": "+l.Reason)
	}
	return strings.Join(list, "\n")
}

// unlike lists the tables and columns of the schema that the database does not have, as LeftOut names them.
func unlike(want, has *catalog.Catalog) (list []string) {
	for _, t := range want.Tables {
		now := has.Table(t.Schema, t.Name)
		if now == nil {
			list = append(list, "table "+t.Name)
			continue
		}
		for _, c := range t.Columns {
			if other := now.Column(c.Name); other == nil || other.Type != c.Type || other.Default != c.Default || other.NotNull != c.NotNull {
				list = append(list, "column "+t.Name+"."+c.Name)
			}
		}
		for _, c := range t.Constraints {
			if !slices.ContainsFunc(now.Constraints, func(x catalog.Constraint) bool { return x.Kind == c.Kind && x.Definition == c.Definition }) {
				list = append(list, "constraint "+c.Name+" of "+t.Name)
			}
		}
		for _, i := range want.Indexes {
			if i.Table == t.Name && !i.Constraint && !slices.ContainsFunc(has.Indexes, func(x catalog.Index) bool { return x.Name == i.Name && x.Definition == i.Definition }) {
				list = append(list, "index "+i.Name+" of "+t.Name)
			}
		}
	}
	return list
}

// isLeftOut reports whether a plan leaves out an object or the table whose part it is.
func isLeftOut(plan ddl.Plan, object string) bool {
	return slices.ContainsFunc(plan.LeftOut, func(l ddl.LeftOut) bool {
		table, isTable := strings.CutPrefix(l.Object, "table ")
		isPart := strings.HasPrefix(object, "column "+table+".") || strings.HasSuffix(object, " of "+table)
		return l.Object == object || isTable && isPart
	})
}
