package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/request"
)

// The memory of a cached value is estimated from the length of its text: a syntax tree takes about 40 bytes for each byte of the document,
// a plan about 4 for each byte of its SQL.
const (
	bytesOfDocument = 40
	bytesOfPlan     = 4
)

// errMutationByGET refuses a write by a method that links and forms of other sites can use.
var errMutationByGET = fault.New(fault.Invalid, "", "mutations are taken by POST only", "send the operation by POST")

// documentParts turn the text of a document into a plan with arguments.
func (p *pipeline) documentParts() []part {
	parts := []part{
		{"size", p.checkSize},
		{"parse and validate", p.parse},
		{"operation and method", p.selectOperation},
		{"variables", p.coerceVariables},
		{"plan", p.plan},
		{"arguments", p.bind},
	}
	if p.Documents == nil {
		return parts
	}
	return append([]part{{p.Documents.Name(), func(ctx context.Context, op *Operation) (err error) {
		op.Document, err = p.Documents.Document(ctx, op)
		return err
	}}}, parts...)
}

func (p *pipeline) checkSize(_ context.Context, op *Operation) error {
	switch {
	case op.Document == "":
		return fault.New(fault.Invalid, "", "the request has no query", `send {"query": "…"}`)
	case len(op.Document) > p.MaxDocument:
		return fault.New(fault.Invalid, "", fmt.Sprintf("the document has %d bytes; at most %d are allowed", len(op.Document), p.MaxDocument))
	}
	return nil
}

// parse finds or makes the syntax tree of a document that is valid for the API.
func (p *pipeline) parse(_ context.Context, op *Operation) error {
	var ok bool
	op.document, ok = p.documents.get(op.Document)
	p.counters.documents.count(ok)
	if ok {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: op.Document}, p.MaxTokens)
	if err != nil {
		return notValid(err)
	}
	if err := measure(doc, p.API.MaxComplexity()); err != nil {
		return err
	}
	if list := validator.ValidateWithRules(p.API.Schema(), doc, p.rules(op.Document)); len(list) > 0 {
		return notValid(list)
	}
	p.documents.add(op.Document, doc, int64(bytesOfDocument*len(op.Document)))
	op.document = doc
	return nil
}

// notValid makes what gqlparser finds a fault of the client.
func notValid(err error) error {
	var one *gqlerror.Error
	list := gqlerror.List{}
	switch {
	case errors.As(err, &list) && len(list) > graph.MaxMistakes:
		err = list[:graph.MaxMistakes:graph.MaxMistakes]
	case !errors.As(err, &list) && errors.As(err, &one):
		err = gqlerror.List{one}
	}
	return &fault.Error{Code: fault.Invalid, Err: err}
}

func (p *pipeline) selectOperation(ctx context.Context, op *Operation) error {
	op.operation = op.document.Operations.ForName(op.Name)
	switch {
	case op.operation != nil && op.Safe && op.Mutation():
		return errMutationByGET
	case op.Subscription() && !op.streams:
		return errNoStream
	case op.Subscription() && p.hub == nil:
		return fault.New(fault.Unavailable, "", "subscriptions are not enabled on this server")
	case op.operation != nil:
		op.Name = op.operation.Name
		if info := request.From(ctx); info != nil {
			info.SetOperation(op.Name)
		}
		return nil
	case op.Name != "":
		return fault.New(fault.Invalid, "", fmt.Sprintf("operation %q not found in the document", op.Name), knownOperations(op.document))
	case len(op.document.Operations) == 0:
		return fault.New(fault.Invalid, "", "the document has no operation")
	}
	return fault.New(fault.Invalid, "", fmt.Sprintf("the document has %d operations", len(op.document.Operations)), "set operationName to the one to run")
}

// knownOperations is a hint at the operations that a document has.
func knownOperations(doc *ast.QueryDocument) string {
	var names []string
	for _, op := range doc.Operations {
		if op.Name != "" && len(names) < maxFields {
			names = append(names, op.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "it has " + strings.Join(names, ", ")
}

func (p *pipeline) coerceVariables(_ context.Context, op *Operation) (err error) {
	op.Variables, err = coerce(p.API.Schema(), op.operation, op.Variables)
	return err
}

// plan finds or makes the plan of an operation.
func (p *pipeline) plan(_ context.Context, op *Operation) error {
	request := op.request()
	key := strings.Join([]string{op.Name, p.API.Shape(op.operation, request), op.Document}, "\x00")
	plan, ok := p.plans.get(key)
	p.counters.plans.count(ok)
	if !ok {
		var err error
		if plan, err = p.API.Plan(op.document, op.operation, request); err != nil {
			return err
		}
		p.plans.add(key, plan, int64(bytesOfPlan*plan.Size()))
	}
	op.Plan, op.PlanFound, op.Cost = plan, ok, plan.Cost.Of(op.Variables)
	return nil
}

func (p *pipeline) bind(_ context.Context, op *Operation) (err error) {
	op.Args, err = op.Plan.Bind(op.request())
	return err
}
