package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// project writes a project's files and returns its folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, yaml string, o config.Options) (*config.Config, error) {
	t.Helper()
	o.Dir = project(t, map[string]string{"krowoc.yaml": yaml})
	return config.Load(o)
}

func mustLoad(t *testing.T, yaml string, o config.Options) *config.Config {
	t.Helper()
	c, err := load(t, yaml, o)
	if err != nil {
		t.Fatal(errText(err))
	}
	return c
}

// errText is the error with all its diagnostics.
func errText(err error) string {
	var list diag.List
	if errors.As(err, &list) {
		return list.Error()
	}
	return err.Error()
}

func TestEachLayerIsStrongerThanTheOneBefore(t *testing.T) {
	const yaml = "server:\n  address: base:1\nenvironments:\n  production:\n    server:\n      address: block:2\n"
	variable := []string{"KROWOC_SERVER_ADDRESS=variable:3"}
	flag := []config.Flag{{Key: "server.address", Name: "--address", Value: "flag:4"}}
	for _, tt := range []struct {
		yaml         string
		options      config.Options
		want, origin string
	}{
		{"", config.Options{}, "127.0.0.1:8080", "default"},
		{yaml, config.Options{}, "base:1", "krowoc.yaml:2"},
		{yaml, config.Options{Environ: []string{"KROWOC_SERVER_ADDRESS="}}, "base:1", "krowoc.yaml:2"},
		{yaml, config.Options{Environment: "production"}, "block:2", "krowoc.yaml:6"},
		{yaml, config.Options{Environment: "production", Environ: variable}, "variable:3", "KROWOC_SERVER_ADDRESS"},
		{yaml, config.Options{Environment: "production", Environ: variable, Flags: flag}, "flag:4", "--address"},
	} {
		c := mustLoad(t, tt.yaml, tt.options)
		if c.Server.Address != tt.want || c.Origin("server.address").String() != tt.origin {
			t.Errorf("got %s from %s, want %s from %s", c.Server.Address, c.Origin("server.address"), tt.want, tt.origin)
		}
	}
}

func TestEveryKindOfValue(t *testing.T) {
	c := mustLoad(t, `
project: shop
seeds: {sets: [common, "two"]}
database:
  url: postgres://ada:lovelace@db/shop
  maxConnections: 25
server:
  timeouts: {read: 1m30s}
  maxBodyBytes: 2MiB
graphql:
  introspection: false
health:
  disk: {minFree: 4096}
  urls:
    - {name: llm, url: https://llm.example/health, critical: true}
    - name: mail
      url: http://mail.example
`, config.Options{})
	if c.Project != "shop" || c.Database.MaxConnections != 25 || c.GraphQL.Introspection || c.Server.Timeouts.Read != 90*time.Second {
		t.Errorf("got %+v", c)
	}
	if c.Database.URL.Reveal() != "postgres://ada:lovelace@db/shop" || c.Server.MaxBodyBytes != 2<<20 || c.Health.Disk.MinFree != 4096 {
		t.Errorf("got %+v", c)
	}
	if !slices.Equal(c.Seeds.Sets, []string{"common", "two"}) {
		t.Errorf("got sets %q", c.Seeds.Sets)
	}
	want := []config.URL{{Name: "llm", URL: "https://llm.example/health", Critical: true}, {Name: "mail", URL: "http://mail.example"}}
	if !slices.Equal(c.Health.URLs, want) {
		t.Errorf("got %+v", c.Health.URLs)
	}
}

func TestSwitch(t *testing.T) {
	c := mustLoad(t, "database: {rls: {anonymous: visitor}}\nenvironments:\n  test:\n    database: {rls: enforce}\n", config.Options{Environment: config.Test})
	if rls := c.Database.RLS; !rls.Enforce || rls.Anonymous != "visitor" || c.Origin("database.rls.enforce").Line != 4 {
		t.Errorf("%+v from %+v", rls, c.Origin("database.rls.enforce"))
	}
	if mustLoad(t, "database: {rls: {enforce: false}}", config.Options{}).Database.RLS.Enforce {
		t.Error("a switch that is off counts as on")
	}
}

