package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// Plan is one operation as one SQL statement. It is immutable, and serves every request whose document and
// Shape are equal.
type Plan struct {
	// Statement returns one row of one text column for each root field that reads rows; its SQL is empty when no root field does.
	Statement
	// Fields are the root fields, in the order of the answer.
	Fields []Root
	// Steps are the writes of a mutation, one for each root field that has no JSON of its own.
	Steps []Step

	// Reads and Writes are the names of the types whose rows the operation reads and changes, sorted. They include types
	// that rules look at, implied join tables, and what a delete changes through foreign keys.
	Reads, Writes []string
	// PerCaller is what of the caller the answer depends on, beyond the Shape.
	PerCaller CallerUse
	// Customs are the fields of the team that the operation uses. Callers need the rules of each.
	Customs []CustomUse
	// Calls is how many services the operation calls.
	Calls int
	// Opaque says that the answer depends on more than rows of Reads: on SQL of the team.
	Opaque bool
	// Fresh is the most recent log-in that the operation asks for.
	Fresh Freshness
	// Depth is how many levels the operation nests.
	Depth Depth
	// Aliases is how many fields have an alias.
	Aliases Aliases
	// Cost is the number of fields that the answer can have, and MaxCost the highest number allowed.
	Cost    Cost
	MaxCost int
}

// Root is a root field of an operation.
type Root struct {
	Key           string // in the answer
	Location      *Location
	Value         []byte         // the JSON where the plan knows it: __typename
	Introspection *Introspection // of __schema and __type
	Session       *SessionField  // of mySessions and its likes
	Call          *Call          // of a field with @http
}

// FromSQL reports whether the value is the next column of the row.
func (r Root) FromSQL() bool {
	isCalled := r.Call != nil && !r.Call.ReadsRows()
	isConstant := r.Value != nil || r.Introspection != nil
	isFromElsewhere := isCalled || r.Session != nil
	return !isConstant && !isFromElsewhere
}

// Plan turns an operation of a validated document into SQL. Of the request it uses only the Shape.
func (a *API) Plan(doc *ast.QueryDocument, op *ast.OperationDefinition, r Request) (*Plan, error) {
	return a.plan(newBuilder(a, kind(r.Caller)), doc, op, r)
}

func (a *API) plan(b *builder, doc *ast.QueryDocument, op *ast.OperationDefinition, r Request) (*Plan, error) {
	if op.Operation == ast.Subscription && !a.Live() {
		return nil, invalid("the API answers queries and mutations only", "")
	}
	b.fragments, b.vars = doc.Fragments, r.Variables
	b.policed = a.options.Policed && b.kind != service
	b.plan.Aliases = aliasesOf(doc, op)
	if err := b.plan.Aliases.Check(a.options.MaxAliases); err != nil {
		return nil, err
	}
	if err := b.operation(op); err != nil {
		return nil, err
	}
	b.plan.Reads, b.plan.Writes = typeNames(b.read), typeNames(b.written)
	if op.Operation == ast.Subscription {
		if err := b.followable(); err != nil {
			return nil, err
		}
	}
	b.plan.PerCaller = b.callerUse
	return b.plan, nil
}

// Bind returns the parameters of the statement for a request. It refuses values that are not of their type and cursors of
// another list.
func (p *Plan) Bind(r Request) ([]any, error) { return p.Statement.Bind(r, nil) }

// builder makes one plan.
type builder struct {
	api       *API
	fragments ast.FragmentDefinitionList
	vars      map[string]any
	kind      byte // of the caller
	outside   bool // for clients that reach the database without the API
	plan      *Plan
	params    []Param
	demanded  []string            // conditions on the values of the statement
	measures  map[string]measure  // by the alias of the rows, and the name
	shared    map[sharedParam]int // indexes of parameters that a statement holds once
	aliases   int
	size      int       // fields and conditions so far
	location  *Location // of the field that is being planned
	counts    bool      // the write that is being planned returns what it adds to metrics
	place     string    // of the row of data that is being planned
	nesting
	single bool // the operation has one root field
	apart  int  // the index of the step whose rows take a step each; -1 for none

	read, written map[*schema.Type]bool
	callerUse     CallerUse
	policed       bool        // the statement runs under the policies for reading
	lookups       []lookup    // of conditions that it leaves to functions of the database
	decisions     *[]Decision // nil where nobody asks
}

func newBuilder(a *API, kind byte) *builder {
	return &builder{
		api: a, kind: kind, apart: -1, plan: &Plan{MaxCost: a.options.MaxComplexity},
		shared: map[sharedParam]int{}, measures: map[string]measure{}, read: map[*schema.Type]bool{}, written: map[*schema.Type]bool{},
	}
}

