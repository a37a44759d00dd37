package cli

import (
	"slices"
	"testing"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

func TestSeparate(t *testing.T) {
	for _, tt := range []struct{ args, want []string }{
		{[]string{"db", "psql", "-c", "x"}, []string{"db", "psql", "--", "-c", "x"}},
		{[]string{"db", "psql", "--csv", "-c", "x"}, []string{"db", "psql", "--", "--csv", "-c", "x"}},
		{[]string{"db", "psql", "--env", "test", "-c", "x"}, []string{"db", "psql", "--env", "test", "--", "-c", "x"}},
		{[]string{"db", "psql", "--env=test", "-c", "x"}, []string{"db", "psql", "--env=test", "--", "-c", "x"}},
		{[]string{"--env", "test", "db", "psql", "-c", "x"}, []string{"--env", "test", "db", "psql", "--", "-c", "x"}},
		{[]string{"db", "psql", "-h"}, []string{"db", "psql", "-h"}},
		{[]string{"db", "psql", "--", "-h"}, []string{"db", "psql", "--", "-h"}},
		{[]string{"db", "psql"}, []string{"db", "psql"}},
		{[]string{"db", "url", "-c"}, []string{"db", "url", "-c"}},
	} {
		root := &cobra.Command{Use: "krowoc"}
		root.PersistentFlags().String("env", "", "")
		db := &cobra.Command{Use: "db"}
		run := func(*cobra.Command, []string) {}
		db.AddCommand(&cobra.Command{Use: "psql", Annotations: map[string]string{factory.PassThrough: "psql"}, Run: run}, &cobra.Command{Use: "url", Run: run})
		root.AddCommand(db)
		if got := separate(root, tt.args); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.args, got, tt.want)
		}
	}
}
