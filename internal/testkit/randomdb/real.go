package randomdb

import (
	"fmt"
	"strings"
)

// What databases of real people have, and generated rows must respect.

// outsiders creates tables with rows that the schema language does not have: in another Postgres schema, and without a required key.
func (d *database) outsiders() {
	if d.chance(3) {
		d.add("CREATE SCHEMA crm")
		d.add("CREATE TABLE crm.customers (id integer PRIMARY KEY)")
		d.add("INSERT INTO crm.customers SELECT generate_series(1, 40)")
		d.others = append(d.others, &table{name: "crm.customers", key: []column{{name: "id", columnType: columnType{sql: "integer"}}}})
	}
	if d.chance(3) {
		d.names["country_codes"] = true
		d.add("CREATE TABLE country_codes (code text UNIQUE, label text)")
		d.add("INSERT INTO country_codes VALUES ('de'), ('fr'), ('it'), (NULL)")
		d.others = append(d.others, &table{name: "country_codes", key: []column{{name: "code", columnType: columnType{sql: "text"}}}})
	}
}

// itself writes a foreign key of the table to itself; every second one is required.
func (w *written) itself() {
	if len(w.key) != 1 {
		return
	}
	required := ""
	if w.chance(2) {
		required = " NOT NULL"
	}
	w.parts = append(w.parts, fmt.Sprintf("%s %s%s REFERENCES %s (%s)%s", w.fresh(w.taken), w.key[0].sql, required, w.name, w.key[0].name,
		pick(w.database, []string{"", "", " ON DELETE CASCADE", " DEFERRABLE INITIALLY DEFERRED"})))
}

// partitions writes the partitions of a table. Those of one in two have a foreign key that the whole table does not have.
func (w *written) partitions() {
	first, rest := w.fresh(w.names), w.fresh(w.names)
	w.add("CREATE TABLE %s PARTITION OF %s FOR VALUES FROM ('2020-01-01') TO ('2030-01-01')", first, w.name)
	w.add("CREATE TABLE %s PARTITION OF %s DEFAULT", rest, w.name)
	parent := w.parent(1)
	if parent == nil || w.chance(2) {
		return
	}
	column := w.fresh(w.taken)
	w.add("ALTER TABLE %s ADD COLUMN %s %s%s", w.name, column, parent.key[0].sql, pick(w.database, []string{"", " NOT NULL"}))
	for _, partition := range []string{first, rest} {
		w.add("ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s)", partition, column, parent.name, parent.key[0].name)
	}
}

// trigger writes a trigger that fires when a row is inserted: it changes or refuses some, leaves some out, counts them, or inserts another one.
func (w *written) trigger() {
	function, counts := w.fresh(w.names), w.fresh(w.names)
	bodies := []string{"RETURN NEW", "IF random() < 0.2 THEN RAISE 'refused'; END IF; RETURN NEW", "IF random() < 0.2 THEN RETURN NULL; END IF; RETURN NEW"}
	when := "BEFORE"
	switch {
	case len(w.key) == 1 && strings.HasPrefix(w.key[0].sql, "uuid") && w.chance(2):
		bodies = []string{"NEW." + w.key[0].name + " := coalesce(NEW." + w.key[0].name + ", gen_random_uuid()); RETURN NEW"}
	case len(w.key) == 1 && w.chance(2): // a row of another table for each row
		when = "AFTER"
		w.add("CREATE TABLE %s (%s %s PRIMARY KEY REFERENCES %s (%s), made integer NOT NULL)", counts, w.key[0].name, w.key[0].sql, w.name, w.key[0].name)
		bodies = []string{fmt.Sprintf("INSERT INTO %s VALUES (NEW.%s, 0); RETURN NULL", counts, w.key[0].name)}
	case w.chance(2): // a table of counts, with a number
		when = "AFTER"
		w.add("CREATE TABLE %s (id serial PRIMARY KEY, made text NOT NULL)", counts)
		bodies = []string{fmt.Sprintf("INSERT INTO %s (made) VALUES (TG_TABLE_NAME); RETURN NULL", counts)}
	}
	w.add("CREATE FUNCTION public.%s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; END $$", function, pick(w.database, bodies))
	w.add("CREATE TRIGGER act %s INSERT ON %s FOR EACH ROW EXECUTE FUNCTION public.%s()", when, w.name, function)
}
