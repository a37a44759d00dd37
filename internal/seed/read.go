package seed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// fixtures is the content of the sets.
type fixtures struct {
	sets       []string // the requested sets and those that they extend
	tables     *tables
	rows       []*row
	generation *maker.Generation // nil if no rows are generated
	scripts    []*script
	now        time.Time
}

// read reads, checks and links every row of the sets.
func (o *Options) read(ctx context.Context) (*fixtures, error) {
	c, err := collect(o.FS, o.Dir, o.Sets)
	if err != nil {
		return nil, err
	}
	f := &fixtures{sets: slices.Sorted(maps.Keys(c.sets)), tables: newTables(o.Schema), now: o.Now()}
	in := inputs{f.tables, o.templates(f.now)}
	readers := make([]*reader, len(c.sources))
	group, reading := errgroup.WithContext(ctx)
	for i, s := range c.sources {
		group.Go(func() error {
			readers[i] = readSource(in, s)
			return reading.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	var recipes []recipe
	mistakes := c.mistakes
	for _, r := range readers {
		f.rows = append(f.rows, r.rows...)
		if r.script != nil {
			f.scripts = append(f.scripts, r.script)
		}
		recipes = append(recipes, r.recipes...)
		mistakes = append(mistakes, r.mistakes...)
	}
	if len(c.mistakes) == 0 { // otherwise, references to rows in unread files would be reported
		mistakes = append(mistakes, link(f.rows)...)
		more, err := o.specify(ctx, f, recipes)
		if err != nil {
			return nil, err
		}
		mistakes = append(mistakes, more...)
	}
	mistakes.Sort()
	return f, mistakes.Err("read the seeds")
}

// inputs is the input that the readers of all files share.
type inputs struct {
	tables    *tables
	templates *templates
}

// reader reads the rows of a file.
type reader struct {
	inputs
	source   *source
	verbatim bool // templates are disabled
	rows     []*row
	script   *script // of an SQL file
	recipes  []recipe
	mistakes diag.List
}

// report records a problem at a node.
func (r *reader) report(n *yaml.Node, p *problem) { r.mistakes = append(r.mistakes, r.source.at(n, p)) }

func (r *reader) read() {
	decoder := yaml.NewDecoder(bytes.NewReader(r.source.body))
	var document, next yaml.Node
	if err := decode(decoder, &document); err != nil {
		r.syntax(err)
		return
	}
	if len(document.Content) > 0 {
		r.file(node.Resolve(document.Content[0]))
	}
	switch err := decode(decoder, &next); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntax(err)
	default:
		r.report(&next, wrong("two-documents", "remove the --- line, or move the second document into a file of its own",
			"a fixture file contains one YAML document, but a second one begins here"))
	}
}

// decode is Decode, but returns a panic of the YAML library as an error, since the file may be invalid.
func decode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return d.Decode(n)
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax reports invalid YAML. The library returns the line only in its message.
func (r *reader) syntax(err error) {
	if errors.Is(err, io.EOF) {
		return // an empty file
	}
	at := &yaml.Node{}
	message, remedy := err.Error(), ""
	if m := yamlError.FindStringSubmatch(message); m != nil {
		message = message[len(m[0]):]
		at.Line, _ = strconv.Atoi(m[1]) // without a line, it is 0, which means the whole file
	}
	switch line := r.source.line(at.Line); {
	case strings.HasPrefix(line, "\t"):
		remedy = "indent with spaces: YAML does not allow tabs"
	case isTemplate(line):
		remedy = "put quotes around the template: '{{ … }}'"
	}
	r.report(at, wrong("yaml-syntax", remedy, "this is not YAML: %s", message))
}

// file reads the tables of a file.
func (r *reader) file(n *yaml.Node) {
	if node.IsNull(n) {
		return
	}
	var tables []node.Entry
	for _, e := range r.entries(n, "the tables of the file, each with its rows") {
		if !r.directive(e) { // directives first, since they apply to all rows of the file
			tables = append(tables, e)
		}
	}
	for _, e := range tables {
		t, ok := r.tables.byName[e.Key.Value]
		if !ok {
			r.unknownKey(e.Key)
			continue
		}
		r.table(t, e.Value)
	}
}

// table reads the rows of one table.
func (r *reader) table(t *table, value *yaml.Node) {
	switch n := node.Resolve(value); {
	case node.IsNull(n):
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			r.row(t, "", item, item)
		}
	default:
		for _, e := range r.entries(n, "the rows of "+t.Table+", each with its name, or a list of rows") {
			if !rowName.MatchString(e.Key.Value) {
				r.report(e.Key, badRowName(e.Key.Value))
				continue
			}
			r.row(t, e.Key.Value, e.Key, e.Value)
		}
	}
}

// rowName matches the names of rows. A dot is not allowed, since it separates the table from the row in a reference.
var rowName = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_-]*$`)

func badRowName(name string) *problem {
	return wrong("row-name", "use letters, digits, _ and -", "%q cannot be the name of a row", node.Clip(name))
}

// row reads one row.
func (r *reader) row(t *table, name string, at, n *yaml.Node) {
	row := r.newRow(t, name, at)
	if n = node.Resolve(n); node.IsNull(n) && name != "" {
		return // a row with only defaults
	}
	r.fields(row, n)
}

func (r *reader) newRow(t *table, name string, at *yaml.Node) *row {
	row := &row{table: t, source: r.source, name: name, node: at, values: make([]value, len(t.columns))}
	r.rows = append(r.rows, row)
	return row
}

// fields reads the fields of one row.
func (r *reader) fields(row *row, n *yaml.Node) {
	t := row.table
	row.broken = n.Kind != yaml.MappingNode
	for _, e := range r.entries(n, "the fields of "+row.label()+" with their values") {
		f := t.fields[e.Key.Value]
		if p := notGivable(t, f, e.Key.Value); p != nil {
			r.report(e.Key, p)
			row.excuse(diag.Suggest(e.Key.Value, t.fieldNames()))
			continue
		}
		n, x := r.expand(row, f.Field, node.Resolve(e.Value))
		switch {
		case x.broken:
			row.give(f, value{state: broken, node: n})
		case f.Relation != nil && f.Relation.Kind == schema.ManyToMany:
			r.joins(row, f.Field, n)
		default:
			r.field(row, f, n, x.volatile)
		}
	}
}

// excuse marks a field whose name was probably misspelled, so that it is not also reported as missing.
func (r *row) excuse(name string) {
	if f := r.table.fields[name]; f != nil {
		for _, c := range f.columns {
			if r.values[c].state == absent {
				r.values[c].state = broken
			}
		}
	}
}

// notGivable returns why a fixture cannot set the field, or nil.
func notGivable(t *table, f *field, name string) *problem {
	switch {
	case f == nil:
		return wrong("unknown-field", didYouMean(name, t.fieldNames()), "%s has no field %q", t.Name, name)
	case f.Relation != nil && f.Relation.Kind == schema.ManyToMany, len(f.columns) > 0:
		return nil
	case f.Relation != nil && f.Relation.Inverse != nil:
		return wrong("other-end", fmt.Sprintf("give %s.%s in the rows of %s instead", f.Relation.Target.Name, f.Relation.Inverse.Name, f.Relation.Target.Table),
			"%s.%s is the other end of a reference", t.Name, f.Name)
	}
	return wrong("not-stored", "remove it", "%s.%s is not stored", t.Name, f.Name)
}

// field reads the value of one field into its columns. A volatile value changes with each load, so it applies only to a new row.
func (r *reader) field(row *row, f *field, n *yaml.Node, volatile bool) {
	v := value{state: given, node: n}
	switch {
	case node.IsNull(n):
		v.null = true
		if f.Type.NonNull {
			r.report(n, wrong("required", "give a value, or leave the field out for its default", "%s.%s is required and cannot be null", f.Owner.Name, f.Name))
		}
	case f.Relation != nil:
		v = r.reference(f, n)
	default:
		text, err := f.text(n)
		if err != nil {
			r.report(n, err)
			v.state = broken
		}
		v.text = text
	}
	if volatile && v.state == given {
		v.state = insertOnly
	}
	row.give(f, v)
}

// entries returns the keys of a mapping in order, and reports a node that is not a mapping.
func (r *reader) entries(n *yaml.Node, want string) []node.Entry {
	return node.Entries(n, want, func(m node.Mistake) { r.report(m.Node, wrong(m.Code, m.Remedy, "%s", m.Message)) })
}
