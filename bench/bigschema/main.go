// Command bigschema writes the inputs of bench/import: large databases as companies have them, made of nothing but numbers.
//
//	bigschema sql TABLES                 the statements that create a database
//	bigschema migrations TABLES FOLDER   the same as migrations, one for each table
//	bigschema types TYPES                a schema of Krowoc
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) < 2 {
		return errors.New("usage: bigschema sql TABLES | migrations TABLES FOLDER | types TYPES")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	switch {
	case args[0] == "sql":
		for i := range n {
			fmt.Fprintln(out, strings.Join(table(i), ";\n")+";")
		}
		return nil
	case args[0] == "migrations" && len(args) == 3:
		return migrations(n, args[2])
	case args[0] == "types":
		for i := range n {
			fmt.Fprintf(out, typeText, i, (i+1)%n, (i+n-1)%n)
		}
		return nil
	}
	return fmt.Errorf("unknown arguments %q", args)
}

// migrations writes a migration for each table.
func migrations(n int, dir string) error {
	for i := range n {
		statements := table(i)
		down := []string{fmt.Sprintf("DROP TABLE %s", name(i)), fmt.Sprintf("DROP TYPE %s_state", name(i))}
		text := "-- +goose Up\n" + strings.Join(statements, ";\n") + ";\n-- +goose Down\n" + strings.Join(down[:1+hasEnum(i)], ";\n") + ";\n"
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d_%s.sql", i+1, name(i))), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

var (
	nouns = []string{"account", "invoice", "order", "shipment", "customer", "payment", "contract", "ticket", "product", "warehouse", "employee", "campaign", "asset"}
	parts = []string{"line", "event", "note", "tag", "version", "setting", "audit", "link", "total", "file", "rule", "step", "share"}
)

// name is the name of a table: account_lines7.
func name(i int) string {
	return fmt.Sprintf("%s_%ss%d", nouns[i%len(nouns)], parts[i/len(nouns)%len(parts)], i)
}

// hasEnum is 1 for a table that has an enum.
func hasEnum(i int) int {
	if i%4 == 0 {
		return 1
	}
	return 0
}

// table returns the statements that create a table. Later ones refer to earlier ones.
func table(i int) []string {
	t := name(i)
	var before, after []string
	columns := []string{
		"id bigserial PRIMARY KEY",
		"code character varying(40) NOT NULL DEFAULT 'none'",
		"title text NOT NULL",
		"amount numeric(12,2) NOT NULL DEFAULT 0",
		"quantity integer NOT NULL DEFAULT 1",
		"ratio double precision",
		"active boolean NOT NULL DEFAULT true",
		"payload jsonb NOT NULL DEFAULT '{}'",
		"labels text[] NOT NULL DEFAULT '{}'",
		"starts_on date",
		"ends_on date",
		"created_at timestamp with time zone NOT NULL DEFAULT now()",
		"updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP",
	}
	if hasEnum(i) == 1 {
		before = append(before, fmt.Sprintf("CREATE TYPE %s_state AS ENUM ('draft', 'open', 'closed', 'archived')", t))
		columns = append(columns, fmt.Sprintf("state %[1]s_state NOT NULL DEFAULT 'draft'", t))
	}
	for k, distance := range []int{1, 7, 31} {
		if i >= distance {
			columns = append(columns, fmt.Sprintf("ref%d_id bigint %s REFERENCES %s (id) ON DELETE %s", k, []string{"NOT NULL", "", ""}[k], name(i-distance), []string{"CASCADE", "SET NULL", "NO ACTION"}[k]))
			after = append(after, fmt.Sprintf("CREATE INDEX %[1]s_ref%[2]d_idx ON %[1]s (ref%[2]d_id)", t, k))
		}
	}
	columns = append(columns, checks(i)...)
	after = append(after,
		fmt.Sprintf("CREATE UNIQUE INDEX %[1]s_code_idx ON %[1]s (code)", t),
		fmt.Sprintf("CREATE INDEX %[1]s_created_idx ON %[1]s (created_at DESC, active)", t),
		fmt.Sprintf("CREATE INDEX %[1]s_open_idx ON %[1]s (quantity) WHERE active AND quantity > 0", t),
		fmt.Sprintf("CREATE INDEX %[1]s_title_idx ON %[1]s (lower(title))", t),
		fmt.Sprintf("COMMENT ON TABLE %s IS 'Number %d of many.'", t, i),
		fmt.Sprintf("COMMENT ON COLUMN %s.code IS 'What people call it.'", t))
	create := fmt.Sprintf("CREATE TABLE %s (\n  %s\n)", t, strings.Join(columns, ",\n  "))
	return append(append(before, create), after...)
}

// checks are conditions of which the schema language knows some in its own words, and others only in SQL.
func checks(i int) []string {
	t := name(i)
	list := []string{
		fmt.Sprintf("CONSTRAINT %s_amount_check CHECK (amount >= 0)", t),
		fmt.Sprintf("CONSTRAINT %s_dates_check CHECK (ends_on IS NULL OR ends_on >= starts_on)", t),
	}
	switch i % 5 {
	case 0:
		list = append(list, fmt.Sprintf("CONSTRAINT %s_code_check CHECK (code ~ '^[a-z]+$' AND length(code) < 40)", t))
	case 1:
		list = append(list, fmt.Sprintf("CONSTRAINT %s_code_check CHECK (code IN ('none', 'some', 'all'))", t))
	case 2:
		list = append(list, fmt.Sprintf("CONSTRAINT %s_ratio_check CHECK (ratio BETWEEN 0 AND 1)", t))
	case 3:
		list = append(list, fmt.Sprintf("CONSTRAINT %s_mixed_check CHECK (quantity > amount OR NOT active)", t))
	default:
		list = append(list, fmt.Sprintf("CONSTRAINT %s_payload_check CHECK (jsonb_typeof(payload) = 'object')", t))
	}
	return list
}

const typeText = `enum Kind%[1]d { ONE TWO THREE }
"Number %[1]d of many."
type Thing%[1]d @table @index(fields: ["name", "count"]) @check(expr: "this.count < 100 || this.flag") @auth(rules: [{ allow: PUBLIC, operations: [READ] }]) {
  "What it is called."
  name: String! @length(min: 1, max: 200)
  slug: String! @unique @format(type: slug)
  email: String @format(type: email)
  body: String!
  count: Int! @range(min: 0) @default(value: 0)
  big: Int64
  ratio: Float @range(min: 0, max: 1)
  price: Decimal! @range(min: 0)
  flag: Boolean! @default(value: false)
  at: DateTime! @default(expr: "request.time")
  extra: JSON
  tags: [String!]! @default(value: [])
  kind: Kind%[1]d! @default(value: ONE)
  owner: Thing%[2]d! @ref(onDelete: CASCADE)
  things: [Thing%[3]d!]!
}
`
