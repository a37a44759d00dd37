package lint_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/testkit"
)

var parser = sqltext.NewParser("")

// run lints files of goose's format, given as name and text.
func run(t testing.TB, o lint.Options, files ...string) []lint.Finding {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	o.FS, o.Dir, o.Parser, o.Logger = fsys, "migrations", parser, slog.New(slog.DiscardHandler)
	if o.LookupEnv == nil {
		o.LookupEnv = func(string) (string, bool) { return "", false }
	}
	result, err := lint.Run(o)
	if err != nil {
		t.Fatal(err)
	}
	return result.Findings
}

// migration makes a migration of an example: what has no Up gets one, and no say in its down.
func migration(sql string) (text string, settings []lint.Setting) {
	if strings.Contains(sql, "+goose Up") {
		return sql, nil
	}
	head := ""
	if rest, ok := strings.CutPrefix(sql, "-- +goose NO TRANSACTION\n"); ok {
		head, sql = "-- +goose NO TRANSACTION\n", rest
	}
	return head + "-- +goose Up\n" + sql, []lint.Setting{{Rule: "no-down", Severity: lint.Off}}
}

func show(findings []lint.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%d:%d %s", f.Line, f.Column, f.Message)
		if about := strings.Join(slices.DeleteFunc([]string{f.Lock, strings.Join(f.Tables, ", "), string(f.Effect)}, func(s string) bool { return s == "" }), "; "); about != "" {
			fmt.Fprintf(&b, " (%s)", about)
		}
		if f.Safe != "" {
			b.WriteString("\n    " + strings.ReplaceAll(f.Safe, "\n", "\n    "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestRules shows each rule a migration in which it finds something, and one in which it must not.
func TestRules(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/rules.txtar")
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]string{}
	for _, f := range archive.Files {
		examples[f.Name] = string(f.Data)
	}
	var page strings.Builder
	page.WriteString(pageHead)
	group := lint.Group("")
	for _, rule := range lint.Rules() {
		if rule.Group != group {
			group = rule.Group
			fmt.Fprintf(&page, "\n## %s\n", group)
		}
		for _, kind := range []string{"bad", "good"} {
			sql, ok := examples[rule.ID+"/"+kind]
			if !ok {
				t.Errorf("%s has no %s example", rule.ID, kind)
				continue
			}
			text, settings := migration(sql)
			if rule.Severity == lint.Off {
				settings = append(settings, lint.Setting{Rule: rule.ID, Severity: lint.Warning})
			}
			o := lint.Options{Settings: settings, LockTimeout: rule.ID != "no-lock-timeout"}
			findings := slices.DeleteFunc(run(t, o, "00001_base.sql", "-- +goose Up\n"+examples["base.sql"], "00002_example.sql", text),
				func(f lint.Finding) bool { return !strings.HasSuffix(f.File, "00002_example.sql") })
			found := slices.ContainsFunc(findings, func(f lint.Finding) bool { return f.Rule == rule.ID })
			if found != (kind == "bad") {
				t.Errorf("%s, %s: found is %t\n%s", rule.ID, kind, found, show(findings))
			}
			if kind == "bad" {
				findings = slices.DeleteFunc(findings, func(f lint.Finding) bool { return f.Rule != rule.ID })
				fmt.Fprintf(&page, "\n### %s\n\n%s %s\n\n```sql\n%s```\n\n```text\n%s```\n", rule.ID, severities[rule.Severity], rule.Summary, text, show(findings))
			}
		}
	}
	testkit.Golden(t, "../../../docs/lint-rules.md", []byte(page.String()))
}

// severities are how the page says what a rule is unless krowoc.yaml says otherwise.
var severities = map[lint.Severity]string{lint.Error: "Error.", lint.Warning: "Warning.", lint.Info: "Info.", lint.Off: "Off."}

const pageHead = `# The rules of ` + "`krowoc migrate lint`" + `

Each rule with its severity, what it finds, a migration in which it finds something, and what it says there. The page is
written by the rules' own test. [lint.md](lint.md) says how to set and silence them, [zero-downtime.md](zero-downtime.md)
what to do instead.
`
