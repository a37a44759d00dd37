package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/testkit"
)

func verdicts(t *testing.T, out []byte) (list []bool) {
	t.Helper()
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return list
}

func goVerdicts(t *testing.T, dir string, types *schema.Schema) []bool {
	if err := os.Rename(filepath.Join(dir, "main.go.txt"), filepath.Join(dir, "main.go")); err != nil {
		t.Fatal(err)
	}
	goModule(t, dir)
	program(t, dir, "go", "vet", "./...")
	program(t, dir, "go", "build", "-o", "models.exe", ".")
	scansRows(t, dir, types)
	return verdicts(t, program(t, dir, filepath.Join(dir, "models.exe")))
}

// scansRows has the program read a row of every type of value with pgx, and write what it read as a second row.
func scansRows(t *testing.T, dir string, types *schema.Schema) {
	t.Helper()
	pool := matrixDatabase(t, types)
	values := map[string]string{
		"ID": "'0190d4a1-0000-7000-8000-00000000000a'", "String": "'text'", "Int": "-7", "Int64": "9223372036854775807", "Float": "0.1",
		"Decimal": "12345678901234567890.10", "Boolean": "true", "Date": "'2024-02-29'", "DateTime": "'2026-01-31T12:00:00.000001Z'",
		"Duration": "'1 year 2 months 3 days 04:05:06.7'", "JSON": `'{"a": [null]}'`, "Bytes": `'\x00ff'`, "Colour": "''",
	}
	var columns, row []string
	for _, f := range types.Type("Thing").Fields {
		if c := f.Constraints; c.Length == nil && c.Range == nil && c.Pattern == "" && c.Format == "" && len(f.Checks) == 0 && !f.Type.List && f.Name != "id" {
			value := values[f.Type.Name()]
			if f.DataType != "" {
				value = map[string]string{"varchar(3)": "'abc'", "bigint": "7", "inet": "'10.0.0.1'", "bit varying(5)": "'101'", "integer[][]": "'{{1,2},{3,4}}'", "smallint": "-7"}[f.DataType]
			}
			columns, row = append(columns, `"`+f.Column+`"`), append(row, value)
		}
	}
	columns, row = append(columns, "nets", "list", "holes", "enums"), append(row, "'{10.0.0.1,::1}'", "'{a,NULL}'", "'{1,NULL}'", `'{"dark \"red\""}'`)
	row[len(row)-3] = "'{a,b}'"
	if _, err := pool.Exec(t.Context(), "INSERT INTO things ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(row, ", ")+")"); err != nil {
		t.Fatal(err)
	}
	program(t, dir, filepath.Join(dir, "models.exe"), pool.Config().ConnString())
	var rows, kinds int
	if err := pool.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT to_jsonb(things) - 'id') FROM things").Scan(&rows, &kinds); err != nil || rows != 2 || kinds != 1 {
		t.Errorf("%d rows of %d kinds, %v", rows, kinds, err)
	}
}

// matrixDatabase makes a database with the tables of the types.
func matrixDatabase(t *testing.T, types *schema.Schema) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), testkit.DatabaseURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	statements, err := ddl.Create(types)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append([]string{ddl.CreateUUIDFunction}, statements...) {
		if _, err := pool.Exec(t.Context(), s); err != nil {
			t.Fatalf("%v: %s", err, s)
		}
	}
	return pool
}

func schemaVerdicts(t *testing.T, dir string, cases []matrixCase) []bool {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	f, err := os.Open(filepath.Join(dir, "schemas", "schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("urn:krowoc:matrix:schema", doc); err != nil {
		t.Fatal(err)
	}
	list := make([]bool, len(cases))
	for i, x := range cases {
		s, err := c.Compile("urn:krowoc:matrix:schema#/$defs/" + x.Shape)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(x.Doc))
		if err != nil {
			t.Fatal(err)
		}
		list[i] = s.Validate(value) == nil && (x.want || !x.Check)
	}
	return list
}

