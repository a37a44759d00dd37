package adopt_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate/adopt"
	"github.com/krowoc/krowoc/internal/testkit"
)

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// project writes an Alembic project: the text of each file below the folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if _, has := files["pyproject.toml"]; !has && files["alembic.ini"] == "" {
		write(t, filepath.Join(dir, "alembic.ini"), "[loggers]\nkeys = root\n[alembic]\n# the folder\nscript_location = %(here)s/db\n", 0o644)
	}
	if err := os.MkdirAll(filepath.Join(dir, "db", "versions"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, text, 0o644)
	}
	return dir
}

// py is the text of a revision.
func py(id, down string) string {
	return fmt.Sprintf("from typing import Union\nfrom alembic import op\nrevision: str = '%s'\ndown_revision: Union[str, None] = %s\nbranch_labels = None\ndepends_on = None\n"+
		"def upgrade():\n    op.execute('SELECT 1 AS %[1]s')\ndef downgrade():\n    op.execute('SELECT -1 AS %[1]s')\n", id, down)
}

// needing is the text of a revision that depends on others.
func needing(id, down, needs string) string {
	return strings.Replace(py(id, down), "depends_on = None", "depends_on = "+needs, 1)
}

// A revision that another one depends on is applied before it, and is applied where that one is. Alembic records only the last one.
func TestReadAlembicDependencies(t *testing.T) {
	if _, err := exec.LookPath("alembic"); err != nil {
		testkit.Skip(t, "Alembic is not installed: what it writes is not read")
	}
	for name, needs := range map[string]string{"an ID": "'b2'", "a list": "['b2']", "a branch": "('right',)"} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{
				"db/env.py":         fmt.Sprintf(envPy, ""),
				"db/versions/a1.py": py("a1", "None"), "db/versions/a2.py": needing("a2", "'a1'", needs),
				"db/versions/b1.py": py("b1", "None"), "db/versions/b2.py": strings.Replace(py("b2", "'b1'"), "branch_labels = None", "branch_labels = ('right',)", 1),
			})
			list, err := adopt.ReadAlembic(t.Context(), dir, "", func(int, int) {})
			if err != nil {
				t.Fatal(err)
			}
			steps := adopt.Steps(list)
			if len(steps) != 4 || steps[3].Origin != "a2" || !slices.Contains(steps[3].After, "b2") {
				t.Fatalf("%+v", steps)
			}
			db := testkit.NewDatabase(t)
			testkit.Exec(t, db, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a2')")
			applied, _, err := adopt.Applied(t.Context(), db, adopt.Alembic, "", steps)
			if err != nil || len(applied) != 4 {
				t.Errorf("%v, %v", applied, err)
			}
		})
	}
}

