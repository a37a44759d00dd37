package versioncmd

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

func TestReport(t *testing.T) {
	for want, build := range map[string]factory.Build{
		"krowoc 1.2.0 (commit 0123456789ab, 2026-01-02T03:04:05Z, go1.26 linux/amd64)": {Version: "1.2.0", Commit: "0123456789abcdef", Date: "2026-01-02T03:04:05Z"},
		"krowoc devel (go1.26 linux/amd64)":                                            {Version: "devel"},
		"krowoc 1.2.0 (commit abc, go1.26 linux/amd64)":                                {Version: "1.2.0", Commit: "abc"},
	} {
		if got := (report{build, "go1.26", "linux/amd64"}).String(); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	terminal, out, _ := term.Test(nil)
	terminal.Format = term.JSON
	if err := New(factory.New(terminal, factory.Build{Version: "1.2.0"}, t.TempDir(), nil)).Execute(); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if got["version"] != "1.2.0" || !strings.HasPrefix(got["go"], "go") || !strings.Contains(got["platform"], "/") || len(got) != 3 {
		t.Error(got)
	}
}
