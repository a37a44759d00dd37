package errorscmd

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		want Options // zero if the command line is wrong
	}{
		{nil, Options{24 * time.Hour, "", 20}},
		{[]string{"--since", "7d", "--category", "internal", "--limit", "5"}, Options{7 * 24 * time.Hour, fault.Internal, 5}},
		{[]string{"--since", "90m"}, Options{90 * time.Minute, "", 20}},
		{[]string{"--since", "15d"}, Options{}},
		{[]string{"--since", "-1h"}, Options{}},
		{[]string{"--since", "yesterday"}, Options{}},
		{[]string{"--category", "canceled"}, Options{}},
		{[]string{"--limit", "0"}, Options{}},
	} {
		terminal, _, _ := term.Test(nil)
		var got Options
		cmd := newCommand(factory.New(terminal, factory.Build{}, t.TempDir(), nil), func(_ context.Context, _ *factory.Factory, o Options) error {
			got = o
			return nil
		})
		cmd.SetArgs(tc.args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		if err := cmd.Execute(); got != tc.want || (err == nil) != (tc.want != Options{}) {
			t.Errorf("%q: %+v, %v", tc.args, got, err)
		}
	}
}

func TestSparkline(t *testing.T) {
	t.Parallel()
	for want, counts := range map[string][]int64{"": nil, "··": {0, 0}, "▁▄█·": {1, 50, 100, 0}, "█": {1}, "▄█": {1, 2}} {
		if got := Sparkline(counts); got != want {
			t.Errorf("%v: %s, want %s", counts, got, want)
		}
	}
}

// Whatever the table has, nothing but text reaches the terminal.
func TestNoControlSequences(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b]0;title\x07\x1b[2J\u202e"
	e := errorlog.Error{Fingerprint: "3f2a9bc4", Place: "place" + hostile, Message: "message" + hostile}
	e.Samples = []errorlog.Sample{{Page: "page" + hostile, Stack: "f /a.js" + hostile + "\ng /b.js"}}
	terminal, out, _ := term.Test(nil)
	if err := renderError(terminal, e); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e") || !strings.HasSuffix(out.String(), "\nf /a.js\ng /b.js\n") {
		t.Errorf("the terminal gets %q", out)
	}
}
