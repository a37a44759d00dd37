package factory_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

func project(t *testing.T, yaml string, environ ...string) (*factory.Factory, *pflag.FlagSet) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "krowoc.yaml"), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	terminal, _, _ := term.Test(nil)
	f := factory.New(terminal, factory.Build{}, dir, environ)
	flags := pflag.NewFlagSet("krowoc", pflag.ContinueOnError)
	f.GlobalFlags(flags)
	return f, flags
}

func TestTheLastVariableCounts(t *testing.T) {
	e := factory.Environ{"A=1", "AB=2", "A=3", "EMPTY="}
	for name, want := range map[string]string{"A": "3", "AB": "2", "EMPTY": ""} {
		if got, set := e.Lookup(name); got != want || !set {
			t.Errorf("%s is %q, %t", name, got, set)
		}
	}
	if _, set := e.Lookup("B"); set {
		t.Error("B is set")
	}
}

// Flag, variable, file: the first that is given wins.
func TestFlagsOverrideVariablesAndTheFile(t *testing.T) {
	const yaml = "project: shop\nlog: {level: error}\n"
	for _, c := range []struct {
		args, environ []string
		want          string
	}{
		{nil, nil, "error"},
		{nil, []string{"KROWOC_LOG_LEVEL=warn"}, "warn"},
		{[]string{"--log-level", "debug"}, []string{"KROWOC_LOG_LEVEL=warn"}, "debug"},
	} {
		f, flags := project(t, yaml, c.environ...)
		if err := flags.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		config, err := f.Config()
		if err != nil || config.Log.Level != c.want {
			t.Errorf("%q %q: %v, %v", c.args, c.environ, config, err)
		}
	}
}

func TestAMistakeInTheFileIsOneOfUsage(t *testing.T) {
	f, _ := project(t, "project: shop\nlog: {level: loud}\n")
	_, err := f.App()
	if usage := (*factory.UsageError)(nil); !errors.As(err, &usage) {
		t.Errorf("%T %v", err, err)
	}
}

func TestWorkDir(t *testing.T) {
	f, flags := project(t, "project: shop\n")
	base := f.WorkDir()
	absolute := t.TempDir()
	for given, want := range map[string]string{"sub": filepath.Join(base, "sub"), absolute: absolute} {
		if err := flags.Set("dir", given); err != nil {
			t.Fatal(err)
		}
		if got := f.WorkDir(); got != want {
			t.Errorf("%s: %s, not %s", given, got, want)
		}
	}
}

func TestFormats(t *testing.T) {
	f, flags := project(t, "project: shop\n")
	if err := flags.Parse([]string{"--output", "json"}); err != nil || f.Term.Format != term.JSON {
		t.Error(err, f.Term.Format)
	}
	if err := flags.Parse([]string{"--output", "xml"}); err == nil {
		t.Error("xml is accepted")
	}
}
