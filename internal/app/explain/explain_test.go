package explain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/explain"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// What is wrong with a document is reported at its line. A limit and a rule are part of the result.
func TestRun(t *testing.T) {
	t.Parallel()
	a := apptest.New(t, apptest.Repository(t), "KROWOC_GRAPHQL_MAX_DEPTH=2")
	for name, tc := range map[string]struct{ document, failure, refused, exceeded string }{
		"as served":    {document: "{prompts {totalCount}}"},
		"a syntax":     {document: "{\n  prompts {", failure: "feed.graphql:2:"},
		"a field":      {document: "{\n  prompts {nodes {titel}}\n}", failure: "feed.graphql:2:19: Cannot query field"},
		"a page":       {document: "{\n  prompts(first: -1) {totalCount}\n}", failure: "feed.graphql:2:"},
		"a deep query": {document: "{prompts {nodes {owner {name}}}}", exceeded: "levels"},
		"a rule":       {document: `mutation {deletePrompt(id: "00000000-0000-0000-0000-000000000000") {id}}`, refused: "not allowed to delete"},
	} {
		r, err := explain.Run(t.Context(), a, exec.Operation{Document: tc.document}, explain.Options{File: "feed.graphql"})
		failure := ""
		if mistakes := (diag.List{}); errors.As(err, &mistakes) {
			failure = fmt.Sprintf("%s: %s", mistakes[0].Position, mistakes[0].Message)
		} else if err != nil {
			failure = err.Error()
		}
		exceeded := strings.Join(r.Exceeded, "\n")
		for _, pair := range [][2]string{{failure, tc.failure}, {r.Refused, tc.refused}, {exceeded, tc.exceeded}} {
			if (pair[0] == "") != (pair[1] == "") || !strings.Contains(pair[0], pair[1]) {
				t.Errorf("%s: %q, want %q", name, pair[0], pair[1])
			}
		}
		if runs := tc.failure+tc.refused == ""; runs != (len(r.Statements) > 0) {
			t.Errorf("%s: %d statements", name, len(r.Statements))
		}
	}
}