func TestEnvironmentsHaveTheirOwnDefaults(t *testing.T) {
	for _, tt := range []struct {
		environment             string
		protected, introspect   bool
		graphiql                bool
		sets, format, drainFrom string
	}{
		{"development", false, true, true, "common dev", "text", "0s"},
		{"test", false, true, false, "common test", "text", "0s"},
		{"production", true, false, false, "common", "json", "5s"},
		{"staging", false, true, false, "common", "json", "0s"},
	} {
		c := mustLoad(t, "environments:\n  staging:\n", config.Options{Environment: tt.environment})
		if c.Protected != tt.protected || c.GraphQL.Introspection != tt.introspect || c.GraphQL.GraphiQL != tt.graphiql ||
			strings.Join(c.Seeds.Sets, " ") != tt.sets || c.Log.Format != tt.format || c.Server.Timeouts.DrainDelay.String() != tt.drainFrom {
			t.Errorf("%s: got %+v", tt.environment, c)
		}
	}
}

func TestEnvironmentChoice(t *testing.T) {
	variable := []string{"KROWOC_ENV=test"}
	if c := mustLoad(t, "", config.Options{}); c.Environment != config.Development {
		t.Errorf("without a choice: %s", c.Environment)
	}
	if c := mustLoad(t, "", config.Options{Environ: variable}); c.Environment != config.Test {
		t.Errorf("by variable: %s", c.Environment)
	}
	if c := mustLoad(t, "", config.Options{Environ: variable, Environment: "production"}); c.Environment != config.Production {
		t.Errorf("by flag: %s", c.Environment)
	}
	_, err := load(t, "environments: {staging: {}}", config.Options{Environment: "stagin"})
	if fault.CodeOf(err) != fault.Invalid || fault.HintOf(err) != `did you mean "staging"?` {
		t.Errorf("got %v, hint %q", err, fault.HintOf(err))
	}
}

func TestFindLooksUpwards(t *testing.T) {
	dir := project(t, map[string]string{"krowoc.yaml": "", "web/src/app.ts": ""})
	c, err := config.Load(config.Options{Dir: filepath.Join(dir, "web", "src")})
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != dir || c.File != filepath.Join(dir, "krowoc.yaml") || c.Project != filepath.Base(dir) {
		t.Errorf("got root %s, file %s, project %s", c.Root, c.File, c.Project)
	}
	if got := c.Path("migrations"); got != filepath.Join(dir, "migrations") {
		t.Errorf("a path is relative to the project, not %s", got)
	}
}

func TestMissingAndUnreadableFiles(t *testing.T) {
	empty := t.TempDir()
	_, err := config.Load(config.Options{Dir: empty})
	if fault.CodeOf(err) != fault.NotFound || !strings.Contains(err.Error(), empty+", "+filepath.Dir(empty)) || fault.HintOf(err) == "" {
		t.Errorf("missing: %v", err)
	}
	for _, name := range []string{"krowoc.yaml", ".env"} {
		dir := project(t, map[string]string{name + "/file": "", "x": ""})
		if name == ".env" {
			_ = os.WriteFile(filepath.Join(dir, "krowoc.yaml"), nil, 0o600)
		}
		_, err = config.Load(config.Options{Dir: dir})
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "read "+name) || fault.HintOf(err) == "" {
			t.Errorf("a folder in place of %s: %v", name, err)
		}
	}
}

