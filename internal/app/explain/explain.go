// Package explain shows what a GraphQL operation runs and costs: its SQL, the plans of Postgres, and the limits of its caller.
package explain

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// Options says what to show beside the SQL and the cost.
type Options struct {
	Database *pgxpool.Pool // explains the statements; nil shows none of its plans
	Analyze  bool          // runs the operation as well, and rolls it back
	JSON     bool          // plans as JSON
	File     string        // where the document is, for mistakes
}

// Result is what an operation runs and costs.
type Result struct {
	Operation  Operation   `json:"operation"`
	Refused    string      `json:"refused,omitempty"`    // why the rules forbid the operation
	Exceeded   []string    `json:"exceeded,omitempty"`   // why the limits forbid it
	Failed     string      `json:"failed,omitempty"`     // why it failed while it was analyzed
	RolledBack bool        `json:"rolledBack,omitempty"` // it has run
	Statements []Statement `json:"statements"`
	Cost       *Cost       `json:"cost,omitempty"`
	Limits     exec.Limits `json:"limits"` // of the caller

	Decisions []graph.Decision `json:"-"`
}

// Operation identifies one operation of a document.
type Operation struct {
	Type string `json:"type"`
	Name string `json:"name,omitempty"`
}

// Statement is SQL that an operation runs.
type Statement struct {
	Name       string      `json:"name"` // query, read, write, link or check
	SQL        string      `json:"sql"`
	Parameters []Parameter `json:"parameters"`
	Plan       any         `json:"plan,omitempty"` // JSON or lines of text; nil for none
}

// Parameter is where a statement takes a value from.
type Parameter struct {
	Source string `json:"source"`
	Value  any    `json:"value"` // null also for what only an earlier statement tells
}

// Cost is what an operation costs, with the lists that cause it.
type Cost struct {
	exec.Cost
	Lists []List `json:"lists"`
}

// List is a list of an operation.
type List struct {
	Path   string `json:"path"`
	Rows   int    `json:"rows"`   // of a page
	Fields int    `json:"fields"` // of all its rows, and of the lists that it is in
}

// Run explains an operation as a server of the project would run it for its caller. Limits that it exceeds are part of the result.
func Run(ctx context.Context, a *app.App, op exec.Operation, o Options) (Result, error) {
	r := Result{Statements: []Statement{}}
	s, err := a.Schema()
	if err != nil {
		return r, err
	}
	with, err := a.Explaining(o.Database, s)
	if err != nil {
		return r, err
	}
	r.Limits = with.Limits(op.Caller)
	if with.Rules != nil {
		ruled := op
		judged, _ := exec.Explain(ctx, with.Rules, &ruled) // whose error comes again
		r.Decisions = judged.Decisions
	}
	api, e, err := r.explain(ctx, with, op)
	switch code := fault.CodeOf(err); {
	case err == nil:
	case code == fault.Forbidden || code == fault.Unauthenticated:
		r.Refused = err.Error()
		return r, nil
	default:
		return r, located(err, o.File, op.Document)
	}
	r.Operation.Type, r.Operation.Name = e.Operation()
	r.add(e)
	if o.Database == nil {
		return r, nil
	}
	return r, r.plan(ctx, o, e, exec.Options{API: api, Enforce: with.Enforce, Logger: a.Logger}, op)
}

// explain explains an operation by the API of a server, or by the one without its limits.
func (r *Result) explain(ctx context.Context, with app.Explaining, op exec.Operation) (*graph.API, exec.Explained, error) {
	served, api := op, with.API
	e, err := exec.Explain(ctx, api, &served)
	if with.Rules == nil {
		r.Decisions = e.Decisions
	}
	if fault.CodeOf(err) == fault.Invalid {
		wide, wideErr := with.Roomy()
		if wideErr != nil {
			return api, e, wideErr
		}
		roomy := op
		beyond, beyondErr := exec.Explain(ctx, wide, &roomy)
		if beyondErr != nil {
			return api, e, err
		}
		r.exceed(err)
		e, err, api = beyond, nil, wide
	}
	if err != nil {
		return api, e, err
	}
	for _, over := range e.Exceeded(r.Limits) {
		r.exceed(over)
	}
	r.Cost = &Cost{Cost: e.Cost(r.Limits), Lists: []List{}}
	for _, l := range e.Plan.Cost.Lists(e.Request.Variables) {
		r.Cost.Lists = append(r.Cost.Lists, List{strings.Join(l.Location.Path(), "."), l.Rows, l.Fields})
	}
	return api, e, nil
}

// exceed notes a limit once.
func (r *Result) exceed(err error) {
	if !slices.Contains(r.Exceeded, err.Error()) {
		r.Exceeded = append(r.Exceeded, err.Error())
	}
}

func (r *Result) add(e exec.Explained) {
	for i, s := range e.Statements {
		st := Statement{Name: s.Name, SQL: s.SQL, Parameters: []Parameter{}}
		for _, v := range e.Values[i] {
			st.Parameters = append(st.Parameters, Parameter{v.Source, v.Value})
		}
		r.Statements = append(r.Statements, st)
	}
}

// plan adds the plans of Postgres.
func (r *Result) plan(ctx context.Context, o Options, e exec.Explained, with exec.Options, op exec.Operation) error {
	options := "FORMAT TEXT"
	if o.JSON {
		options = "FORMAT JSON"
	}
	if !o.Analyze {
		plans, err := e.Plans(ctx, o.Database, with.Enforce, options)
		for i, plan := range plans {
			r.Statements[i].Plan = planOf(plan, o.JSON)
		}
		return err
	}
	ran, err := exec.Analyze(ctx, o.Database, with, &op, "ANALYZE, BUFFERS, "+options)
	for _, s := range ran {
		r.attach(s.SQL, planOf(s.Plan, o.JSON))
	}
	r.RolledBack = ran != nil
	isRefused := err != nil && r.RolledBack && !fault.CodeOf(err).OfServer()
	if !isRefused {
		return err
	}
	r.Failed = err.Error()
	return nil
}

// attach adds a plan to the first statement with that SQL that has none.
func (r *Result) attach(sql string, plan any) {
	for i := range r.Statements {
		if st := &r.Statements[i]; st.SQL == sql && st.Plan == nil {
			st.Plan = plan
			return
		}
	}
}

func planOf(text string, isJSON bool) any {
	if isJSON {
		return json.RawMessage(text)
	}
	return strings.Split(text, "\n")
}
