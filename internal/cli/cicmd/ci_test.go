package cicmd_test

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/cicmd"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// verdict runs `krowoc ci` on a schema and returns what it prints as JSON, and the folder.
func verdict(t *testing.T, schema string) (out string, dir string, err error) {
	t.Helper()
	dir = testkit.Folder(t)
	for name, text := range map[string]string{"krowoc.yaml": "project: shop\n", "schema.graphql": schema} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "migrations"), 0o755); err != nil {
		t.Fatal(err)
	}
	terminal, stdout, _ := term.Test(nil)
	terminal.Format = term.JSON
	cmd := cicmd.New(factory.New(terminal, factory.Build{}, dir, os.Environ()))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{"--url", testkit.DatabaseURL(t), "--junit", filepath.Join(dir, "ci.xml"), "--sarif", filepath.Join(dir, "ci.sarif")})
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), dir, err
}

func TestAMistakeFailsTheVerdictAndIsInEveryReport(t *testing.T) {
	out, dir, err := verdict(t, "type Book @tabel @auth(rules: []) { title: String! }\n")
	if fault.CodeOf(err) != fault.CheckFailed {
		t.Errorf("%v\n%s", err, out)
	}
	var report struct {
		OK    bool
		Steps []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.OK || len(report.Steps) == 0 {
		t.Errorf("%v in %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "ci.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var junit struct {
		Suites []struct {
			Failures int `xml:"failures,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &junit); err != nil || len(junit.Suites) == 0 || junit.Suites[0].Failures == 0 {
		t.Errorf("%v in %s", err, text)
	}
	sarif, err := os.ReadFile(filepath.Join(dir, "ci.sarif"))
	if err != nil || !json.Valid(sarif) {
		t.Errorf("%v in %s", err, sarif)
	}
}