func TestDotenvIsReadInDevelopmentOnlyAndBelowTheEnvironment(t *testing.T) {
	dir := project(t, map[string]string{
		"krowoc.yaml": "project: ${NAME:-unnamed}\n",
		".env":        "NAME=from-dotenv\nKROWOC_LOG_LEVEL=debug\n",
	})
	for _, tt := range []struct {
		environment string
		environ     []string
		name, level string
		origin      string
	}{
		{"development", nil, "from-dotenv", "debug", "KROWOC_LOG_LEVEL (.env:2)"},
		{"development", []string{"NAME=from-shell", "KROWOC_LOG_LEVEL=warn"}, "from-shell", "warn", "KROWOC_LOG_LEVEL"},
		{"production", nil, "unnamed", "info", "default"},
	} {
		c, err := config.Load(config.Options{Dir: dir, Environment: tt.environment, Environ: tt.environ})
		if err != nil {
			t.Fatal(errText(err))
		}
		if c.Project != tt.name || c.Log.Level != tt.level || c.Origin("log.level").String() != tt.origin {
			t.Errorf("%s: got %s, %s from %s", tt.environment, c.Project, c.Log.Level, c.Origin("log.level"))
		}
	}
}

func TestInterpolation(t *testing.T) {
	environ := []string{"MAX=7", "EMPTY=", "TEXT=[a, b]: #", "SETS=one,two", "NESTED=${MAX}"}
	c := mustLoad(t, `
database:
  maxConnections: ${MAX}
  url: "x$$y${EMPTY:-z}$"
schema: ${TEXT}
migrations: {dir: "${NESTED}"}
seeds: {sets: "${SETS}", dir: "${UNSET:-a:-b}"}
environments:
  production:
    database: {url: "${NOT_SET_HERE}"}
`, config.Options{Environ: environ})
	if c.Database.MaxConnections != 7 || c.Database.URL.Reveal() != "x$yz$" || c.Schema != "[a, b]: #" ||
		c.Migrations.Dir != "${MAX}" || !slices.Equal(c.Seeds.Sets, []string{"one", "two"}) || c.Seeds.Dir != "a:-b" {
		t.Errorf("got %+v", c)
	}
}

func TestAVariableThatIsNearlyAKeyIsRemarkedOn(t *testing.T) {
	c := mustLoad(t, "", config.Options{Environ: []string{"KROWOC_DATABASE_URI=postgres://u:hunter2@h/d", "KROWOC_HOME=/x", "KROWOC_URL=http://session"}})
	want := "KROWOC_DATABASE_URI: warning: this variable has no effect\n      = did you mean \"KROWOC_DATABASE_URL\"?"
	if c.Warnings.Error() != want {
		t.Errorf("got %s", c.Warnings)
	}
}

func TestAnEnvironmentThatIsNearlyAnotherIsRemarkedOn(t *testing.T) {
	c := mustLoad(t, "environments:\n  prodution: {}\n  test: {}\n  staging: {}\n", config.Options{})
	want := `krowoc.yaml:2:3: warning: "prodution" declares a new environment`
	if len(c.Warnings) != 1 || !strings.HasPrefix(c.Warnings.Error(), want) {
		t.Errorf("got %s", c.Warnings)
	}
}

func TestAReferenceBelowAStrongerLayerMayBeUnset(t *testing.T) {
	const yaml = "project: ${UNSET}\ndatabase: {url: '${UNSET}'}\nenvironments:\n  production:\n    project: shop\n    database: {url: '${UNSET}'}\n"
	c := mustLoad(t, yaml, config.Options{Environment: "production", Environ: []string{"KROWOC_DATABASE_URL=postgres://db/shop"}})
	if c.Project != "shop" || c.Database.URL.Reveal() != "postgres://db/shop" || c.Origin("project").Line != 5 {
		t.Errorf("got %+v", c)
	}
}

func TestFallbackEnvironment(t *testing.T) {
	dir := project(t, map[string]string{"krowoc.yaml": "project: shop\n"})
	for want, o := range map[string]config.Options{
		config.Production:  {Fallback: config.Production},
		config.Test:        {Fallback: config.Production, Environ: []string{"KROWOC_ENV=test"}},
		config.Development: {Fallback: config.Production, Environment: config.Development, Environ: []string{"KROWOC_ENV=test"}},
	} {
		o.Dir = dir
		if c, err := config.Load(o); err != nil || c.Environment != want {
			t.Errorf("%+v: want environment %q, got %+v, %v", o, want, c, err)
		}
	}
}
