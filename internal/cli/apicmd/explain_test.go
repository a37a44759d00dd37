package apicmd

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// What a command line means, without a project to run it on.
func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want Options
	}{
		{nil, Options{Document: "-"}},
		{[]string{"feed.graphql", "--plan"}, Options{Document: "feed.graphql", Plan: true}},
		{[]string{"-", "--as", "ada,admin", "--operation", "Feed", "--variables", "{}", "--analyze"},
			Options{Document: "-", Analyze: true, Operation: factory.OperationFlags{As: "ada,admin", Name: "Feed", Variables: "{}"}}},
	} {
		var got Options
		cmd := explainCommand(func(_ *cobra.Command, o Options) error { got = o; return nil })
		cmd.SetArgs(tt.args)
		if err := cmd.ExecuteContext(t.Context()); err != nil || got != tt.want {
			t.Errorf("%q: %v, %+v", tt.args, err, got)
		}
	}
}
