package tracing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
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
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func() {}
	}
	began := time.Now()
	ctx, span := g.tracer.Start(ctx, "GraphQL Operation", trace.WithTimestamp(began))
	return ctx, func() {
		now := time.Now()
		timingOf(ctx).setGraphQL(now.Sub(began))
		describe(span, op)
		span.End(trace.WithTimestamp(now))
	}
}

// describe sets what is known of an operation at its end. Its name, which the client chooses, is an attribute and not the span's.
func describe(span trace.Span, op *exec.Operation) {
	attributes := make([]attribute.KeyValue, 0, 8)
	if kind := op.Type(); kind != "" {
		span.SetName(kind)
		attributes = append(attributes, attribute.String("graphql.operation.type", kind))
	}
	if op.Name != "" {
		attributes = append(attributes, attribute.String("graphql.operation.name", clipped(op.Name, maxName)))
	}
	if op.Document != "" {
		attributes = append(attributes, document(op.Document))
	}
	if op.Plan != nil {
		attributes = append(attributes, attribute.Int("krowoc.cost", op.Cost), attribute.Bool("krowoc.plan.cached", op.PlanFound))
	}
	if op.Cached {
		attributes = append(attributes, attribute.Bool("krowoc.cached", true))
	}
	if op.Err != nil {
		code := fault.CodeOf(op.Err)
		attributes = append(attributes, errorType.String(string(code)))
		if isServerFault(code) {
			span.SetStatus(codes.Error, string(code))
		}
	}
	span.SetAttributes(attributes...)
}

// document is the attribute of a document. Small ones are hashed only if the span is sent.
func document(text string) attribute.KeyValue {
	if len(text) <= maxDocument {
		return documentText.String(text)
	}
	sum := sha256.Sum256([]byte(text))
	return documentHash.String(hex.EncodeToString(sum[:]))
}

// isServerFault reports whether an error is one of the server, and not a mistake of the client.
func isServerFault(code fault.Code) bool {
	switch code {
	case fault.Internal, fault.Unavailable, fault.Timeout, fault.Upstream:
		return true
	}
	return false
}

// Part implements exec.Tracer. The statements of the step Run have spans of their own.
func (g graphQL) Part(ctx context.Context, step, part string, began time.Time, _ error) {
	if step != "Run" && time.Since(began) >= g.options.Detail && trace.SpanFromContext(ctx).IsRecording() {
		g.step(ctx, strings.ToLower(step)+": "+part, began)
	}
}
