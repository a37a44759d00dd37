package ci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/migrate/lint"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/schema/diff"
	"github.com/krowoc/krowoc/internal/seed"
)

// firstLine is the position of a finding about a whole file.
func firstLine(file string) diag.Position { return diag.Position{File: file, Line: 1} }

func (r runner) schema(ctx context.Context) (string, []diag.Diagnostic, error) {
	s, list := r.ParseSchema()
	findings := findingsOf("schema", list)
	if s == nil {
		return diag.Count(list.Errors(), "mistake"), findings, errFound
	}
	inSQL, err := r.CheckSQL(ctx, r.scratch, s)
	if err != nil {
		return "", findings, err
	}
	if len(inSQL) > 0 {
		return diag.Count(len(inSQL), "mistake") + " in SQL", append(findings, findingsOf("schema", inSQL)...), errFound
	}
	return diag.Count(len(s.Tables)+len(s.Plain), "type"), findings, nil
}

// changes compares the schema with that of the base.
func (r runner) changes(ctx context.Context) (string, []diag.Diagnostic, error) {
	c, err := r.Changes(ctx, r.scratch)
	if fault.CodeOf(err) == fault.NotFound {
		return "the base has no schema", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	refuse := r.Config.CI.Breaking == "refuse"
	severity := map[diff.Severity]diag.Severity{diff.Breaking: diag.Warning, diff.Dangerous: diag.Info, diff.Safe: diag.Info}
	if refuse {
		severity[diff.Breaking] = diag.Error
	}
	var findings []diag.Diagnostic
	breaking := len(c.Operations)
	for _, change := range c.List {
		worst := change.Worst()
		if worst == diff.Breaking {
			breaking++
		}
		findings = append(findings, diag.Diagnostic{Severity: severity[worst], Code: "changes/" + change.Kind, Position: firstLine(r.Config.Schema),
			Message: string(worst) + ": " + change.Path + ": " + change.Message})
	}
	for _, operation := range c.Operations {
		operation.Severity, operation.Code = severity[diff.Breaking], "changes/operation"
		findings = append(findings, operation)
	}
	summary := fmt.Sprintf("%s, %d breaking", diag.Count(len(c.List), "change"), breaking)
	if refuse && breaking > 0 {
		return summary, findings, errFound
	}
	return summary, findings, nil
}

func (r runner) generate(context.Context) (string, []diag.Diagnostic, error) {
	jobs, err := r.GenerateJobs(nil)
	if err != nil {
		return "", nil, err
	}
	changes, err := r.Generate(jobs)
	if err != nil {
		return "", nil, err
	}
	var findings []diag.Diagnostic
	for _, c := range changes {
		findings = append(findings, diag.Diagnostic{Severity: diag.Error, Code: "generate/stale", Position: firstLine(r.Relative(c.Path)),
			Message: "the file does not match the schema: update it with `krowoc generate`"})
	}
	if len(changes) > 0 {
		return diag.Count(len(changes), "stale file"), findings, errFound
	}
	return diag.Count(len(jobs), "target"), nil, nil
}

// changed returns the migrations to check; nil means all.
func (r runner) changed(ctx context.Context) (map[string]bool, error) {
	if r.Since == "" {
		return nil, nil
	}
	return git.ChangedSince(ctx, r.Config.Path(r.Config.Migrations.Dir), r.Since)
}

func (r runner) lint(ctx context.Context) (string, []diag.Diagnostic, error) {
	only, err := r.changed(ctx)
	if err != nil {
		return "", nil, err
	}
	options, err := r.LintOptions(only, 0)
	if err != nil {
		return "", nil, err
	}
	result, err := lint.Run(options)
	if err != nil {
		return "", nil, err
	}
	bad := 0
	var findings []diag.Diagnostic
	for _, f := range result.Findings {
		findings = append(findings, diag.Diagnostic{Severity: diag.Severity(f.Severity), Code: "lint/" + f.Rule,
			Position: diag.Position{File: f.File, Line: f.Line, Column: f.Column}, Message: f.Message})
		if f.Severity.AtLeast(lint.Severity(r.Config.Lint.FailOn)) {
			bad++
		}
	}
	if bad > 0 {
		return diag.Count(bad, "finding"), findings, errFound
	}
	return diag.Count(result.Files, "file"), findings, nil
}

func (r runner) verify(ctx context.Context) (string, []diag.Diagnostic, error) {
	only, err := r.changed(ctx)
	if err != nil {
		return "", nil, err
	}
	result, err := r.Verify(ctx, r.scratch, only, func(verify.File) {})
	if err != nil {
		return "", nil, err
	}
	bad := 0
	var findings []diag.Diagnostic
	for _, file := range result.Files {
		if !file.OK {
			bad++
		}
		if file.Ignored != "" {
			findings = append(findings, diag.Diagnostic{Severity: diag.Info, Code: "verify/ignored", Message: "not verified: " + file.Ignored,
				Position: firstLine(path.Join(r.Config.Migrations.Dir, file.File))})
		}
		for _, f := range file.Findings {
			d := f.Diagnostic
			d.Code, d.Line, d.Message = "verify/"+d.Code, max(d.Line, 1), f.String()
			if f.Kind == verify.Rows {
				d.Severity = diag.Info // every dropped column changes rows
			}
			findings = append(findings, d)
		}
	}
	if bad > 0 {
		return fmt.Sprintf("%d of %d migrations failed", bad, len(result.Files)), findings, errFound
	}
	return diag.Count(len(result.Files), "file"), findings, nil
}

func (r runner) diff(ctx context.Context) (string, []diag.Diagnostic, error) {
	missing, err := r.Missing(ctx, r.scratch)
	if err != nil {
		return "", nil, err
	}
	var summary []string
	var findings []diag.Diagnostic
	find := func(code, message string) {
		findings = append(findings, diag.Diagnostic{Severity: diag.Error, Code: code, Position: firstLine(r.Config.Schema), Message: message})
	}
	if n := missing.Migrations; n > 0 {
		summary = append(summary, diag.Count(n, "migration")+" missing")
		find("diff/missing", "the migrations do not match the schema: write the missing ones with `krowoc migrate diff NAME`")
	}
	for _, l := range missing.LeftOut {
		find("diff/left-out", "a migration must be written by hand with `krowoc migrate create NAME`: "+l)
	}
	if n := len(missing.LeftOut); n > 0 {
		summary = append(summary, diag.Count(n, "change")+" left out")
	}
	if len(findings) > 0 {
		return strings.Join(summary, ", "), findings, errFound
	}
	return "the migrations match the schema", nil, nil
}

func (r runner) seed(ctx context.Context) (_ string, _ []diag.Diagnostic, err error) {
	if _, err := os.Stat(r.Config.Path(r.Config.Seeds.Dir)); errors.Is(err, fs.ErrNotExist) {
		return "no seeds", nil, nil
	}
	types, err := r.Schema()
	if err != nil {
		return "", nil, err
	}
	db, drop, err := r.MigratedDatabase(ctx, r.scratch)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	// The database is a scratch database in every environment, so protection does not apply.
	summary, err := r.Seed(ctx, db, types, func(o *seed.Options) { o.AllowProtected, o.Confirmed = r.Config.Environment, true })
	if err != nil {
		return "", nil, err
	}
	return diag.Count(summary.Total().Inserted, "row"), nil, nil
}

// mostLines is the maximum number of lines of a command's output in the report.
const mostLines = 40

// command runs one of the project's own commands.
func (r runner) command(ctx context.Context, command string) (string, []diag.Diagnostic, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir, cmd.WaitDelay = r.Config.Root, 5*time.Second
	out, err := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	last := lines[len(lines)-1]
	if err == nil {
		return last, nil, nil
	}
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	shown := strings.Join(lines[max(0, len(lines)-mostLines):], "\n")
	return last, []diag.Diagnostic{{Severity: diag.Error, Code: "command", Position: firstLine(r.Relative(r.Config.File)),
		Message: fmt.Sprintf("%s: %v\n%s", command, err, shown)}}, errFound
}
