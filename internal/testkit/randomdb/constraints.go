package randomdb

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
)

// ordered returns up to n different columns whose types have an order.
func (w *written) ordered(n int) (list []column) {
	for _, i := range w.rand.Perm(len(w.cols)) {
		if w.cols[i].btree && len(list) < n {
			list = append(list, w.cols[i])
		}
	}
	return list
}

// constraints writes checks over two columns, and unique and exclusion constraints.
func (w *written) constraints() {
	two := w.ordered(2)
	if len(two) < 2 || w.chance(2) {
		return
	}
	a, b := two[0].name, two[1].name
	checks := []string{"(%s IS NULL) <> (%s IS NULL)", "%s IS NOT NULL OR %s IS NOT NULL", "num_nonnulls(%s, %s) <= 2"}
	if two[0].notNull && two[1].notNull { // no row could satisfy the first
		checks = checks[1:]
	}
	check := pick(w.database, checks)
	w.parts = append(w.parts, fmt.Sprintf("CHECK ("+check+")", a, b))
	if w.chance(3) && !w.partitioned {
		w.parts = append(w.parts, "CONSTRAINT "+w.fresh(w.names)+" UNIQUE "+w.nulls()+"("+a+", "+b+")"+
			pick(w.database, []string{"", "", " DEFERRABLE"}))
	}
}

// indexes writes indexes of the kinds that people use. Those of a partitioned table cannot be unique without its partition key.
func (w *written) indexes() {
	for range w.rand.IntN(4) {
		cols := w.ordered(1 + w.rand.IntN(2))
		if len(cols) == 0 {
			break
		}
		a := cols[0].name
		forms := []string{
			"CREATE INDEX ON %s (" + names(cols) + ")",
			"CREATE INDEX ON %s (" + a + " DESC NULLS LAST)",
			"CREATE INDEX ON %s (" + a + ") WHERE " + a + " IS NOT NULL",
			"CREATE INDEX ON %s (" + a + ") WHERE " + a + " IS NULL",
			"CREATE INDEX ON %s ((" + a + "::text))",
			"CREATE INDEX " + w.fresh(w.names) + " ON %s (" + names(cols) + ")",
		}
		if !w.partitioned {
			forms = append(forms, "CREATE UNIQUE INDEX ON %s ("+names(cols)+")", "CREATE UNIQUE INDEX ON %s ("+a+") WHERE "+a+" IS NOT NULL",
				"CREATE UNIQUE INDEX ON %s ("+names(cols)+") "+w.nulls(), "CREATE INDEX ON %s ("+a+") INCLUDE ("+w.cols[0].name+")")
		}
		form := pick(w.database, forms)
		if strings.Contains(form, "::text") && !immutableText[cols[0].sql] {
			continue
		}
		w.after = append(w.after, strings.Replace(form, "%s", w.name, 1))
	}
	for _, c := range w.cols {
		if c.opclass != "" && w.chance(2) {
			w.after = append(w.after, "CREATE INDEX ON "+w.name+" USING "+c.opclass+" ("+c.name+")")
		}
	}
}

// nulls returns NULLS NOT DISTINCT, which Postgres has since version 15, or "".
func (d *database) nulls() string {
	if d.major >= 15 && d.chance(2) {
		return "NULLS NOT DISTINCT "
	}
	return ""
}

// immutableText are types whose conversion to text does not depend on settings.
var immutableText = map[string]bool{"integer": true, "bigint": true, "text": true, "uuid": true, "varchar(40)": true, "boolean": false}

// extras adds objects that the schema language does not have: views, functions, triggers, comments, policies, other Postgres schemas.
func (d *database) extras() {
	t := pick(d, d.tables)
	if d.chance(2) {
		d.add("COMMENT ON TABLE %s IS %s", t.name, pg.QuoteLiteral("It's \"quoted\"\nand has two lines, \\ and #"))
		d.add("COMMENT ON COLUMN %s.%s IS %s", t.name, t.cols[0].name, pg.QuoteLiteral(`"""`))
	}
	if d.chance(2) {
		d.add("CREATE VIEW %s AS SELECT * FROM %s", d.fresh(d.names), t.name)
	}
	if d.chance(3) {
		d.add("CREATE MATERIALIZED VIEW %s AS SELECT %s FROM %s", d.fresh(d.names), t.cols[0].name, t.name)
	}
	if d.chance(3) {
		function := d.fresh(d.names)
		d.add("CREATE FUNCTION public.%s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$", function)
		d.add("CREATE TRIGGER touch BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION public.%s()", t.name, function)
	}
	if d.chance(4) {
		d.add("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", t.name)
		d.add("CREATE POLICY everybody ON %s USING (true)", t.name)
	}
	if d.chance(3) {
		d.add("CREATE SCHEMA audit")
		d.add("CREATE TABLE audit.log (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())")
		d.add("CREATE SEQUENCE free_numbers START 1000")
	}
	if d.chance(4) && !t.partitioned {
		d.add("CREATE TABLE %s () INHERITS (%s)", d.fresh(d.names), t.name)
	}
}
