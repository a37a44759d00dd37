// Package golang writes Go types with validation: for each stored type a row, a create and a patch.
package golang

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/check"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// Target returns the target for Go.
func Target() generate.Target {
	return generate.Target{Name: "go", Out: "internal/models", Doc: "Go structs for rows, creates and patches, with Validate", Files: files}
}

// model is the state that all files of the package share.
type model struct {
	pkg   string
	types []goType
	enums map[*schema.Enum]*goEnum
	order []*goEnum
	used  map[schema.Scalar]bool
}

type goType struct {
	shape.Type
	name   string
	fields []goField
}

type goField struct {
	shape.Field
	name string // Title
	// The names of its declarations: the constant of its column, its validation function, and the prefix of its patterns.
	constant, rule, pattern string
	elem                    string // the type of the value, or of an element of the list: string
}

type goEnum struct {
	*schema.Enum
	name   string
	values []string // names of the constants
}

// helpers are the names that the runtime declares.
var helpers = []string{"Int64", "Decimal", "Date", "Duration", "Vector", "Bytes", "RegisterTypes", "Optional", "Some", "Null", "FieldError", "ValidationError"}

func files(in generate.Input) ([]generate.File, error) {
	m := newModel(in)
	sources := make([]generate.File, 0, len(m.types)+2)
	sources = append(sources, generate.File{Name: "krowoc.go", Content: m.runtime(optionalSource, scalarSource, validateSource)})
	if name := m.registerFile(); name != "" {
		content, err := m.enumFile()
		if err != nil {
			return nil, err
		}
		sources = append(sources, generate.File{Name: name, Content: content})
	}
	if slices.ContainsFunc(m.types, func(t goType) bool { return len(check.All(t.Type)) > 0 }) {
		sources = append(sources, generate.File{Name: "checks.go", Content: m.runtime(checkSource)})
	}
	taken := names{"krowoc.go": true, "enums.go": true, "register.go": true, "checks.go": true}
	first := len(sources)
	for _, t := range m.types {
		sources = append(sources, generate.File{Name: fileName(taken, t.Name)})
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range m.types {
		group.Go(func() (err error) {
			sources[first+i].Content, err = m.typeFile(t)
			return err
		})
	}
	return sources, group.Wait()
}

// fileName avoids suffixes that the go command interprets: _test, operating systems and architectures.
func fileName(taken names, typeName string) string {
	stem := schema.SnakeCase(typeName)
	if i := strings.LastIndexByte(stem, '_'); i > 0 {
		stem = stem[:i] + strings.ReplaceAll(stem[i:], "_", "")
	}
	name := stem + ".go"
	for i := 2; taken[name]; i++ {
		name = fmt.Sprintf("%s%d.go", stem, i)
	}
	taken[name] = true
	return name
}

func newModel(in generate.Input) *model {
	m := &model{pkg: packageName(filepath.Base(in.Out)), enums: map[*schema.Enum]*goEnum{}, used: map[schema.Scalar]bool{}}
	scope := names{}
	for _, h := range helpers {
		scope.take(h)
	}
	shapes := shape.Of(in.Schema)
	for _, s := range shapes {
		name := exported(s.Name)
		for scope[name] || scope[name+"Create"] || scope[name+"Patch"] || scope[name+"Table"] {
			name += "_"
		}
		for _, suffix := range []string{"", "Create", "Patch", "Table"} {
			scope[name+suffix] = true
		}
		m.types = append(m.types, goType{Type: s, name: name})
	}
	for _, e := range in.Schema.Enums {
		x := &goEnum{Enum: e, name: scope.take(exported(e.Name))}
		for _, v := range e.Values {
			x.values = append(x.values, scope.take(x.name+exported(v.Name)))
		}
		m.enums[e], m.order = x, append(m.order, x)
	}
	for i := range m.types {
		m.addFields(&m.types[i], scope)
	}
	return m
}

func (m *model) addFields(t *goType, scope names) {
	fields := names{"Validate": true, "UnmarshalJSON": true}
	for _, f := range t.Fields {
		m.used[f.Scalar()] = true
		name := fields.take(exported(f.Name))
		t.fields = append(t.fields, goField{Field: f, name: name, elem: m.elem(f), constant: scope.take(t.name + "Column" + name),
			rule: scope.take("validate" + t.name + name), pattern: scope.take("pattern" + t.name + name)})
	}
}

// scalars are the Go types of the scalars; JSON is their MarshalJSON's.
var scalars = map[schema.Scalar]string{
	schema.ID: "string", schema.String: "string", schema.Int: "int32", schema.Int64: "Int64", schema.Float: "float64", schema.Decimal: "Decimal",
	schema.Boolean: "bool", schema.Date: "Date", schema.DateTime: "time.Time", schema.Duration: "Duration", schema.JSON: "json.RawMessage",
	schema.Bytes: "Bytes", schema.Vector: "Vector",
}

func (m *model) elem(f shape.Field) string {
	if e := f.Enum(); e != nil {
		return m.enums[e].name
	}
	return scalars[f.Scalar()]
}

// value is the type of a value that is present and not null.
func (f goField) value() string {
	switch {
	case f.NullableElements():
		return "[]*" + f.elem
	case f.List():
		return "[]" + f.elem
	}
	return f.elem
}

// slice reports whether the value is a slice, where nil means null.
func (f goField) slice() bool {
	return f.List() || f.Scalar() == schema.Bytes || f.Scalar() == schema.JSON || f.Scalar() == schema.Vector
}

// row is the type of the field in a row.
func (f goField) row() string {
	if f.Nullable && !f.slice() {
		return "*" + f.value()
	}
	return f.value()
}

// doc writes a comment.
func doc(b *strings.Builder, indent, text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line = strings.TrimRight(line, " \t\r"); line == "" && text == "" {
			continue
		}
		b.WriteString(strings.TrimRight(indent+"// "+line, " ") + "\n")
	}
}