// Alembic and the models of a project take long to import, so Python starts once for both directions.
func TestAlembicStartsOnce(t *testing.T) {
	if _, err := exec.LookPath("alembic"); err != nil {
		testkit.Skip(t, "Alembic is not installed: what it writes is not read")
	}
	dir := project(t, branched)
	starts := filepath.Join(dir, "starts")
	write(t, filepath.Join(dir, "db", "env.py"), fmt.Sprintf("import os\nopen(%q, 'a').write('%%d\\n' %% os.getpid())\n", starts)+fmt.Sprintf(envPy, ""), 0o644)
	var progress []int
	if _, err := adopt.ReadAlembic(t.Context(), dir, "", func(done, _ int) { progress = append(progress, done) }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(starts)
	ids := strings.Fields(string(text))
	if err != nil || len(ids) != 2 || ids[0] != ids[1] || len(progress) != 10 {
		t.Errorf("processes %v, %v; progress %v", ids, err, progress)
	}
}

// A folder alembic in the project is not the package.
func TestAlembicBesideAFolderOfItsName(t *testing.T) {
	if _, err := exec.LookPath("alembic"); err != nil {
		testkit.Skip(t, "Alembic is not installed: what it writes is not read")
	}
	dir := project(t, map[string]string{"db/env.py": fmt.Sprintf(envPy, ""), "db/versions/a1.py": py("a1", "None"), "alembic/__init__.py": "", "sqlalchemy/__init__.py": ""})
	list, err := adopt.ReadAlembic(t.Context(), dir, "", func(int, int) {})
	if err != nil || len(list) != 1 {
		t.Errorf("%d revisions, %v", len(list), err)
	}
}

const envPy = `from alembic import context
context.configure(dialect_name="postgresql", version_table="alembic_app"%s)
with context.begin_transaction():
    context.run_migrations()
`

var branched = map[string]string{
	"db/versions/a1_first.py": py("a1", "None"), "db/versions/b2_left.py": py("b2", `"a1"`), "db/versions/c3_right.py": py("c3", "'a1'"),
	"db/versions/m4_merge.py": py("m4", "('b2',\n  'c3',)"), "db/versions/z5_last_one.py": py("z5", "'m4'"), "db/versions/__init__.py": "",
}

// A history with branches and a merge has one order: that in which Alembic runs it. Transactions are Krowoc's.
func TestReadAlembic(t *testing.T) {
	if _, err := exec.LookPath("alembic"); err != nil {
		testkit.Skip(t, "Alembic is not installed: what it writes is not read")
	}
	for name, setting := range map[string]string{"one transaction": "", "one for each": ", transaction_per_migration=True"} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, branched)
			write(t, filepath.Join(dir, "db", "env.py"), fmt.Sprintf(envPy, setting), 0o644)
			var last string
			list, err := adopt.ReadAlembic(t.Context(), dir, "ops.alembic_app", func(done, of int) { last = fmt.Sprint(done, " of ", of) })
			if err != nil {
				t.Fatal(err)
			}
			drafts := draftsOf(adopt.Alembic, list)
			var order []string
			for i, d := range drafts {
				order = append(order, d.Origin)
				sql := func(n int) []string { return []string{fmt.Sprintf("SELECT %d AS %s", n, d.Origin)} }
				if !cmp.Equal(d.Up, sql(1)) || !cmp.Equal(d.Down, sql(-1)) || d.Version != fmt.Sprintf("%05d", i+1) || d.NoTransaction {
					t.Errorf("%+v", d)
				}
			}
			if got := strings.Join(order, " "); (got != "a1 b2 c3 m4 z5" && got != "a1 c3 b2 m4 z5") || last != "10 of 10" || drafts[4].Name != "last_one" {
				t.Errorf("%s; %s; %s", got, last, drafts[4].Name)
			}
			steps := adopt.Steps(list)
			if steps[0].After != nil || steps[1].After != nil || !cmp.Equal(steps[2].After, []string{"a1"}) || !cmp.Equal(steps[3].After, []string{"b2", "c3"}) || steps[4].After != nil {
				t.Errorf("%+v", steps)
			}
		})
	}
}

// What Alembic does for a statement that needs no transaction, and where it fails.
func TestReadAlembicSteps(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for Alembic is a shell script")
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	dir := project(t, map[string]string{"db/versions/a1_first.py": py("a1", "None"), "db/versions/b2_second.py": py("b2", "'a1'")})
	stand := func(after string) {
		write(t, filepath.Join(bin, "alembic"), "#!/bin/sh\necho \"$0 $*\" >>"+filepath.Join(bin, "starts")+"\ncase $1 in\nupgrade) cat <<'E'\nBEGIN;\n\nCREATE TABLE alembic_version (\n    x int\n);\n\n-- Running upgrade  -> a1, a message\n\n"+
			"COMMIT;\n\nCREATE INDEX CONCURRENTLY i ON t (x);\n\nBEGIN;\n\nINSERT INTO alembic_version (version_num) VALUES ('a1') RETURNING alembic_version.version_num;\n\n"+
			"-- Running upgrade a1 -> b2\n\nSELECT 'alembic_version is kept here';\n\nUPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1';\n\nCOMMIT;\n\nE\n"+
			after+";;\n*) printf -- '-- Running downgrade b2 -> a1\\n\\nSELECT 2;\\n\\n-- Running downgrade a1 -> \\n\\nDROP TABLE alembic_version;\\n\\nCOMMIT;\\n' ;;\nesac\n", 0o755)
	}
	stand("")
	list, err := adopt.ReadAlembic(t.Context(), dir, "", func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	want := []made{
		{"00001", "first", "a1", []string{"CREATE INDEX CONCURRENTLY i ON t (x)"}, nil, true},
		{"00002", "second", "b2", []string{"SELECT 'alembic_version is kept here'"}, []string{"SELECT 2"}, false},
	}
	if diff := cmp.Diff(want, draftsOf(adopt.Alembic, list)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	starts, err := os.ReadFile(filepath.Join(bin, "starts"))
	if err != nil || strings.Count(string(starts), "\n") != 2 || !strings.Contains(string(starts), "downgrade b2:base --sql") {
		t.Errorf("%s, %v", starts, err)
	}
	stand("echo 'NotImplementedError: no' >&2; exit 1 ")
	if _, err := adopt.ReadAlembic(t.Context(), dir, "", func(int, int) {}); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "revision b2: NotImplementedError: no") {
		t.Error(err)
	}
}

// The folder of the revisions is where the settings say.
func TestAlembicSettings(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"pyproject":              {"pyproject.toml": "[project]\nname = 'x'\n[tool.alembic]\nscript_location = \"%(here)s/src/shop\"\n", "src/shop/versions/a.py": py("a", "None"), "src/shop/versions/b.py": py("b", "None")},
		"a package":              {"alembic.ini": "[alembic]\nscript_location = shop.db:migrations\n", "src/shop/db/migrations/versions/a.py": py("a", "None"), "src/shop/db/migrations/versions/b.py": py("b", "None")},
		"several folders":        {"alembic.ini": "[alembic]\nscript_location = db\nversion_locations = %(here)s/x, y\n", "x/a.py": py("a", "None"), "y/b.py": py("b", "None")},
		"several folders, lines": {"alembic.ini": "[alembic]\nscript_location = db\npath_separator = newline\nversion_locations =\n  %(here)s/x y\n  y\n[post]\n  y = 1\n", "x y/a.py": py("a", "None"), "y/b.py": py("b", "None")},
		"a list":                 {"pyproject.toml": "[tool.alembic]\nscript_location = 'db'\npath_separator = 'newline'\nversion_locations = [\n  \"x\",\n  \"y\",\n]\n", "x/a.py": py("a", "None"), "y/b.py": py("b", "None")},
	} {
		t.Run(name, func(t *testing.T) { // both are heads, so both were found
			t.Parallel()
			_, err := adopt.ReadAlembic(t.Context(), project(t, files), "", func(int, int) {})
			if fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "2 heads: a, b") {
				t.Error(err)
			}
		})
	}
}

