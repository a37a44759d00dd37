package term_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestTableInAPipeIsTabsWithoutHeader(t *testing.T) {
	terminal, out, _ := term.Test(nil)
	table := terminal.NewTable("NAME", "WHEN", "NOTE")
	table.Row("a\tb\nc", now, term.Cell{Text: "styled", Style: terminal.Styles().Bad})
	table.Row("d", time.Time{}, 3)
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := "a b c\t2026-05-04T12:00:00Z\tstyled\nd\t-\t3\n"; out.String() != want {
		t.Errorf("got %q", out)
	}
}

func TestTableOnATerminalIsAligned(t *testing.T) {
	terminal, out, _ := term.Test(nil)
	terminal.OutTTY, terminal.Now = true, func() time.Time { return now }
	table := terminal.NewTable("NAME", "WHEN")
	table.Row("短い", now.Add(-time.Minute))
	table.Row("a longer name", now.Add(-50*time.Hour))
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "NAME           WHEN\n短い           1 minute ago\na longer name  2 days ago\n"
	if out.String() != want {
		t.Errorf("got\n%s", out)
	}
}

func TestTimeOnATerminal(t *testing.T) {
	terminal, _, _ := term.Test(nil)
	terminal.OutTTY, terminal.Now = true, func() time.Time { return now }
	for ago, want := range map[time.Duration]string{
		0: "now", 500 * time.Millisecond: "now", time.Second: "1 second ago", 59 * time.Second: "59 seconds ago",
		90 * time.Minute: "1 hour ago", 49 * time.Hour: "2 days ago", -time.Hour: "2026-05-04T13:00:00Z",
	} {
		if got := terminal.Time(now.Add(-ago)); got != want {
			t.Errorf("%s ago is %q, want %q", ago, got, want)
		}
	}
}

func TestErrorHasALineForEachQuestion(t *testing.T) {
	list := diag.List{{Severity: diag.Error, Position: diag.Position{File: "a.yaml", Line: 2, Column: 3}, Source: "x: 1", Width: 1, Message: "wrong", Remedy: "right"}}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"a fault":          {fault.New(fault.Conflict, "listen on :80", "it is in use", "stop the other one"), "error: listen on :80\ncause: it is in use\n hint: stop the other one\n"},
		"any error":        {errors.New("boom"), "error: boom\n"},
		"a wrapped error":  {fault.Wrap("read x", errors.New("no such file")), "error: read x\ncause: no such file\n"},
		"a wrapped fault":  {fault.Wrap("start", fault.New(fault.Timeout, "connect", "no answer", "wait")), "error: start\ncause: connect: no answer\n hint: wait\n"},
		"only a message":   {fault.New(fault.Canceled, "", "interrupted"), "error: interrupted\n"},
		"only a code":      {&fault.Error{Code: fault.Internal, Op: "x"}, "error: x\ncause: internal\n"},
		"several lines":    {fault.New(fault.Invalid, "apply", "syntax error\nDETAIL: x\n"), "error: apply\ncause: syntax error\n       DETAIL: x\n"},
		"diagnostics":      {list.Err("read a.yaml"), "error: read a.yaml\ncause: 1 mistake\na.yaml:2:3: error: wrong\n    2 | x: 1\n      |   ^\n      = right\n"},
		"diagnostics deep": {fault.Wrap("start", list.Err("read")), "error: start\ncause: read: 1 mistake\na.yaml:2:3: error: wrong\n    2 | x: 1\n      |   ^\n      = right\n"},
		"bare diagnostics": {fault.Wrap("start", list), "error: start\na.yaml:2:3: error: wrong\n    2 | x: 1\n      |   ^\n      = right\n"},
	} {
		terminal, out, stderr := term.Test(nil)
		terminal.Error(tt.err)
		if stderr.String() != tt.want || out.Len() > 0 {
			t.Errorf("%s: got\n%s", name, stderr)
		}
	}
}

func TestErrorAsJSON(t *testing.T) {
	terminal, _, stderr := term.Test(nil)
	terminal.Format = term.JSON
	list := diag.List{{Severity: diag.Error, Code: "x", Position: diag.Position{File: "a<b"}, Message: "wrong"}}
	terminal.Error(list.Err("read"))
	var got map[string]term.ErrorReport
	if err := json.Unmarshal(stderr.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	r := got["error"]
	if r.Code != fault.Invalid || r.Op != "read" || r.Message != "1 mistake" || len(r.Diagnostics) != 1 || !strings.Contains(stderr.String(), "a<b") {
		t.Errorf("got %s", stderr)
	}
}

func TestDiagnosticsLookAsTheyPrintThemselves(t *testing.T) {
	list := diag.List{
		{Severity: diag.Warning, Position: diag.Position{File: "schema.graphql", Line: 3, Column: 5}, Source: "\tü @uniqe", Width: 6, Message: "m", Remedy: "r"},
		{Severity: diag.Error, Position: diag.Position{File: "x"}, Message: "whole file"},
	}
	terminal, out, _ := term.Test(nil)
	terminal.Diagnostics(list)
	if out.String() != list.Error()+"\n" {
		t.Errorf("got\n%s\nwant\n%s", out, list.Error())
	}
}

func TestConfirmRefusesWhereNobodyCanAnswer(t *testing.T) {
	terminal, _, stderr := term.Test(strings.NewReader("y\n"))
	ok, err := terminal.Confirm(t.Context(), "Drop it?")
	if ok || fault.CodeOf(err) != fault.Invalid || !strings.Contains(fault.HintOf(err), "--yes") || stderr.Len() > 0 {
		t.Errorf("got %v, %v", ok, err)
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yep\n": false} {
		terminal, _, stderr := term.Test(strings.NewReader(answer))
		terminal.InTTY, terminal.ErrTTY = true, true
		if got, err := terminal.Confirm(t.Context(), "Drop it?"); got != want || err != nil {
			t.Errorf("%q is %v, %v", answer, got, err)
		}
		if !strings.HasPrefix(stderr.String(), "Drop it? [y/N] ") {
			t.Errorf("asked %q", stderr)
		}
	}
}

// silent is a person who never answers.
type silent struct{ asked chan struct{} }

func (s silent) Read([]byte) (int, error) { close(s.asked); select {} }

func TestConfirmEndsWithItsContext(t *testing.T) {
	person := silent{make(chan struct{})}
	terminal, _, _ := term.Test(person)
	terminal.InTTY, terminal.ErrTTY = true, true
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-person.asked; cancel() }()
	if ok, err := terminal.Confirm(ctx, "Drop it?"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", ok, err)
	}
}

func TestResult(t *testing.T) {
	for format, want := range map[term.Format]string{term.Text: "text\n", term.JSON: "{\n  \"a\": \"<b>\"\n}\n"} {
		terminal, out, _ := term.Test(nil)
		terminal.Format = format
		err := terminal.Result(map[string]string{"a": "<b>"}, func() error { _, err := fmt.Fprintln(terminal.Out, "text"); return err })
		if err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", format, out, err)
		}
	}
}

func TestWidthComesFromColumns(t *testing.T) {
	for columns, want := range map[string]int{"": 80, "132": 132, "x": 80, "-4": 80} {
		terminal := term.New(term.Streams{}, func(name string) (string, bool) { return map[string]string{"COLUMNS": columns}[name], true })
		if terminal.Width != want {
			t.Errorf("COLUMNS=%s: %d", columns, terminal.Width)
		}
	}
}
