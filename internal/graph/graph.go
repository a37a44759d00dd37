// Package graph derives a GraphQL API from a schema and plans its operations: one SQL statement per
// operation, whose JSON Postgres builds. Planning is pure; package graph/exec runs the plans.
//
// A stored type takes part in the API when it has at least one @auth rule. Its rules become predicates of
// the SQL wherever its rows are read: at the root, below another object, in counts and in filters. Only the
// caller's values are parameters, so that a plan serves every caller of the same Kind.
package graph

import (
	"fmt"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// Options bounds what one operation may ask for. Zero values take the defaults.
type Options struct {
	MaxDepth        int // nesting of fields with selections; default 12
	MaxComplexity   int // highest Cost of an operation, and most fields and conditions of its document; default 10,000
	MaxAliases      int // fields with an alias; default 100
	MaxPageSize     int // largest first or last; default 100
	DefaultPageSize int // rows of a list that gives neither; default 20, or MaxPageSize where that is less

	Sessions bool // people see and end the sessions of their browsers
	Relay    bool // rows have global IDs, and Query has node and nodes

	// Policed says that the statements of callers run under the policies of Policies, which decide then what rows a caller reads. Statements that
	// write are subject to the policies for writes alone, and apply the rules themselves as well.
	Policed bool
}

func (o Options) withDefaults() (Options, error) {
	for _, v := range []struct {
		name  string
		value *int
		usual int
	}{
		{"MaxDepth", &o.MaxDepth, 12},
		{"MaxComplexity", &o.MaxComplexity, 10_000},
		{"MaxAliases", &o.MaxAliases, 100},
		{"MaxPageSize", &o.MaxPageSize, 100},
		{"DefaultPageSize", &o.DefaultPageSize, 20},
	} {
		if *v.value < 0 {
			return o, fault.New(fault.Invalid, "derive the API", fmt.Sprintf("%s must be positive; it is %d", v.name, *v.value))
		}
		if *v.value == 0 {
			*v.value = v.usual
		}
	}
	o.DefaultPageSize = min(o.DefaultPageSize, o.MaxPageSize)
	return o, nil
}

// API is the derived API of one schema. It is immutable and safe for concurrent use.
type API struct {
	options Options
	model   *schema.Schema
	objects []*object          // in the order of the schema
	byName  map[string]*object // by GraphQL type name
	single  map[string]*object // by the root field of one row: prompt
	plural  map[string]*object // by the root field of a list: prompts

	mutations     map[string]mutation // by the root field: createPrompt
	mutationNames []string            // in the order of the schema

	nodes map[string]*object // whose rows have global IDs, by the name of their type in the API

	structural map[string]bool // enums whose values decide what SQL a plan has, as Booleans do; they are part of the Shape of a request

	sdl    string
	schema *ast.Schema
}

// New derives the API of s. It fails on names that collide and on rules that cannot be translated to SQL.
func New(s *schema.Schema, o Options) (*API, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &API{options: o, model: s, byName: map[string]*object{}, single: map[string]*object{}, plural: map[string]*object{}, mutations: map[string]mutation{}, structural: map[string]bool{orderDirection: true, aggregateInterval: true, vectorDistance: true}}
	a.addObjects()
	a.addMutations()
	if err := a.checkSessionNames(); err != nil {
		return nil, err
	}
	if err := a.checkNodeNames(); err != nil {
		return nil, err
	}
	if err := a.checkViews(); err != nil {
		return nil, err
	}
	if err := a.checkCustoms(); err != nil {
		return nil, err
	}
	if err := a.checkRules(); err != nil {
		return nil, err
	}
	if err := a.addGlobalIDs(); err != nil {
		return nil, err
	}
	a.sdl = a.printSDL()
	a.schema, err = gqlparser.LoadSchema(&ast.Source{Name: "api.graphql", Input: a.sdl})
	if err != nil {
		return nil, a.collisions(err)
	}
	withoutIncremental(a.schema)
	return a, nil
}

// SDL returns the API as a GraphQL schema document.
func (a *API) SDL() string { return a.sdl }

// Schema returns the API as gqlparser reads it. It must not be modified.
func (a *API) Schema() *ast.Schema { return a.schema }

// MaxComplexity is the highest number of fields that a document can have, and that an operation can return.
func (a *API) MaxComplexity() int { return a.options.MaxComplexity }
