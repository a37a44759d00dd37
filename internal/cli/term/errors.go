package term

import (
	"errors"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// ErrorReport is the JSON form of an error, written to Err as {"error": …} under --output json.
type ErrorReport struct {
	Code        fault.Code `json:"code"`
	Op          string     `json:"op,omitempty"` // what failed
	Message     string     `json:"message"`      // why
	Hint        string     `json:"hint,omitempty"`
	Diagnostics diag.List  `json:"diagnostics,omitempty"`
}

// NewErrorReport splits an error into what failed, why, the hint, and the positions in files.
func NewErrorReport(err error) ErrorReport {
	r := ErrorReport{Code: fault.CodeOf(err), Hint: fault.HintOf(err), Message: err.Error()}
	var f *fault.Error
	if errors.As(err, &f) {
		r.Op, r.Message = f.Op, why(f)
	}
	errors.As(err, &r.Diagnostics)
	if r.Op != "" && r.Message == "" && len(r.Diagnostics) == 0 {
		r.Message = string(r.Code)
	}
	return r
}

// why returns the message of a fault, or of the error that it wraps. A list of diagnostics is shown separately.
func why(f *fault.Error) string {
	if f.Message != "" || f.Err == nil {
		return f.Message
	}
	var list diag.List
	var inner *fault.Error
	if errors.As(f.Err, &list) && !errors.As(f.Err, &inner) {
		return ""
	}
	return f.Err.Error()
}

// Error writes an error to Err: a line for what failed, one for the cause, the positions in files if there are any, and a line for the
// hint. With --output json it writes one JSON object.
func (t *Terminal) Error(err error) {
	if p := t.running.Load(); p != nil {
		p.Fail() // otherwise it would draw over the error
	}
	r := NewErrorReport(err)
	if t.Format == JSON {
		_ = writeJSON(t.Err, map[string]ErrorReport{"error": r}) // a failure cannot be reported
		return
	}
	fmt.Fprint(t.Err, t.errStyles.report(r))
}

// report renders an error.
func (s Styles) report(r ErrorReport) string {
	what := r.Op
	if what == "" {
		what, r.Message = r.Message, ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", s.Bad.Render("error:"), what)
	if r.Message != "" {
		fmt.Fprintf(&b, "%s %s\n", s.Bold.Render("cause:"), indent(r.Message))
	}
	for _, d := range r.Diagnostics {
		b.WriteString(s.diagnostic(d))
	}
	if r.Hint != "" {
		fmt.Fprintf(&b, " %s %s\n", s.Accent.Render("hint:"), indent(r.Hint))
	}
	return b.String()
}

// Fault converts a report back to an error.
func (r ErrorReport) Fault() error {
	f := &fault.Error{Code: r.Code, Op: r.Op, Message: r.Message, Hint: r.Hint}
	if len(r.Diagnostics) > 0 {
		f.Err = r.Diagnostics
	}
	return f
}

// indent indents all lines of a text except the first.
func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n       ")
}

// Diagnostics writes a list to Out as the result of a check.
func (t *Terminal) Diagnostics(list diag.List) {
	for _, d := range list {
		fmt.Fprint(t.Out, t.styles.diagnostic(d))
	}
}

// Warnings writes warnings to Err, in addition to the result of a command. With --output json it writes nothing, because Err then
// contains at most one JSON object, for an error.
func (t *Terminal) Warnings(list diag.List) {
	if t.Format == JSON {
		return
	}
	for _, d := range list {
		fmt.Fprint(t.Err, t.errStyles.diagnostic(d))
	}
}

// diagnostic renders a diagnostic like diag.Diagnostic.String, with colour.
func (s Styles) diagnostic(d diag.Diagnostic) string {
	severity := s.Bad
	if d.Severity == diag.Warning {
		severity = s.Warn
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s\n", s.Bold.Render(d.Position.String()), severity.Render(string(d.Severity)+":"), d.Message)
	if d.Line > 0 && d.Source != "" {
		source, caret := d.Snippet()
		gutter := fmt.Sprintf("%5d | ", d.Line)
		empty := strings.Repeat(" ", len(gutter)-2) + "| "
		spaces := len(caret) - len(strings.TrimLeft(caret, " "))
		fmt.Fprintf(&b, "%s%s\n", s.Faint.Render(gutter), source)
		fmt.Fprintf(&b, "%s%s%s\n", s.Faint.Render(empty), caret[:spaces], severity.Render(caret[spaces:]))
	}
	if d.Remedy != "" {
		fmt.Fprintf(&b, "      %s %s\n", s.Accent.Render("="), d.Remedy)
	}
	return b.String()
}
