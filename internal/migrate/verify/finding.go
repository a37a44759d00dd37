package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// Kind is the kind of a finding.
type Kind string

// The kinds. A file with a finding of any kind except ColumnOrder, Rows and EmptyOnly fails.
const (
	UpFails      Kind = "up-fails"
	DownFails    Kind = "down-fails"
	Irreversible Kind = "irreversible"   // it has no down section
	NotRestored  Kind = "not-restored"   // down does not restore the database
	NotRepeated  Kind = "not-repeatable" // up after down has a different result
	ColumnOrder  Kind = "column-order"   // down restores everything but the place of a column, which Postgres cannot restore
	Rows         Kind = "rows-changed"   // rows differ, for example after a column was dropped and added again
	EmptyOnly    Kind = "empty-only"     // it cannot be applied to the generated rows, and everything else was checked without rows
	BadIgnore    Kind = "bad-ignore"     // it asks not to be verified, and gives no reason
)

// Finding is one problem of a migration: a diagnostic whose code is the kind. Its line is that of a statement that fails; other
// findings are about the file as a whole.
type Finding struct {
	Kind Kind `json:"kind"`
	diag.Diagnostic
	Differences []catalog.Difference `json:"differences,omitempty"`
	Err         error                `json:"-"` // why up or down fails
}

func (f *File) has(kinds ...Kind) bool {
	return slices.ContainsFunc(f.Findings, func(x Finding) bool { return slices.Contains(kinds, x.Kind) })
}

// blame adds the finding that a direction fails. An interruption is returned as an error instead.
func (f *File) blame(ctx context.Context, kind Kind, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.add(Finding{Kind: kind, Err: err}, err.Error())
	return nil
}

// add completes the diagnostic of a finding.
func (f *File) add(finding Finding, message string) {
	finding.Severity, finding.Code, finding.Message = diag.Error, string(finding.Kind), message
	if finding.isWarning() {
		finding.Severity = diag.Warning
	}
	finding.Position = diag.Position{File: f.path}
	var statement *migrate.StatementError
	if errors.As(finding.Err, &statement) {
		finding.Line, finding.Column = statement.Diagnostic.Line, statement.Diagnostic.Column
	}
	f.Findings = append(f.Findings, finding)
}

// isWarning reports whether a file with the finding may still pass.
func (f Finding) isWarning() bool {
	return slices.Contains([]Kind{ColumnOrder, Rows, EmptyOnly}, f.Kind)
}

func (f *File) compare(kind Kind, message string, before, after *catalog.Catalog) {
	differences := catalog.Compare(before, after)
	switch {
	case len(differences) == 0:
	case len(catalog.Compare(before.ColumnsByName(), after.ColumnsByName())) > 0:
		f.add(Finding{Kind: kind, Differences: differences}, message)
	case !f.has(ColumnOrder):
		f.add(Finding{Kind: ColumnOrder, Differences: differences}, "the rollback restores a column at the end of its table; Postgres cannot restore its place")
	}
}

// String renders a finding for people.
func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s", f.Kind, f.Message)
	for _, d := range f.Differences {
		text += "\n" + d.String()
	}
	return text
}
