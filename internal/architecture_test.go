package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/krowoc/krowoc"

// layers is the architecture, from the ground up. A package may import what lies in a layer below, and the
// packages of its own group: the folder named here with all folders in it. Groups of one layer know nothing
// of one another. A name that ends in /* stands for as many groups as it has folders.
var layers = [][]string{
	{"internal/caller", "internal/request", "internal/fault", "internal/atomicfile"},
	{"internal/diag", "internal/git", "internal/lifecycle", "internal/problem", "internal/container", "internal/listen", "internal/process"},
	{"internal/schema", "internal/config", "internal/cli/term", "internal/localhost"},
	{"internal/pg"},
	{"internal/migrate", "internal/seed", "internal/graph", "internal/health", "internal/auth", "internal/generate", "internal/scaffold", "internal/supervise", "internal/testkit"},
	{"internal/server", "internal/dev", "internal/telemetry", "internal/analytics"},
	{"internal/app"},
	{"internal/app/*"},
	{"internal/cli/factory", "krowoctest"},
	{"internal/cli/*"},
	{"internal/cli"},
	{"internal/cli/scripttest"},
	{"cmd"},
}

// importers names the few who may import a group, where being above it is not enough. Tests are not
// looked at, so testkit has none; krowoctest is for the tests of others.
var importers = map[string][]string{
	"internal/config":      {"internal/app", "internal/cli", "krowoctest"},
	"internal/cli/term":    {"internal/cli", "cmd"},
	"internal/testkit":     {"internal/app/apptest", "internal/cli/scripttest"},
	"internal/app/apptest": {"internal/cli/scripttest"},
	"krowoctest":           {},
}

// homes says where a module of others may be imported, by the start of its path.
var homes = map[string][]string{
	"github.com/spf13/cobra":            {"internal/cli"},
	"github.com/spf13/pflag":            {"internal/cli"},
	"github.com/spf13/viper":            {"internal/config"},
	"github.com/charmbracelet/lipgloss": {"internal/cli/term"},
	"charm.land/huh/v2":                 {"internal/cli/term"},
	"charm.land/bubbletea/v2":           {"internal/cli/term"},
	"charm.land/lipgloss/v2":            {"internal/cli/term"},
	"github.com/muesli/termenv":         {"internal/cli/term"},
	"github.com/testcontainers":         {"internal/container"},
	"github.com/prometheus":             {"internal/telemetry"},
	"gopkg.in/natefinch/lumberjack.v2":  {"internal/cli/factory"},
	"testing":                           {"internal/testkit", "internal/app/apptest", "internal/cli/scripttest", "krowoctest"},
}

// place returns the group of a folder and its layer, -1 when it has none.
func place(folder string) (group string, layer int) {
	layer = -1
	for i, names := range layers {
		for _, name := range names {
			candidate := name
			if parent, ok := strings.CutSuffix(name, "/*"); ok {
				rest, below := strings.CutPrefix(folder, parent+"/")
				if !below {
					continue
				}
				first, _, _ := strings.Cut(rest, "/")
				candidate = parent + "/" + first
			}
			longer := len(candidate) > len(group) || candidate == group && !strings.HasSuffix(name, "/*")
			if within(folder, candidate) && (layer < 0 || longer) {
				group, layer = candidate, i
			}
		}
	}
	return group, layer
}

func within(folder, of string) bool { return folder == of || strings.HasPrefix(folder, of+"/") }

func withinAny(folder string, list []string) bool {
	return slices.ContainsFunc(list, func(of string) bool { return within(folder, of) })
}

// complaint says what is wrong with one package's importing another, or "".
func complaint(from, imported string) string {
	if to, ours := strings.CutPrefix(imported, module+"/"); ours {
		return ourComplaint(from, to)
	}
	for start, allowed := range homes {
		if within(imported, start) && !withinAny(from, allowed) {
			return "only " + strings.Join(allowed, " and ") + " may import it"
		}
	}
	return ""
}