// nodeVerdicts compiles what is TypeScript under strict, and asks Zod; and ajv, which must agree with it.
func nodeVerdicts(t *testing.T, dir string, cases []matrixCase) []bool {
	nodeModules(t, dir)
	bundlesOneEnum(t, dir)
	zod := verdicts(t, program(t, dir, "node", "zod.mjs"))
	for i, verdict := range verdicts(t, program(t, dir, "node", "ajv.mjs")) {
		if c := cases[i]; verdict != c.want && !c.Check && !differs(c, "ajv") {
			t.Errorf("%s %s: ajv accepted %t", c.Shape, c.Doc, verdict)
		}
	}
	return zod
}

// bundlesOneEnum requires that an app that imports one enum does not get the schemas of all types.
func bundlesOneEnum(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "app.mjs"), []byte(`import { Colour } from "./models.ts"; console.log(Colour.RED);`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := program(t, dir, "npx", "esbuild", "app.mjs", "--bundle", "--minify", "--format=esm"); len(out) > 200 {
		t.Errorf("the bundle has %d bytes: %.300s", len(out), out)
	}
}

func pythonVerdicts(t *testing.T, dir string) []bool {
	python := checkedPython(t, dir)
	program(t, dir, python, "-m", "mypy", "--strict", "--cache-dir", "/tmp/mypy", "use.py")
	program(t, dir, python, "use.py")
	return verdicts(t, program(t, dir, python, "check.py"))
}

// postgresVerdicts inserts the values. Only those of one field are asked of it: what is JSON and not a value of SQL is not.
func postgresVerdicts(t *testing.T, types *schema.Schema, cases []matrixCase) []bool {
	pool := matrixDatabase(t, types)
	list := make([]bool, len(cases))
	for i, c := range cases {
		list[i] = c.want
		f := types.Type("Thing").Field(c.field)
		if f == nil || !ofSQL(f, c) {
			continue
		}
		list[i] = inserts(t.Context(), pool, f, c.Doc)
	}
	return list
}

// ofSQL reports whether a value is one that its type of SQL could hold: the types of JSON are for the models to check.
func ofSQL(f *schema.Field, c matrixCase) bool {
	if c.open {
		return c.want || readable(f, c.Doc)
	}
	x := f.Constraints
	return c.want || x.Length != nil || x.Range != nil || x.Pattern != "" || x.Format != "" || len(f.Checks) > 0
}

func inserts(ctx context.Context, pool *pgxpool.Pool, f *schema.Field, doc []byte) bool {
	var members map[string]any
	if err := json.Unmarshal(doc, &members); err != nil {
		return false
	}
	value, _ := json.Marshal(map[string]any{f.Column: labelled(f, members[f.Name])})
	column := `"` + f.Column + `"`
	from := "(jsonb_populate_record(NULL::things, $1))." + column
	switch {
	case f.Type.Scalar == schema.Bytes && f.Type.List:
		from = "(SELECT array_agg(decode(v, 'base64')) FROM jsonb_array_elements_text($1::jsonb -> '" + f.Column + "') v)"
	case f.Type.Scalar == schema.Bytes:
		from = "decode($1::jsonb ->> '" + f.Column + "', 'base64')"
	}
	_, err := pool.Exec(ctx, "INSERT INTO things ("+column+") SELECT "+from, value)
	return err == nil
}

// labelled returns what Postgres calls the names of an enum in a value, and the durations in it.
func labelled(f *schema.Field, value any) any {
	switch v := value.(type) {
	case string:
		if f.Type.Enum != nil {
			return f.Type.Enum.Label(v)
		}
		if f.Type.Scalar == schema.Duration { // Postgres reads no sign before the P
			canonical, _ := scalar.OfField(f).Canonical(v)
			return canonical
		}
	case []any:
		for i := range v {
			v[i] = labelled(f, v[i])
		}
	}
	return value
}
