package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema/diff"
	"github.com/krowoc/krowoc/internal/seed"
)

// CIOptions say what is looked at.
type CIOptions struct {
	Since   string // the revision of git that lint and verify compare with; "" looks at every file
	Scratch scratch.Options
	Report  func(CIStep) // is told of each step that ends, one at a time
}

// CIStep is what became of a step.
type CIStep struct {
	Name       string     `json:"name"`
	OK         bool       `json:"ok"`
	DurationMs float64    `json:"durationMs"`
	Summary    string     `json:"summary"` // what was found, or looked at
	Remarks    []CIRemark `json:"remarks,omitempty"`
	Err        error      `json:"-"` // why it could not be done at all; nil also where it found something
}

// CIRemark is something that was found in a file.
type CIRemark struct {
	Rule    string `json:"rule"`
	Level   string `json:"level"` // error, warning or info
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// ciStep is a step before it runs.
type ciStep struct {
	name string
	run  func(ctx context.Context, o CIOptions, s *scratch.Server) (summary string, remarks []CIRemark, err error)
}

// CISteps names the steps that krowoc has, in the order in which they are shown.
func CISteps() []string {
	var names []string
	for _, s := range (&App{}).ciSteps() {
		names = append(names, s.name)
	}
	return names
}

func (a *App) ciSteps() []ciStep {
	return []ciStep{
		{"schema", a.ciSchema}, {changesStep, a.ciChanges}, {"generate", a.ciGenerate}, {"lint", a.ciLint}, {"diff", a.ciDiff}, {"verify", a.ciVerify}, {"seed", a.ciSeed},
	}
}

// changesStep needs a base to compare with.
const changesStep = "changes"

// errFound is returned by a step that has found something.
var errFound = errors.New("something was found")

// CI runs every step that the configuration does not leave out, and those that it adds: those of krowoc at once, since none needs
// another, and the project's own after them, in their order. The results are in the order of the steps.
func (a *App) CI(ctx context.Context, o CIOptions) (results []CIStep, err error) {
	c := a.Config.CI
	for _, name := range c.Skip {
		if !slices.Contains(CISteps(), name) {
			return nil, fault.New(fault.Invalid, "run CI", fmt.Sprintf("ci.skip names %q, and there is no such step", name), strings.Join(CISteps(), ", "))
		}
	}
	steps := slices.DeleteFunc(a.ciSteps(), func(s ciStep) bool { return slices.Contains(c.Skip, s.name) || s.name == changesStep && o.Since == "" })
	scratch, err := a.Scratch(ctx, o.Scratch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, scratch.Close(ctx)) }()
	results = make([]CIStep, len(steps))
	var group errgroup.Group
	var reporting sync.Mutex
	for i, s := range steps {
		group.Go(func() error {
			results[i] = timed(ctx, s.name, func() (string, []CIRemark, error) { return s.run(ctx, o, scratch) })
			reporting.Lock()
			defer reporting.Unlock()
			o.Report(results[i])
			return nil
		})
	}
	_ = group.Wait() // no step returns an error
	for _, own := range c.Steps {
		if ctx.Err() != nil {
			break
		}
		result := timed(ctx, own.Name, func() (string, []CIRemark, error) { return a.ownStep(ctx, own.Run) })
		o.Report(result)
		results = append(results, result)
	}
	return results, ctx.Err()
}

// timed runs a step.
func timed(ctx context.Context, name string, run func() (string, []CIRemark, error)) CIStep {
	began := time.Now()
	summary, remarks, err := run()
	s := CIStep{Name: name, OK: err == nil, Summary: summary, Remarks: remarks, DurationMs: float64(time.Since(began).Microseconds()) / 1000}
	if err == nil || errors.Is(err, errFound) {
		return s
	}
	if s.Remarks = append(s.Remarks, remarksOf(name, err)...); s.Summary == "" {
		s.Summary = oneLine(err)
	}
	if code := fault.CodeOf(err); ctx.Err() != nil || code != fault.Invalid && code != fault.Conflict && code != fault.CheckFailed {
		s.Err = err
	}
	return s
}

