package verify

import (
	"context"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/migrate"
)

func (v *verifier) newFile(s migrate.Status) File {
	return File{path: path.Join(v.Dir, s.File), Version: s.Version, File: s.File}
}

// one verifies one migration after the migrations up to the previous one, unless the file asks not to be verified.
func (v *verifier) one(ctx context.Context, s migrate.Status, previous int64) (File, error) {
	if s.State == migrate.InGo {
		f := v.newFile(s)
		f.OK, f.Ignored = true, "it is a migration in Go, which is not applied; files that need it fail"
		return f, nil
	}
	source, err := migrate.ReadSource(v.FS, v.Dir, s.File, v.LookupEnv)
	if err != nil {
		return File{}, err
	}
	var without []migrate.Ignore
	for _, ig := range migrate.ReadIgnores(strings.Split(source.Text, "\n")) {
		if !slices.Contains(ig.Rules, migrate.VerifyRule) {
			continue
		}
		if ig.Reason != "" {
			f := v.newFile(s)
			f.OK, f.Ignored = true, ig.Reason
			return f, v.skip(ctx, s)
		}
		without = append(without, ig)
	}
	f, err := v.file(ctx, s, true)
	if err == nil && f.has(UpFails) {
		f, err = v.withoutRows(ctx, s, previous, source, f)
	}
	for _, ig := range without {
		f.add(Finding{Kind: BadIgnore}, "this comment has no reason; write `"+migrate.DirectivePrefix+" ignore verify: the reason`")
		f.Findings[len(f.Findings)-1].Line, f.OK = ig.Line, false
	}
	return f, err
}

// withoutRows verifies a file again that could not be applied to tables with rows. The rows are generated: real ones may be such that it can
// be. So the file gets rows that satisfy what it and later files demand, and if that does not help, none.
func (v *verifier) withoutRows(ctx context.Context, s migrate.Status, previous int64, source migrate.Source, failed File) (File, error) {
	if err := v.restart(ctx, previous); err != nil {
		return File{}, err
	}
	var before shape
	if v.future.last < s.Version {
		var err error
		if before, err = v.shape(ctx); err != nil {
			return File{}, err
		}
	}
	f, err := v.file(ctx, s, false)
	if err != nil || f.has(UpFails) {
		f.stops = true
		return f, err
	}
	failure := failed.Findings[0]
	if anyRowBreaks(source, failure) {
		f.Findings, f.OK = slices.Insert(f.Findings, 0, failure), false
		return f, nil
	}
	for _, farsighted := range []bool{true, false} {
		fitting, err := v.withFittingRows(ctx, s, previous, before, farsighted)
		if err != nil || !fitting.has(UpFails) {
			return fitting, err
		}
	}
	if err := v.restart(ctx, previous); err != nil {
		return f, err
	}
	if f, err = v.file(ctx, s, false); err == nil {
		f.add(Finding{Kind: EmptyOnly, Err: failure.Err}, "proved on empty tables only; with generated rows it fails: "+failure.Message)
	}
	return f, err
}

// withFittingRows verifies a file with rows that satisfy what it demands, and if farsighted, also what later files demand. before is the state
// before the file.
func (v *verifier) withFittingRows(ctx context.Context, s migrate.Status, previous int64, before shape, farsighted bool) (File, error) {
	known := v.future
	if farsighted && known.last < s.Version {
		if err := v.lookAhead(ctx, s.Version, before); err != nil {
			return File{}, err
		}
		known = v.future
	}
	if !farsighted { // a file can change values, so that those which a later file demands do not suit this one
		v.future = known.until(s.Version)
		defer func() { v.future = known }()
	}
	if err := v.restart(ctx, previous); err != nil {
		return File{}, err
	}
	return v.file(ctx, s, true)
}

// anyRowBreaks reports whether a failure does not depend on what the rows are: the statement adds a required column without a default.
func anyRowBreaks(source migrate.Source, failure Finding) bool {
	var server *pgconn.PgError
	var at *migrate.StatementError
	if !errors.As(failure.Err, &server) || !errors.As(failure.Err, &at) || server.Code != "23502" { // not_null_violation
		return false
	}
	adds := regexp.MustCompile(`(?i)\badd\s+(column\s+)?(if\s+not\s+exists\s+)?"?` + regexp.QuoteMeta(server.ColumnName) + `"?\s`)
	return slices.ContainsFunc(source.Up, func(s migrate.SourceStatement) bool {
		return slices.Contains(s.Lines, at.Line) && adds.MatchString(s.Text)
	})
}
