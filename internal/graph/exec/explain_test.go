package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// Explain returns the SQL that would run, and the rules of what the operation reads and writes, also where they refuse it.
func TestExplain(t *testing.T) {
	api := apiOf(t, reportSchema)
	for name, tt := range map[string]struct {
		caller    caller.Caller
		document  string
		code      fault.Code
		sql       string   // a part of it
		decisions []string // type, field, operation and number of rules
	}{
		"list":     {caller.Caller{UID: "ada"}, `{reports {nodes {name}}}`, "", "FROM", []string{"Report READ 4"}},
		"field":    {caller.Caller{UID: "ada"}, `{reports {nodes {cost}}}`, "", "FROM", []string{"Report READ 4", "Report.cost READ 1"}},
		"filter":   {caller.Caller{UID: "ada"}, `{reports(where: {cost: {eq: 1}}) {totalCount}}`, "", "FROM", []string{"Report READ 4", "Report.cost READ 1"}},
		"create":   {caller.Caller{UID: "ada"}, `mutation {createReport(data: {name: "n", level: 1, owner: "x", cost: 1}) {name}}`, "", "INSERT", []string{"Report CREATE 1", "Report.cost CREATE 1"}},
		"refused":  {caller.Caller{}, `mutation {deleteReport(name: "n") {level}}`, fault.Unauthenticated, "", []string{"Report DELETE 1"}},
		"no field": {caller.Caller{}, `{reports {nodes {x}}}`, fault.Invalid, "", nil},
	} {
		e, err := exec.Explain(t.Context(), api, &exec.Operation{Document: tt.document, Caller: tt.caller})
		if err != nil && fault.CodeOf(err) != tt.code || err == nil && tt.code != "" {
			t.Errorf("%s: %v, want %q", name, err, tt.code)
		}
		if tt.sql != "" && (e.Plan == nil || !strings.Contains(e.Plan.SQL+fmt.Sprint(e.Plan.Steps), tt.sql)) {
			t.Errorf("%s: no %q in %+v", name, tt.sql, e.Plan)
		}
		got := map[string]bool{}
		for _, d := range e.Decisions {
			subject := d.Type.Name
			if d.Field != nil {
				subject += "." + d.Field.Name
			}
			got[fmt.Sprintf("%s %s %d", subject, d.Operation, len(d.Rules))] = true
		}
		for _, want := range tt.decisions {
			if !got[want] {
				t.Errorf("%s: no decision %q in %v", name, want, got)
			}
		}
		if len(tt.decisions) == 0 && len(got) > 0 {
			t.Errorf("%s: decisions %v", name, got)
		}
	}
}