func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// remarksOf returns the mistakes in files that an error lists.
func remarksOf(step string, err error) (out []CIRemark) {
	var list diag.List
	if errors.As(err, &list) {
		for _, d := range list {
			out = append(out, remarkOf(step, d))
		}
	}
	return out
}

func remarkOf(step string, d diag.Diagnostic) CIRemark {
	message := d.Message
	if d.Remedy != "" {
		message += ": " + d.Remedy
	}
	return CIRemark{Rule: step + "/" + d.Code, Level: string(d.Severity), File: d.File, Line: d.Line, Column: d.Column, Message: message}
}

func (a *App) ciSchema(context.Context, CIOptions, *scratch.Server) (string, []CIRemark, error) {
	s, list := a.ParseSchema()
	var remarks []CIRemark
	for _, d := range list {
		remarks = append(remarks, remarkOf("schema", d))
	}
	if s == nil {
		return fmt.Sprintf("%d mistakes", list.Errors()), remarks, errFound
	}
	return fmt.Sprintf("%d types", len(s.Tables)+len(s.Plain)), remarks, nil
}

// ciChanges compares the schema with the base's.
func (a *App) ciChanges(ctx context.Context, o CIOptions, s *scratch.Server) (string, []CIRemark, error) {
	b, err := a.SchemaDiff(ctx, s, o.Since, a.Config.CI.Operations)
	if fault.CodeOf(err) == fault.NotFound {
		return "the base has no schema", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	refuse := a.Config.CI.Breaking == "refuse"
	level := map[diff.Severity]string{diff.Breaking: "warning", diff.Dangerous: "info", diff.Safe: "info"}
	if refuse {
		level[diff.Breaking] = "error"
	}
	var remarks []CIRemark
	for _, c := range b.Changes {
		remarks = append(remarks, CIRemark{Rule: "changes/" + c.Kind, Level: level[c.Worst()], File: a.Config.Schema, Line: 1, Message: string(c.Worst()) + ": " + c.Path + ": " + c.Message})
	}
	for _, x := range b.Operations {
		remarks = append(remarks, CIRemark{Rule: "changes/operation", Level: level[diff.Breaking], File: x.File, Line: x.Line, Column: x.Column, Message: x.Message})
	}
	summary := fmt.Sprintf("%d changes, %d breaking", len(b.Changes), b.Breaking())
	if refuse && b.Breaking() > 0 {
		return summary, remarks, errFound
	}
	return summary, remarks, nil
}

func (a *App) ciGenerate(context.Context, CIOptions, *scratch.Server) (string, []CIRemark, error) {
	jobs, err := a.GenerateJobs(nil)
	if err != nil {
		return "", nil, err
	}
	changes, err := a.Generate(jobs)
	if err != nil {
		return "", nil, err
	}
	var remarks []CIRemark
	for _, c := range changes {
		remarks = append(remarks, CIRemark{Rule: "generate/stale", Level: "error", File: a.Relative(c.Path), Line: 1,
			Message: "it is not what the schema says: `krowoc generate` writes it"})
	}
	if len(changes) > 0 {
		return fmt.Sprintf("%d stale files", len(changes)), remarks, errFound
	}
	return fmt.Sprintf("%d targets", len(jobs)), nil, nil
}

// changed returns the migrations to look at; nil is all.
func (a *App) changed(ctx context.Context, o CIOptions) (map[string]bool, error) {
	if o.Since == "" {
		return nil, nil
	}
	return git.ChangedSince(ctx, a.Config.Path(a.Config.Migrations.Dir), o.Since)
}

func (a *App) ciLint(ctx context.Context, o CIOptions, _ *scratch.Server) (string, []CIRemark, error) {
	only, err := a.changed(ctx, o)
	if err != nil {
		return "", nil, err
	}
	options, err := a.LintOptions(only, 0)
	if err != nil {
		return "", nil, err
	}
	result, err := lint.Run(options)
	if err != nil {
		return "", nil, err
	}
	bad := 0
	var remarks []CIRemark
	for _, f := range result.Findings {
		remarks = append(remarks, CIRemark{Rule: "lint/" + f.Rule, Level: string(f.Severity), File: f.File, Line: f.Line, Column: f.Column, Message: f.Message})
		if f.Severity.AtLeast(lint.Severity(a.Config.Lint.FailOn)) {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Sprintf("%d findings", bad), remarks, errFound
	}
	return fmt.Sprintf("%d files", result.Files), remarks, nil
}

func (a *App) ciVerify(ctx context.Context, o CIOptions, s *scratch.Server) (string, []CIRemark, error) {
	only, err := a.changed(ctx, o)
	if err != nil {
		return "", nil, err
	}
	result, err := a.Verify(ctx, s, only, func(verify.File) {})
	if err != nil {
		return "", nil, err
	}
	var remarks []CIRemark
	bad := 0
	for _, f := range result.Files {
		if !f.OK {
			bad++
		}
		for _, finding := range f.Findings {
			level := map[bool]string{true: "error", false: "info"}[finding.Kind != verify.Rows]
			remarks = append(remarks, CIRemark{Rule: "verify/" + string(finding.Kind), Level: level, File: a.Config.Migrations.Dir + "/" + f.File, Line: 1, Message: finding.String()})
		}
	}
	if bad > 0 {
		return fmt.Sprintf("%d of %d cannot be rolled back as they should", bad, len(result.Files)), remarks, errFound
	}
	return fmt.Sprintf("%d files", len(result.Files)), remarks, nil
}

func (a *App) ciDiff(ctx context.Context, _ CIOptions, s *scratch.Server) (string, []CIRemark, error) {
	plan, err := a.Diff(ctx, s, ddl.PlanOptions{})
	if err != nil {
		return "", nil, err
	}
	if n := len(plan.Files); n > 0 {
		return fmt.Sprintf("%d migrations missing", n), []CIRemark{{Rule: "diff/missing", Level: "error", File: a.Config.Schema, Line: 1,
			Message: "the migrations do not build what the schema says: `krowoc migrate diff NAME` writes what is missing"}}, errFound
	}
	return "the migrations build the schema", nil, nil
}

func (a *App) ciSeed(ctx context.Context, _ CIOptions, s *scratch.Server) (_ string, _ []CIRemark, err error) {
	if _, err := os.Stat(a.Config.Path(a.Config.Seeds.Dir)); errors.Is(err, fs.ErrNotExist) {
		return "no seeds", nil, nil
	}
	types, err := a.Schema()
	if err != nil {
		return "", nil, err
	}
	db, drop, err := a.MigratedDatabase(ctx, s)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	// The database is a scratch one, whatever the environment is.
	summary, err := a.Seed(ctx, db, types, func(o *seed.Options) { o.AllowProtected, o.Confirmed = a.Config.Environment, true })
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("%d rows", summary.Total().Inserted), nil, nil
}

// ownStep runs a command of the project's.
func (a *App) ownStep(ctx context.Context, command string) (string, []CIRemark, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir, cmd.WaitDelay = a.Config.Root, 5*time.Second
	out, err := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	last := lines[len(lines)-1]
	if err == nil {
		return last, nil, nil
	}
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	const most = 40 // lines of a command that are shown
	return last, []CIRemark{{Rule: "command", Level: "error", File: a.Relative(a.Config.File), Line: 1,
		Message: fmt.Sprintf("%s: %v\n%s", command, err, strings.Join(lines[max(0, len(lines)-most):], "\n"))}}, errFound
}
