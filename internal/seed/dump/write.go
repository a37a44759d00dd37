package dump

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// write writes the files beside the folder that they are for, sees that they would load, and moves them there.
func (d *dumper) write(ctx context.Context) (Summary, error) {
	summary := Summary{Dir: d.Name, Tables: []TableSummary{}, Unmarked: d.unmarked(), Clear: d.clear}
	if d.count == 0 {
		return summary, fault.New(fault.NotFound, op, "there is no row to dump", "Check that this is the right database and that the conditions of --root match some rows.")
	}
	if d.Strict && len(summary.Unmarked) > 0 {
		return summary, fault.New(fault.CheckFailed, op, "these fields look like personal data and are not marked: "+strings.Join(summary.Unmarked, ", "),
			"Mark personal data with @pii, and other fields with @pii(kind: NONE). Nothing was written.")
	}
	if d.Strict && len(d.clear) > 0 {
		return summary, fault.New(fault.CheckFailed, op, "personal data is in fields that are not masked: "+listed(d.clear),
			"Mark these fields with @pii(kind: TEXT), or leave them out with --omit Type.field. Nothing was written.")
	}
	names := fileNames{}
	err := replaced(d.Out, func(staging string) error {
		for _, t := range d.tables {
			if len(t.rows) == 0 {
				continue
			}
			name := names.of(t)
			if err := d.writeFile(filepath.Join(staging, name), t); err != nil {
				return err
			}
			summary.Tables = append(summary.Tables, TableSummary{Table: t.Table, File: path.Join(d.Name, name), Rows: len(t.rows), Masked: d.masked[t]})
		}
		return d.wouldLoad(ctx, staging)
	})
	if known := (*fault.Error)(nil); err == nil || errors.As(err, &known) {
		return summary, err
	}
	return summary, &fault.Error{Code: fault.CodeOf(err), Op: op, Message: "cannot write " + d.Name, Hint: "Check that you can write there and that the disk has free space.", Err: err}
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

// wouldLoad reads the fixtures as a load does: every mask keeps the constraints of its field, and nothing unique is there twice.
func (d *dumper) wouldLoad(ctx context.Context, staging string) error {
	err := seed.Check(ctx, seed.Options{Schema: d.Schema, FS: seed.Folder(filepath.Dir(staging)), Dir: path.Dir(filepath.ToSlash(d.Name)), Sets: []string{filepath.Base(staging)}})
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &fault.Error{Code: fault.Conflict, Op: op, Message: "the fixtures would not load, so they were not written",
		Hint: "Correct the data so that it satisfies the schema, or exclude a field with --omit Type.field.", Err: listOfMistakes(err)}
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

func (d *dumper) writeFile(name string, t *table) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	if err := d.writeTable(out, t); err != nil {
		return err
	}
	return out.Flush()
}

// writeTable writes one file: a table with its rows.
func (d *dumper) writeTable(out io.Writer, t *table) error {
	var b strings.Builder
	for _, r := range t.rows {
		if err := d.writeRow(&b, t, r); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "# Written by krowoc seed dump.\n%s%s:\n%s", withoutTemplates(b.String()), t.Table, b.String())
	return err
}

// withoutTemplates is the line that keeps double braces in the texts of a file from being read as templates.
func withoutTemplates(text string) string {
	if strings.Contains(text, "{{") {
		return "templates: false\n"
	}
	return ""
}

func (d *dumper) writeRow(b *strings.Builder, t *table, r *row) error {
	prefix := "  - "
	if t.named {
		b.WriteString("  " + r.name + ":\n")
		prefix = "    "
	}
	for _, f := range t.Fields {
		if t.omitted[f] || len(f.Columns()) == 0 || (f.Relation != nil && len(f.Relation.Fields) > 0) {
			continue // the last is a reference by the values of other fields
		}
		value, err := d.fieldYAML(t, f, r)
		if err != nil {
			return fault.New(fault.Conflict, op, fmt.Sprintf("%s.%s %v", t.Name, f.Name, err), fmt.Sprintf("Exclude the field with --omit %s.%s, or its rows with --root.", t.Name, f.Name))
		}
		b.WriteString(prefix + f.Name + ": " + value + "\n")
		prefix = "    "
	}
	return nil
}

const valueIndent = 6 // of the lines of a block

func (d *dumper) fieldYAML(t *table, f *schema.Field, r *row) (string, error) {
	columns := t.columnsOf(f)
	switch c := &t.columns[columns[0]]; {
	case !isSet(r.values, columns):
		if slices.ContainsFunc(columns, func(c int) bool { return r.values[c] != nil }) {
			return "", errors.New("refers to a row by part of a key, which a fixture cannot express")
		}
		return "null", nil
	case f.Relation != nil:
		return d.referenceYAML(t, f, r)
	case c.list:
		return listYAML(f, *r.values[columns[0]])
	default:
		return yamlOf(f, *r.values[columns[0]], valueIndent, false)
	}
}

// referenceYAML refers to a row by its name, or by its key when it has none.
func (d *dumper) referenceYAML(t *table, f *schema.Field, r *row) (string, error) {
	columns := t.columnsOf(f)
	target := d.byType[f.Relation.Target]
	if to := target.byKey[t.keyOf(r.values, columns)]; to != nil && to.name != "" {
		return "$" + target.Table + "." + to.name, nil
	}
	text := *r.values[columns[0]]
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