// param adds a parameter that the client gives and returns its placeholder.
func (b *builder) param(p Param) string {
	p.Location = b.location
	b.params = append(b.params, p)
	return placeholder(len(b.params) - 1)
}

// sharedParam identifies a parameter that the request gives, whatever field asks for it.
type sharedParam struct {
	kind           Kind
	name, dataType string // of the value's type
}

// requestParam adds a parameter that the request gives, unless the statement has it.
func (b *builder) requestParam(p Param) string {
	if b.kind == policy {
		return p.claim()
	}
	key := sharedParam{p.Kind, p.value.name(), p.value.dataType}
	if _, ok := b.shared[key]; !ok {
		b.params = append(b.params, p)
		b.shared[key] = len(b.params) - 1
	}
	return placeholder(b.shared[key])
}

// numbered ends a statement.
func (b *builder) numbered(sql string) Statement {
	s := number(b.labelled(b.demanding(sql)), b.params)
	for i := range s.Params {
		b.callerUse = b.callerUse.or(s.Params[i].caller())
	}
	return s
}

func (b *builder) alias() string {
	b.aliases++
	return fmt.Sprintf("t%d", b.aliases)
}

// grow counts a field or a condition, so that no document makes a statement without bound.
func (b *builder) grow() error {
	b.size++
	if b.size > b.api.options.MaxComplexity {
		return invalid(fmt.Sprintf("the operation has more than %d fields and conditions", b.api.options.MaxComplexity), "ask for less at once")
	}
	return nil
}

// maxColumns is less than the 1664 columns that a statement of Postgres can return.
const maxColumns = 1000

// oneField reports whether there is one field beside __typename.
func oneField(fields []selected) bool {
	n := 0
	for _, f := range fields {
		if f.Name != "__typename" {
			n++
		}
	}
	return n == 1
}

func (b *builder) operation(op *ast.OperationDefinition) error {
	fields, err := b.collect(op.SelectionSet)
	if err != nil {
		return err
	}
	b.single = oneField(fields)
	var columns []string
	for _, f := range fields {
		err := b.within(f, func() error {
			root, sql, err := b.root(f, op.Operation)
			b.plan.Fields = append(b.plan.Fields, root)
			if sql != "" {
				columns = append(columns, sql)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(columns) > maxColumns {
		return invalid(fmt.Sprintf("the operation has more than %d root fields", maxColumns), "send several operations")
	}
	if op.Operation == ast.Mutation {
		if err := b.plan.endsAlone(); err != nil {
			return err
		}
		if err := b.plan.callsAlone(); err != nil {
			return err
		}
	}
	sql := ""
	if len(columns) > 0 {
		sql = "SELECT " + join(columns, ",\n  ")
	}
	b.plan.Statement = b.numbered(sql)
	return nil
}

// root plans one root field.
func (b *builder) root(f selected, op ast.Operation) (Root, string, error) {
	root := Root{Key: f.Alias, Location: b.location}
	switch f.Name {
	case "__typename":
		name := map[ast.Operation]string{ast.Query: `"Query"`, ast.Mutation: `"Mutation"`, ast.Subscription: `"Subscription"`}[op]
		root.Value = []byte(name)
		return root, "", nil
	case "__schema", "__type":
		var err error
		root.Introspection, err = b.introspect(f)
		return root, "", err
	}
	var err error
	if root.Session, err = b.sessionField(f); root.Session != nil || err != nil {
		return root, "", err
	}
	if c := b.api.custom(f.Name, op == ast.Mutation); c != nil {
		return b.customRoot(c, f, root)
	}
	if op == ast.Mutation {
		return root, "", b.mutate(f)
	}
	if b.api.isNode(f.Name, op) {
		sql, err := b.nodeField(f)
		return root, sql, err
	}
	if o := b.api.single[f.Name]; o != nil {
		sql, err := b.byKey(o, f, &b.plan.Cost)
		return root, sql, err
	}
	o := b.api.plural[f.Name]
	if o == nil { // nothing, of an API without queries
		root.Value = []byte("null")
		return root, "", nil
	}
	sql, err := b.connection(source{object: o, depth: 1}, f, &b.plan.Cost)
	return root, sql, err
}

// byKey plans a query for one row by its key.
func (b *builder) byKey(o *object, f selected, c *Cost) (string, error) {
	s := &scope{object: o, alias: b.alias()}
	var where []string
	for i, k := range o.key {
		value, err := b.keyArgument(o, f, i)
		if err != nil {
			return "", err
		}
		where = append(where, s.raw(k.column)+" = "+value)
	}
	rule, err := b.keyRule(o, s.alias)
	if err != nil {
		return "", err
	}
	if rule != "" {
		where = append(where, rule)
	}
	return b.row(s, where, f, c, 1)
}