func ourComplaint(from, to string) string {
	fromGroup, fromLayer := place(from)
	toGroup, toLayer := place(to)
	if toLayer < 0 && !strings.Contains(to, "/") {
		return "" // data beside its embed.go
	}
	allowed, restricted := importers[toGroup]
	switch {
	case fromLayer < 0:
		return from + " has no layer: give it one in this test"
	case toLayer < 0:
		return to + " has no layer: give it one in this test"
	case fromGroup == toGroup:
		return ""
	case toLayer >= fromLayer:
		return "imports point down, and features do not know one another"
	case restricted && !withinAny(from, allowed):
		return "only " + strings.Join(allowed, " and ") + " may import it"
	}
	return ""
}

func TestImportsPointOneWay(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != ".." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		files++
		return checkFile(t, file)
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("only %d files were looked at", files)
	}
}

func checkFile(t *testing.T, file string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(filepath.ToSlash(file), "../")
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if c := complaint(path.Dir(name), imported); c != "" {
			t.Errorf("%s imports %s: %s", name, imported, c)
		}
	}
	return nil
}

func TestComplaint(t *testing.T) {
	for _, tt := range []struct {
		from, imported string
		wrong          bool
	}{
		{"internal/migrate", module + "/internal/pg", false},
		{"internal/migrate/lint", module + "/internal/migrate", false},
		{"internal/graph/exec", module + "/internal/schema/expr", false},
		{"internal/cli/migratecmd", module + "/internal/app", false},
		{"internal/cli", module + "/internal/cli/migratecmd", false},
		{"cmd/krowoc", module + "/internal/cli", false},
		{"internal/app", module + "/internal/config", false},
		{"internal/app", module + "/seeds", false},
		{"internal/app/testdb", module + "/internal/app", false},
		{"internal/app/testdb", module + "/internal/config", false},
		{"internal/cli/dbcmd", module + "/internal/app/testdb", false},
		{"internal/cli/factory", module + "/internal/app/testdb", false},
		{"krowoctest", module + "/internal/app/testdb", false},
		{"krowoctest", module + "/internal/app", false},
		{"krowoctest", module + "/internal/config", false},
		{"krowoctest", "testing", false},
		{"internal/cli/term", "github.com/charmbracelet/lipgloss/table", false},
		{"internal/pg", module + "/internal/migrate", true},
		{"internal/migrate", module + "/internal/seed", true},
		{"internal/cli/migratecmd", module + "/internal/cli/seedcmd", true},
		{"internal/cli/term", module + "/internal/cli/factory", true},
		{"internal/app", module + "/internal/cli/term", true},
		{"internal/app", module + "/internal/app/testdb", true},
		{"internal/app/ci", module + "/internal/app/testdb", true},
		{"internal/app/ci", module + "/internal/app/apptest", true},
		{"internal/dev", module + "/internal/app/testdb", true},
		{"internal/server", module + "/internal/config", true},
		{"internal/app", module + "/internal/testkit", true},
		{"internal/nowhere", module + "/internal/fault", true},
		{"internal/app", module + "/internal/nowhere", true},
		{"internal/dev", "github.com/spf13/cobra", true},
		{"internal/cli/devcmd", "github.com/charmbracelet/lipgloss", true},
		{"internal/app", "github.com/prometheus/client_golang/prometheus", true},
		{"internal/telemetry/metrics", "github.com/prometheus/client_golang/prometheus", false},
		{"internal/pg", "testing", true},
		{"krowoctest", module + "/internal/cli", true},
		{"krowoctest", module + "/internal/testkit", true},
		{"internal/app", module + "/krowoctest", true},
		{"internal/cli/dbcmd", module + "/krowoctest", true},
		{"cmd/krowoc", module + "/krowoctest", true},
	} {
		if c := complaint(tt.from, tt.imported); (c != "") != tt.wrong {
			t.Errorf("%s imports %s: %q", tt.from, tt.imported, c)
		}
	}
}
