package errorscmd

import (
	"context"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
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
