package sdl

import (
	"runtime"
	"sync"
	"sync/atomic"

	"cel.dev/cel-go/cel"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// exprTask is an expression to check once the schema is complete. at is its literal, nil for an implicit one.
type exprTask struct {
	expr *schema.Expr
	at   *ast.Value
	this *schema.Type
	kind expr.Kind
}

func checkKind() expr.Kind                  { return expr.Kind{Use: expr.Check} }
func indexKind() expr.Kind                  { return expr.Kind{Use: expr.IndexWhere} }
func ruleKind() expr.Kind                   { return expr.Kind{Use: expr.RuleWhere} }
func defaultKind(f *schema.Field) expr.Kind { return expr.Kind{Use: expr.DefaultValue, Field: f} }
func updateKind(f *schema.Field) expr.Kind  { return expr.Kind{Use: expr.UpdateValue, Field: f} }

// expr queues the expression in the literal v for checking.
func (b *builder) expr(v *ast.Value, this *schema.Type, kind expr.Kind) *schema.Expr {
	e := &schema.Expr{Source: v.Raw, Pos: b.position(v.Position)}
	b.exprs = append(b.exprs, exprTask{expr: e, at: v, this: this, kind: kind})
	return e
}

// verdict is the result of checking one expression.
type verdict struct {
	ast    *cel.Ast
	issues []expr.Issue
}

// batch is how many expressions a worker takes at a time: neighbours are of one type, whose environment
// serves one worker at a time.
const batch = 8

// checkExprs checks every expression, on all processors, and reports in source order.
func (b *builder) checkExprs(s *schema.Schema) {
	for i, v := range b.verdicts(s) {
		task := b.exprs[i]
		task.expr.AST = v.ast
		if task.at == nil {
			continue
		}
		for _, issue := range v.issues {
			if issue.Remedy == "" {
				issue.Remedy = "docs/schema.md lists the operators and functions of expressions"
			}
			b.report(codeInvalidExpression, b.within(task.at, issue.Offset, issue.Width), issue.Message, issue.Remedy)
		}
	}
}

// verdicts checks the expressions and returns a verdict for each.
func (b *builder) verdicts(s *schema.Schema) []verdict {
	checker, refusal := expr.New(s), b.parser.Refusal
	if b.list.Errors() > 0 {
		refusal = nil // the schema is not complete
	}
	verdicts := make([]verdict, len(b.exprs))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(b.exprs)/batch+1) {
		wg.Go(func() {
			for start := int(next.Add(batch)) - batch; start < len(b.exprs); start = int(next.Add(batch)) - batch {
				for i := start; i < min(start+batch, len(b.exprs)); i++ {
					task := b.exprs[i]
					v := &verdicts[i]
					if v.ast, v.issues = checker.Check(task.expr.Source, task.this, task.kind); v.ast == nil || refusal == nil {
						continue
					}
					if issue := refusal(v.ast, s, task.this, task.kind); issue != nil {
						v.ast, v.issues = nil, []expr.Issue{*issue}
					}
				}
			}
		})
	}
	wg.Wait()
	return verdicts
}