// Revisions without one head are refused before Alembic is run.
func TestReadAlembicRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files map[string]string
		code  fault.Code
		text  string
	}{
		{"two heads", map[string]string{"db/versions/a.py": py("a", "None"), "db/versions/b.py": py("b", "'a'"), "db/versions/c.py": py("c", "'a'")}, fault.Conflict, "2 heads: b, c"},
		{"a merge with a missing file", map[string]string{"db/versions/a.py": py("a", "None"), "db/versions/m.py": py("m", "('a', 'b')")}, fault.Invalid, "m follows b"},
		{"no first one", map[string]string{"db/versions/b.py": py("b", "'a'")}, fault.Invalid, "b follows a"},
		{"a dependency with a missing file", map[string]string{"db/versions/a.py": needing("a", "None", "('x',)")}, fault.Invalid, "a follows x"},
		{"none", nil, fault.Invalid, "no revision"},
		{"no settings", map[string]string{"alembic.ini": "[other]\nscript_location = db\n"}, fault.Invalid, "no settings"},
		{"no location", map[string]string{"alembic.ini": "[alembic]\nfile_template = x\n"}, fault.Invalid, "no script_location"},
		{"no folder", map[string]string{"alembic.ini": "[alembic]\nscript_location = nowhere\n"}, fault.NotFound, "nowhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if list, err := adopt.ReadAlembic(t.Context(), project(t, test.files), "", func(int, int) {}); fault.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v, %v", list, err)
			}
		})
	}
	if _, err := adopt.ReadAlembic(t.Context(), t.TempDir(), "", func(int, int) {}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("without alembic.ini: %v", err)
	}
}

// Alembic keeps the last revision of each branch.
func TestAppliedBranches(t *testing.T) {
	t.Parallel()
	steps := []adopt.Step{{Origin: "a"}, {Origin: "b"}, {Origin: "c", After: []string{"a"}}, {Origin: "m", After: []string{"b", "c"}}, {Origin: "z"}}
	for rows, want := range map[string]string{"('b'), ('c')": "a b c", "('b')": "a b", "('z')": "a b c m z", "('m')": "a b c m"} {
		db := testkit.NewDatabase(t)
		testkit.Exec(t, db, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES "+rows)
		got, _, err := adopt.Applied(t.Context(), db, adopt.Alembic, "", steps)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", rows, got, err)
		}
	}
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('c')")
	if _, _, err := adopt.Applied(t.Context(), db, adopt.Alembic, "", steps); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "b is missing") {
		t.Error(err)
	}
}
