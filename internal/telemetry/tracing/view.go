package tracing

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// maxAttributes is how many attributes a span may have.
const maxAttributes = 64

// view is a span that has ended, for the exporter.
type view struct {
	sdk.ReadOnlySpan // nil; the interface asks for a method that nobody else can write
	of               *span
}

// Name implements sdk.ReadOnlySpan.
func (v *view) Name() string { return v.of.name }

// SpanContext implements sdk.ReadOnlySpan.
func (v *view) SpanContext() trace.SpanContext { return v.of.context }

// Parent implements sdk.ReadOnlySpan.
func (v *view) Parent() trace.SpanContext { return v.of.parent }

// SpanKind implements sdk.ReadOnlySpan.
func (v *view) SpanKind() trace.SpanKind { return v.of.kind }

// StartTime implements sdk.ReadOnlySpan.
func (v *view) StartTime() time.Time { return v.of.start }

// EndTime implements sdk.ReadOnlySpan.
func (v *view) EndTime() time.Time { return v.of.end }

// Attributes implements sdk.ReadOnlySpan.
func (v *view) Attributes() []attribute.KeyValue {
	list := v.of.attributes
	if v.of.sql.text != "" {
		list = append(list, attribute.String("db.system.name", "postgresql"), queryText.String(v.of.sql.text))
		if v.of.sql.rows >= 0 {
			list = append(list, attribute.Int64("db.response.returned_rows", v.of.sql.rows))
		}
	}
	if v.of.cause != "" {
		list = append(list, errorType.String(v.of.cause))
	}
	return list
}

// Status implements sdk.ReadOnlySpan.
func (v *view) Status() sdk.Status {
	if v.of.failed {
		return sdk.Status{Code: codes.Error, Description: v.of.cause}
	}
	return sdk.Status{}
}

// Links implements sdk.ReadOnlySpan.
func (*view) Links() []sdk.Link { return nil }

// Events implements sdk.ReadOnlySpan.
func (*view) Events() []sdk.Event { return nil }

// InstrumentationScope implements sdk.ReadOnlySpan.
func (v *view) InstrumentationScope() instrumentation.Scope {
	return instrumentation.Scope{Name: scope, Version: v.of.work.tracing.options.Version}
}

// InstrumentationLibrary implements sdk.ReadOnlySpan.
func (v *view) InstrumentationLibrary() instrumentation.Library { return v.InstrumentationScope() } //nolint:staticcheck // the interface has it

// Resource implements sdk.ReadOnlySpan.
func (v *view) Resource() *resource.Resource { return v.of.work.tracing.resource }

// DroppedAttributes implements sdk.ReadOnlySpan.
func (*view) DroppedAttributes() int { return 0 }

// DroppedLinks implements sdk.ReadOnlySpan.
func (*view) DroppedLinks() int { return 0 }

// DroppedEvents implements sdk.ReadOnlySpan.
func (*view) DroppedEvents() int { return 0 }

// ChildSpanCount implements sdk.ReadOnlySpan.
func (*view) ChildSpanCount() int { return 0 }
