package ddl

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/rls"
)

// prove runs the files of a plan on the scratch database, where the steps before them have run already, and rolls everything back.
func (d *differ) prove(ctx context.Context, before *catalog.Catalog, files []File) error {
	for _, f := range files {
		for _, s := range f.steps {
			if err := d.run(ctx, s, f.NoTransaction); err != nil {
				return err
			}
		}
	}
	after, err := d.read(ctx)
	if err != nil {
		return err
	}
	if again := Diff(after, d.want, d.options.Options); len(again.Files) > 0 {
		return incomplete(again)
	}
	d.damaged = true // until it is rolled back
	for _, s := range slices.Backward(d.done) {
		if err := d.rollBack(ctx, s); err != nil {
			return err
		}
	}
	if after, err = d.read(ctx); err != nil {
		return err
	}
	if len(d.options.oneWay) > 0 {
		after = withoutNew(after, before)
	}
	if left := catalog.Compare(before.ColumnsByName(), after.ColumnsByName()); len(left) > 0 {
		u := &unrestored{left[0]}
		return &fault.Error{Code: fault.Conflict, Op: testOp, Message: u.Error(), Hint: u.hint(), Err: u}
	}
	d.damaged = false
	return nil
}

// incomplete is the error of a plan that does not lead to the schema.
func incomplete(missing Plan) error {
	reason := "the result does not match the schema; these statements are still missing: " + strings.Join(missing.Files[0].Up, "; ")
	const hint = "this is a bug in Krowoc: report it, and write the migration by hand"
	r := &refusal{Refused: &Refused{Err: errors.New(reason)}, reason: reason, hint: hint}
	for _, file := range missing.Files {
		for _, s := range file.steps {
			r.of = append(r.of, s.of...)
		}
	}
	return &fault.Error{Code: fault.Internal, Op: testOp, Message: reason, Hint: hint, Err: r}
}

// rollBack runs the rollback of a step. If Postgres refuses it, the error contains a refusal.
func (d *differ) rollBack(ctx context.Context, s step) error {
	sql, err := execEach(ctx, d.db, s.down)
	if !isRefusal(err) {
		return pg.Fault(testOp, err)
	}
	r := newRefusal(s, sql, err)
	r.reason, r.hint = "its rollback fails: "+pg.Fault("", err).Error(), rollbackHint
	return &fault.Error{Code: fault.Conflict, Op: testOp, Message: r.reason + "\n" + sql, Hint: r.hint, Err: r}
}

// runThereAndBack runs a step and its rollback. If that does not restore the database, the error contains a refusal.
func (d *differ) runThereAndBack(ctx context.Context, s step, noTransaction bool) error {
	before, err := d.read(ctx)
	if err != nil {
		return err
	}
	if err := d.runStep(ctx, s, noTransaction); err != nil {
		return err
	}
	d.done, d.damaged = d.done[:len(d.done)-1], true // until it is rolled back
	if err := d.rollBack(ctx, s); err != nil {
		return err
	}
	after, err := d.read(ctx)
	if err != nil {
		return err
	}
	if left := catalog.Compare(before.ColumnsByName(), after.ColumnsByName()); len(left) > 0 {
		u := &unrestored{left[0]}
		r := &refusal{Refused: &Refused{Err: errors.New(u.Error())}, of: concerned(s.of, left[0]), renames: s.renames, reason: "its rollback does not restore " + u.what(), hint: u.hint()}
		return &fault.Error{Code: fault.Conflict, Op: testOp, Message: u.Error(), Hint: u.hint(), Err: r}
	}
	d.damaged = false
	return nil
}

// unrestored is the error of a rollback that Postgres accepts and that does not restore the database.
type unrestored struct{ first catalog.Difference }

// Error implements error.
func (u *unrestored) Error() string { return "rolling back does not restore " + u.what() }

// hint says what to do: row-level security that `krowoc schema rls` has written is removed and written again by it.
func (u *unrestored) hint() string {
	ofRules := (u.first.Kind == "policy" || u.first.Kind == "trigger") && strings.HasPrefix(u.first.Name, rls.PolicyPrefix)
	if ofRules || slices.ContainsFunc(u.first.Lines, func(l catalog.Line) bool {
		return l.Change != catalog.Same && strings.HasPrefix(l.Text, "row security")
	}) {
		return rulesHint
	}
	return rollbackHint
}

// what names the object that is not restored, and what differs in it.
func (u *unrestored) what() string {
	object := u.first.Kind + " " + strings.TrimPrefix(u.first.Name, public+".")
	var changes []string
	isGone := true
	for _, l := range u.first.Lines {
		if isGone = isGone && l.Change == catalog.Removed; l.Change != catalog.Same {
			changes = append(changes, string(l.Change)+" "+l.Text)
		}
	}
	if isGone {
		return object
	}
	return object + " (" + strings.Join(changes, "; ") + ")"
}

// concerned returns the columns of a step that a difference is about, or all its objects.
func concerned(of []object, d catalog.Difference) (list []object) {
	for _, o := range of {
		isColumn := func(l catalog.Line) bool {
			return l.Change != catalog.Same && strings.HasPrefix(l.Text, "column "+o.name+" ")
		}
		if o.kind == "column" && d.Kind == "table" && d.Name == o.table && slices.ContainsFunc(d.Lines, isColumn) {
			list = append(list, o)
		}
	}
	if len(list) == 0 {
		return of
	}
	return list
}
