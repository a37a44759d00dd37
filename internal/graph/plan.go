package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Plan is one operation as one SQL statement. It is immutable, and serves every request whose document and
// Shape are equal.
type Plan struct {
	// SQL is the statement, one row of one text column for each root field that reads rows; empty when no
	// root field does.
	SQL string
	// Fields are the root fields, in the order of the answer.
	Fields []Root
	// Steps are the writes of a mutation, one for each root field that has no JSON of its own.
	Steps []Step

	params []param
	cost   cost
	limit  int
}

// Root is a root field of an operation.
type Root struct {
	Key           string                                    // in the answer
	JSON          func(vars map[string]any) ([]byte, error) // the value where it takes no SQL; nil for the next column of the row
	Introspection bool                                      // it is __schema or __type
	Location      *Location
}

// Plan turns an operation of a validated document into SQL. Of the request it uses only the Shape.
func (a *API) Plan(doc *ast.QueryDocument, op *ast.OperationDefinition, r Request) (*Plan, error) {
	if op.Operation == ast.Subscription {
		return nil, invalid("the API answers queries and mutations only", "")
	}
	b := &builder{api: a, fragments: doc.Fragments, vars: r.Variables, kind: kind(r.Caller), plan: &Plan{limit: a.options.MaxComplexity}}
	if err := b.operation(op); err != nil {
		return nil, err
	}
	b.plan.params = b.params
	return b.plan, nil
}

// Bind returns the parameters of the statement for a request. It refuses values that are not of their
// type, cursors of another list, and an operation that costs too much with these variables.
func (p *Plan) Bind(r Request) ([]any, error) {
	if n := p.cost.total(r.Variables, p.limit); n > p.limit {
		return nil, invalid(fmt.Sprintf("the operation could cost %d rows and fields, and may cost %d", n, p.limit),
			"ask for fewer fields, or for smaller pages with first")
	}
	return bindAll(p.params, r)
}

func bindAll(params []param, r Request) ([]any, error) {
	args := make([]any, len(params))
	for i, param := range params {
		value, err := param.bind(r)
		if err != nil {
			return nil, param.location.Wrap(err)
		}
		args[i] = value
	}
	return args, nil
}

// builder makes one plan.
type builder struct {
	api       *API
	fragments ast.FragmentDefinitionList
	vars      map[string]any
	kind      byte // of the caller
	plan      *Plan
	params    []param
	index     map[string]int // of params by their key
	aliases   int
	size      int       // fields and conditions so far
	location  *Location // of the field that is being planned
}

// param adds a parameter and returns its name in the SQL: $3.
func (b *builder) param(p param) string {
	if p.key != "" {
		if i, ok := b.index[p.key]; ok {
			return fmt.Sprintf("$%d", i)
		}
	}
	p.location = b.location
	b.params = append(b.params, p)
	if p.key != "" {
		if b.index == nil {
			b.index = map[string]int{}
		}
		b.index[p.key] = len(b.params)
	}
	return fmt.Sprintf("$%d", len(b.params))
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

func (b *builder) operation(op *ast.OperationDefinition) error {
	fields, err := b.collect(op.SelectionSet)
	if err != nil {
		return err
	}
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
	if len(columns) > 0 {
		b.plan.SQL = "SELECT " + join(columns, ",\n  ")
	}
	return nil
}

// root plans one root field.
func (b *builder) root(f selected, op ast.Operation) (Root, string, error) {
	root := Root{Key: f.Alias, Location: b.location}
	switch f.Name {
	case "__typename":
		name := map[ast.Operation]string{ast.Query: `"Query"`, ast.Mutation: `"Mutation"`}[op]
		root.JSON = func(map[string]any) ([]byte, error) { return []byte(name), nil }
		return root, "", nil
	case "__schema", "__type":
		var err error
		root.Introspection = true
		root.JSON, err = b.api.introspect(b, f)
		return root, "", err
	}
	if op == ast.Mutation {
		return root, "", b.mutate(f)
	}
	if o := b.api.single[f.Name]; o != nil {
		sql, err := b.byKey(o, f, &b.plan.cost)
		return root, sql, err
	}
	o := b.api.plural[f.Name]
	sql, err := b.connection(source{object: o, depth: 1}, f, &b.plan.cost)
	return root, sql, err
}

// byKey plans a query for one row by its key.
func (b *builder) byKey(o *object, f selected, c *cost) (string, error) {
	s := &scope{object: o, alias: b.alias()}
	var where []string
	for _, k := range o.key {
		value, ok := b.argument(f.Field, k.name)
		if !ok {
			return "", invalid("the argument "+k.name+" is missing", "")
		}
		where = append(where, s.raw(k.column)+" = "+b.value(k.value, value))
	}
	return b.row(s, where, f, c, 1)
}
