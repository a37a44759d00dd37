package tracing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
)

const (
	maxName     = 256     // bytes of a name that a client chooses
	maxDocument = 2 << 10 // bytes of a document that is hashed only when it is sent
)

// GraphQL traces operations.
func (t *Tracing) GraphQL() exec.Tracer { return graphQL{t} }

type graphQL struct{ *Tracing }

// Name implements exec.Tracer.
func (graphQL) Name() string { return "OpenTelemetry" }

// Operation implements exec.Tracer. See https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/.
func (g graphQL) Operation(ctx context.Context, op *exec.Operation) (context.Context, func()) {
	if spanOf(ctx) == nil {
		return ctx, func() {}
	}
	ctx, s := g.begin(ctx, "GraphQL Operation", trace.SpanKindInternal, time.Now())
	return ctx, func() {
		now := time.Now()
		s.work.timing.setGraphQL(now.Sub(s.start))
		s.operation = op
		if op.Err != nil {
			code := fault.CodeOf(op.Err)
			s.failed, s.cause = code.OfServer(), string(code)
		}
		s.finish(now)
	}
}

// describe sets what is known of an operation at its end. Its name, which the client chooses, is an attribute and not the span's.
func describe(s *span, op *exec.Operation) {
	if kind := op.Type(); kind != "" {
		s.name = kind
		s.attributes = append(s.attributes, attribute.String("graphql.operation.type", kind))
	}
	if op.Name != "" {
		s.attributes = append(s.attributes, attribute.String("graphql.operation.name", request.Clip(op.Name, maxName)))
	}
	if op.Document != "" {
		s.attributes = append(s.attributes, document(op.Document))
	}
	if op.Plan != nil {
		s.attributes = append(s.attributes, attribute.Int("krowoc.cost", op.Cost), attribute.Bool("krowoc.plan.cached", op.PlanFound))
	}
	if op.Cached {
		s.attributes = append(s.attributes, attribute.Bool("krowoc.cached", true))
	}
}

// document is the attribute of a document. Small ones are hashed on the way to the collector.
func document(text string) attribute.KeyValue {
	if len(text) <= maxDocument {
		return documentText.String(text)
	}
	sum := sha256.Sum256([]byte(text))
	return documentHash.String(hex.EncodeToString(sum[:]))
}

// Part implements exec.Tracer. The statements of the step Run have spans of their own.
func (g graphQL) Part(ctx context.Context, step, part string, began, ended time.Time, _ error) {
	if step != "Run" && ended.Sub(began) >= g.options.Detail {
		g.step(ctx, strings.ToLower(step)+": "+part, began, ended)
	}
}
