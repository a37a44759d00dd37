package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// write writes the files beside the folder that they are for, checks that they would load, and moves them there.
func (d *dumper) write(ctx context.Context) (Summary, error) {
	summary := Summary{Dir: d.Name, Tables: []TableSummary{}, Unmarked: d.unmarked()}
	if d.count == 0 {
		return summary, fault.New(fault.NotFound, op, "there is no row to dump", "Check that this is the right database and that the conditions of --root match some rows.")
	}
	if d.Strict && len(summary.Unmarked) > 0 {
		return summary, fault.New(fault.CheckFailed, op, "these fields look like personal data and are not marked: "+strings.Join(summary.Unmarked, ", "),
			"Mark personal data with @pii, and other fields with @pii(kind: NONE). Nothing was written.")
	}
	if _, err := d.tx.Exec(ctx, byKeys, pgx.QueryExecModeSimpleProtocol); err != nil {
		return summary, err
	}
	defer func() { _ = d.checker.Err() }() // none of its work outlasts an error
	err := replaced(d.Out, func(staging string) (err error) {
		if summary.Tables, err = d.writeTables(ctx, staging); err != nil {
			return err
		}
		if summary.Clear = d.findings(); d.Strict && len(summary.Clear) > 0 {
			return fault.New(fault.CheckFailed, op, "personal data is in fields that are not masked: "+listed(summary.Clear),
				"Mark these fields with @pii(kind: TEXT), or leave them out with --omit Type.field. Nothing was written.")
		}
		return wouldLoad(d.checker.Err())
	})
	var path *fs.PathError
	var link *os.LinkError
	if errors.As(err, &path) || errors.As(err, &link) {
		return summary, &fault.Error{Code: fault.CodeOf(err), Op: op, Message: "cannot write " + d.Name, Hint: "Check that you can write there and that the disk has free space.", Err: err}
	}
	return summary, err
}

func listed(list []Clear) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.String()
	}
	return strings.Join(parts, ", ")
}

// fileNames are the names that are taken, in lower case: some file systems do not tell the case.
type fileNames map[string]bool

// of is the table's name, as far as file systems take it, with a number where another table has it.
func (taken fileNames) of(t *table) string {
	name := t.Table
	if !rowName.MatchString(name) {
		name = maker.Slug(t.Name)
	}
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	taken[strings.ToLower(free)] = true
	return free + ".yaml"
}

// wouldLoad returns the error for mistakes in the fixtures: every mask keeps the constraints of its field, and nothing unique is there twice.
func wouldLoad(mistakes error) error {
	if mistakes == nil {
		return nil
	}
	return &fault.Error{Code: fault.Conflict, Op: op, Message: "the fixtures would not load, so they were not written",
		Hint: "Correct the data so that it satisfies the schema, or exclude a field with --omit Type.field.", Err: listOfMistakes(mistakes)}
}

// listOfMistakes is the innermost error: the list, without the faults around it.
func listOfMistakes(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

func (d *dumper) writeTables(ctx context.Context, staging string) ([]TableSummary, error) {
	names := fileNames{}
	list := []TableSummary{}
	for _, t := range d.tables {
		if len(t.rows) == 0 {
			continue
		}
		name := names.of(t)
		shown := path.Join(d.Name, name)
		err := writeFile(filepath.Join(staging, name), t.Table, func(f *file) error {
			f.read = func(before int, text []byte) { d.checker.Rows(shown, before, text) }
			return d.eachRow(ctx, t, func(r *row, v values) error {
				if err := d.writeRow(&f.part, t, r, v); err != nil {
					return err
				}
				clear(v) // large values are not needed any more
				return f.flush(partBytes)
			})
		})
		if err != nil {
			return nil, err
		}
		list = append(list, TableSummary{Table: t.Table, File: shown, Rows: len(t.rows), Masked: t.masked})
	}
	return list, nil
}

func (d *dumper) writeRow(b *bytes.Buffer, t *table, r *row, v values) error {
	prefix := "  - "
	if t.named {
		fmt.Fprintf(b, "  %s:\n", r.name)
		prefix = "    "
	}
	for _, f := range t.Fields {
		if t.omitted[f] || len(f.Columns()) == 0 || (f.Relation != nil && len(f.Relation.Fields) > 0) {
			continue // the last is a reference by the values of other fields
		}
		value, err := d.fieldYAML(t, f, v)
		if err != nil {
			return fault.New(fault.Conflict, op, fmt.Sprintf("%s.%s %v", t.Name, f.Name, err), fmt.Sprintf("Exclude the field with --omit %s.%s, or its rows with --root.", t.Name, f.Name))
		}
		b.Grow(len(prefix) + len(f.Name) + len(value) + 3) // exactly, since a value can be large
		for _, text := range []string{prefix, f.Name, ": ", value, "\n"} {
			b.WriteString(text)
		}
		prefix = "    "
	}
	return nil
}

const valueIndent = 6 // of the lines of a block

func (d *dumper) fieldYAML(t *table, f *schema.Field, v values) (string, error) {
	columns := t.columnsOf(f)
	switch c := &t.columns[columns[0]]; {
	case !v.isSet(columns):
		if slices.ContainsFunc(columns, func(c int) bool { return v[c] != nil }) {
			return "", errors.New("refers to a row by part of a key, which a fixture cannot express")
		}
		return "null", nil
	case f.Relation != nil:
		return d.referenceYAML(t, f, v)
	case c.list:
		return listYAML(f, *v[columns[0]])
	default:
		return yamlOf(f, *v[columns[0]], valueIndent, false)
	}
}

// referenceYAML refers to a row by its name, or by its key when it has none.
func (d *dumper) referenceYAML(t *table, f *schema.Field, v values) (string, error) {
	columns := t.columnsOf(f)
	target := d.byType[f.Relation.Target]
	if to := target.byKey[t.folded(v.key(columns), columns)]; to != nil && to.name != "" {
		return "$" + target.Table + "." + to.name, nil
	}
	text := *v[columns[0]]
	if strings.HasPrefix(text, "$") {
		text = "$" + text // or it would name a row
	}
	return yamlOf(t.columns[columns[0]].leaf, text, 0, true)
}

// unmarked lists the fields that look like personal data and are not marked, of tables with rows.
func (d *dumper) unmarked() []string {
	list := []string{}
	for _, t := range d.tables {
		for _, f := range t.Fields {
			if len(t.rows) > 0 && !t.omitted[f] && mask.Suspect(f) {
				list = append(list, t.Name+"."+f.Name)
			}
		}
	}
	return list
}
