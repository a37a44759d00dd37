// Package make generates rows of realistic data. A recipe in a fixture file specifies the values of a field; otherwise they are guessed from
// its name, type and constraints. The values of a row fit together: references that reach one row in two ways agree (agree.go), a status
// decides which fields are null (gate.go), and times are in order (chronology.go).
//
// A row depends only on the random seed and its number, so that any part of a table can be regenerated. Rows are sent to Postgres in the
// binary format of COPY.
package make

import (
	"cmp"
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// Spec specifies generated rows of a type.
type Spec struct {
	Type  *schema.Type
	Place string // its position, for messages: seeds/demo/executions.yaml:4
	Text  string // its text without the count: equal texts give equal rows
	Count int64  // number of rows; 0 if Per determines it
	Per   *Per
	Exact bool             // fewer rows than Count are an error, also without a place
	made  map[string]*rule // by field name; other fields are guessed
}

// exact reports whether fewer rows than requested are an error.
func (s *Spec) exact() bool { return s.Exact || s.Place != "" }

// place returns where the rows are requested, for messages.
func (s *Spec) place() string {
	return cmp.Or(s.Place, fmt.Sprintf("--generate %s=%d", s.Type.Name, s.Count))
}

// Per specifies a number of rows for each row of another table.
type Per struct {
	Field *schema.Field // the reference to the parent
	count numbers
}

// Problem is a mistake in a specification, at a node of its file.
type Problem struct {
	Node                  *yaml.Node
	Code, Message, Remedy string
}

// Reader reads specifications. The functions are those of fixtures.
type Reader struct {
	Schema *schema.Schema
	Now    time.Time
	// Value parses a constant like a fixture, and returns it in the text format of Postgres. ok is false after a mistake, which it has
	// reported.
	Value func(f *schema.Field, n *yaml.Node) (text string, null, ok bool)
	// Missing returns the problem of a reference to a missing row $table.row, or nil if the row exists.
	Missing func(blueprint, sample string) *Problem
	Report  func(Problem)

	facts   map[string]*facts     // by table; nil if no database was read
	outside map[*schema.Type]bool // types of tables outside of the schema, to which foreign keys refer
	parser  *sqltext.Parser
}

func (r *Reader) fail(n *yaml.Node, code, remedy, format string, args ...any) {
	r.Report(Problem{Node: n, Code: code, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// rule specifies the values of a field: a generator and the share of nulls.
type rule struct {
	node      *yaml.Node
	null      float64 // the share of nulls
	generator generator
	pick      *pick // of a reference, instead of a generator
	distinct  bool  // the values are unique
	round     *int  // decimal places
}
