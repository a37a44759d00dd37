// Package ci runs every check of a project: Krowoc's own checks and the project's own commands.
package ci

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema/diff"
)

// Options configure the checks. The caller passes in the comparisons of schemas, which are separate use cases.
type Options struct {
	Since   string // the git revision to compare with; lint and verify then check only changed files; "" checks every file
	Scratch scratch.Options
	Report  func(Step) // receives each finished step, one at a time

	// Missing returns what the migrations lack of the schema.
	Missing func(ctx context.Context, s *scratch.Server) (Missing, error)
	// Changes compares the schema with that of Since. The error is a not_found fault if that revision has no schema.
	Changes func(ctx context.Context, s *scratch.Server) (Changes, error)
}

// Missing is what the migrations lack of the schema.
type Missing struct {
	Migrations int      // that can be written
	LeftOut    []string // changes that have to be written by hand, each with its reason
}

// Changes are the differences between two schemas, and the operations that are invalid in the newer one.
type Changes struct {
	List       []diff.Change
	Operations []diag.Diagnostic // with a position and a message
}

// Step is the result of a step.
type Step struct {
	Name     string
	OK       bool
	Took     time.Duration
	Summary  string // the result, or what was checked
	Findings []diag.Diagnostic
	Err      error // why the step could not run to its end; nil if it did, with or without findings
}

// runner runs the steps on a project.
type runner struct {
	*app.App
	Options
	scratch *scratch.Server
}

// step is a step before it runs.
type step struct {
	name string
	run  func(runner, context.Context) (summary string, findings []diag.Diagnostic, err error)
}

// steps are Krowoc's own steps, in the order of the report.
var steps = []step{
	{"schema", runner.schema}, {changesStep, runner.changes}, {"generate", runner.generate}, {"lint", runner.lint}, {"diff", runner.diff}, {"verify", runner.verify},
	{"seed", runner.seed},
}

// changesStep needs a revision to compare with.
const changesStep = "changes"

// errFound is returned by a step with findings.
var errFound = errors.New("the check has findings")

// Run runs Krowoc's own steps, except those that the configuration skips, and then the project's own steps. Krowoc's own steps are
// independent and run at the same time. The others run one after the other. The results are in the order of the steps.
func Run(ctx context.Context, a *app.App, o Options) (results []Step, err error) {
	chosen, err := choose(a.Config.CI.Skip, o.Since)
	if err != nil {
		return nil, err
	}
	if o.Scratch.URL != "" {
		a.AnnounceDatabase(o.Scratch.URL)
	}
	server, err := a.Scratch(ctx, o.Scratch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	r := runner{a, o, server}
	results = make([]Step, len(chosen))
	var group errgroup.Group
	var reporting sync.Mutex
	for i, s := range chosen {
		group.Go(func() error {
			results[i] = timed(ctx, s.name, func() (string, []diag.Diagnostic, error) { return s.run(r, ctx) })
			reporting.Lock()
			defer reporting.Unlock()
			o.Report(results[i])
			return nil
		})
	}
	_ = group.Wait() // no step returns an error
	for _, own := range a.Config.CI.Steps {
		if ctx.Err() != nil {
			break
		}
		result := timed(ctx, own.Name, func() (string, []diag.Diagnostic, error) { return r.command(ctx, own.Run) })
		o.Report(result)
		results = append(results, result)
	}
	return results, ctx.Err()
}

// choose returns the steps that are not skipped.
func choose(skip []string, since string) ([]step, error) {
	var names []string
	for _, s := range steps {
		names = append(names, s.name)
	}
	for _, name := range skip {
		if !slices.Contains(names, name) {
			return nil, fault.New(fault.Invalid, "run CI", fmt.Sprintf("ci.skip contains an unknown step %q", name), "use "+strings.Join(names, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool {
		withoutBase := s.name == changesStep && since == ""
		return withoutBase || slices.Contains(skip, s.name)
	}), nil
}

// timed runs a step.
func timed(ctx context.Context, name string, run func() (string, []diag.Diagnostic, error)) Step {
	began := time.Now()
	summary, findings, err := run()
	s := Step{Name: name, OK: err == nil, Summary: summary, Findings: findings, Took: time.Since(began)}
	if err == nil || errors.Is(err, errFound) {
		return s
	}
	var mistakes diag.List
	if errors.As(err, &mistakes) {
		s.Findings = append(s.Findings, findingsOf(name, mistakes)...)
	}
	if s.Summary == "" {
		s.Summary, _, _ = strings.Cut(err.Error(), "\n")
	}
	if ctx.Err() != nil || !isFinding(err) {
		s.Err = err
	}
	return s
}

// isFinding reports whether an error is caused by the project, as opposed to running the step.
func isFinding(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Conflict, fault.CheckFailed:
		return true
	}
	return false
}

// findingsOf converts diagnostics to findings of a step: it adds the step to the code and the remedy to the message.
func findingsOf(step string, list diag.List) (out []diag.Diagnostic) {
	for _, d := range list {
		message := d.Message
		if d.Remedy != "" {
			message += ": " + d.Remedy
		}
		out = append(out, diag.Diagnostic{Severity: d.Severity, Code: step + "/" + d.Code, Position: d.Position, Message: message})
	}
	return out
}
