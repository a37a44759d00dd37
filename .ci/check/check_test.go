package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExceptionsExpire(t *testing.T) {
	const finding = "example.com/m@v1.0.0: m.F is called; fixed in v1.0.1"
	exceptions, err := parseExceptions([]byte("- {id: GO-1, reason: only with input that we write, expires: 2027-01-31}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		findings map[string]string
		now      string
		want     []string
	}{
		{"accepted on its last day", map[string]string{"GO-1": finding}, "2027-01-31T23:59:59Z", nil},
		{"expired", map[string]string{"GO-1": finding}, "2027-02-01T00:00:00Z", []string{"GO-1: the exception expired on 2027-01-31 (only with input that we write): " + finding}},
		{"no exception", map[string]string{"GO-1": finding, "GO-2": finding}, "2027-01-01T00:00:00Z", []string{"GO-2: " + finding}},
		{"not needed", nil, "2027-01-01T00:00:00Z", []string{"GO-1: nothing calls it any more; remove its exception"}},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, judge(c.findings, exceptions, now)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestExceptionsNeedAReasonAndADate(t *testing.T) {
	for _, text := range []string{"- {id: GO-1, expires: 2027-01-31}", "- {id: GO-1, reason: why}", "- {id: GO-1, reason: why, expires: soon}", "- {reason: why, expires: 2027-01-31}", "- {id: GO-1, reason: why, expires: 2027-01-31, until: x}"} {
		if _, err := parseExceptions([]byte(text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
	if list, err := parseExceptions([]byte("# none\n")); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}

func TestCalled(t *testing.T) {
	got, err := called(strings.NewReader(`{"config": {}}
		{"finding": {"osv": "GO-1", "fixed_version": "v1.0.1", "trace": [{"module": "m", "version": "v1.0.0", "package": "m/p", "receiver": "T", "function": "F"}]}}
		{"finding": {"osv": "GO-2", "trace": [{"module": "m", "version": "v1.0.0", "package": "m/p"}]}}
		{"finding": {"osv": "GO-3", "trace": [{"module": "m", "version": "v1.0.0"}]}}`))
	if diff := cmp.Diff(map[string]string{"GO-1": "m@v1.0.0: m/p.T.F is called; fixed in v1.0.1"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := called(strings.NewReader("{")); err == nil {
		t.Error("half a document is accepted")
	}
}

func TestSubjects(t *testing.T) {
	for line, right := range map[string]bool{
		"seed/make: infer a code column from *_id": true,
		"docs: explain OAuth":                      true,
		"server, caller: log who calls":            false,
		"container,scaffold: log who calls":        false,
		"{seed,graph}: log who calls":              false,
		"CHANGELOG: record a change":               false,
		"docs/README.md: record a change":          false,
		"go.mod: raise golang.org/x/net":           true,
		".ci: run govulncheck":                     true,
		"graph/exec: keep JSON as it is":           true,
		".ci/check: check x":                       true,
		"graph: JSON stays as it is":               false,
		"seed: infer":                              false,
		"seed/: infer a column":                    false,
		"/seed: infer a column":                    false,
		"seed:infer a column":                      false,
		"Share what drops all but letters":         false,
		"seed: Infer a code column":                false,
		"seed: infer a code column.":               false,
		"internal/seed: infer a code column":       false,
		"seed:":                                    false,
		"the seed: infer a column":                 false,
	} {
		if complaint := wrongSubject(line); (complaint == "") != right {
			t.Errorf("%q: %q", line, complaint)
		}
	}
}

func TestModuleListDisagrees(t *testing.T) {
	page := []byte("# Modules\n\n| module | licence |\n| --- | --- |\n| `a` | MIT |\n| `b` | ? |\n| `gone` | MIT |\n\nThe end.\n")
	linked := map[string]string{"a": "", "b": "", "new": t.TempDir()}
	want := []string{"b has no licence", "new is linked and not listed", "gone is listed and no longer linked"}
	if diff := cmp.Diff(want, disagreements(page, linked)); diff != "" {
		t.Error(diff)
	}
	wantPage := "# Modules\n\n| module | licence |\n| --- | --- |\n| `a` | MIT |\n| `b` | ? |\n| `new` | ? |\n\nThe end.\n"
	if diff := cmp.Diff(wantPage, string(rewrite(page, linked))); diff != "" {
		t.Error(diff)
	}
}

func TestReport(t *testing.T) {
	const events = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: no npm here: nothing is run\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestB","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"pass","Package":"p","Elapsed":1.5}
`
	var out strings.Builder
	if err := report(strings.NewReader(events), &out); err != nil {
		t.Error(err)
	}
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "left out on this machine:\n  no npm here: nothing is run\n      p.TestA\n") {
		t.Error(got)
	}
	const failure = `{"ImportPath":"q","Action":"build-output","Output":"q.go:1: wrong\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: broken\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"fail","Package":"p","Elapsed":1.5}
`
	out.Reset()
	if err := report(strings.NewReader(failure), &out); err == nil || !strings.Contains(out.String(), "broken") || !strings.Contains(out.String(), "q.go:1: wrong") {
		t.Error(err, out.String())
	}
	const timeout = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out after 10m0s\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t600.048s\n"}
{"Action":"fail","Package":"p","Elapsed":600}
`
	out.Reset()
	if err := report(strings.NewReader(timeout), &out); err == nil || !strings.Contains(out.String(), "TestA did not end\npanic: test timed out") {
		t.Error(err, out.String())
	}
}
