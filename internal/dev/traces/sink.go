// Package traces receives the traces of a development session by OTLP over HTTP, keeps the newest in memory and shows them.
//
// The protocol: https://opentelemetry.io/docs/specs/otlp/#otlphttp
package traces

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/krowoc/krowoc/internal/dev/console"
)

// Limits: the number of traces kept, of spans in one, and of characters in a value.
const (
	keep     = 1000
	maxSpans = 5000
	maxValue = 2000
)

// Span is a step of a trace.
type Span struct {
	ID         string      `json:"id"`
	Parent     string      `json:"parent,omitempty"`
	Service    string      `json:"service"`
	Name       string      `json:"name"`
	Kind       string      `json:"kind"`
	Start      time.Time   `json:"start"`
	DurationMS float64     `json:"durationMs"`
	Error      string      `json:"error,omitempty"`
	Attributes []Attribute `json:"attributes"`
	Events     []string    `json:"events,omitempty"`

	failed bool
}

// Attribute is an attribute of a span.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Trace is the spans of one request.
type Trace struct {
	ID    string `json:"id"`
	Spans []Span `json:"spans"` // by start
	Lost  int    `json:"lost,omitempty"`
}

// Sink keeps traces. Its zero value is ready to use.
type Sink struct {
	changed console.Broadcast

	mu     sync.Mutex
	traces []*Trace // by arrival, oldest first
	byID   map[string]*Trace
}

// add adds the spans of an exporter's request.
func (s *Sink) add(r *collector.ExportTraceServiceRequest) {
	s.mu.Lock()
	for _, resource := range r.GetResourceSpans() {
		service := "unknown"
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = value(a.GetValue())
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.addSpan(hex.EncodeToString(span.GetTraceId()), convert(service, span))
			}
		}
	}
	s.mu.Unlock()
	s.changed.Send("change", "")
}

// addSpan adds a span to its trace, which may be new. The caller holds the lock.
func (s *Sink) addSpan(id string, span Span) {
	if s.byID == nil {
		s.byID = map[string]*Trace{}
	}
	t := s.byID[id]
	if t == nil {
		t = &Trace{ID: id}
		s.byID[id] = t
		s.traces = append(s.traces, t)
		for len(s.traces) > keep {
			delete(s.byID, s.traces[0].ID)
			s.traces = slices.Delete(s.traces, 0, 1)
		}
	}
	if len(t.Spans) >= maxSpans {
		t.Lost++
		return
	}
	at, _ := slices.BinarySearchFunc(t.Spans, span, func(a, b Span) int { return a.Start.Compare(b.Start) })
	t.Spans = slices.Insert(t.Spans, at, span)
}

var kinds = map[trace.Span_SpanKind]string{
	trace.Span_SPAN_KIND_SERVER: "server", trace.Span_SPAN_KIND_CLIENT: "client", trace.Span_SPAN_KIND_PRODUCER: "producer",
	trace.Span_SPAN_KIND_CONSUMER: "consumer",
}

func convert(service string, span *trace.Span) Span {
	start := time.Unix(0, int64(span.GetStartTimeUnixNano()))
	n := Span{
		ID: hex.EncodeToString(span.GetSpanId()), Parent: hex.EncodeToString(span.GetParentSpanId()), Service: service,
		Name: short(span.GetName()), Kind: cmp.Or(kinds[span.GetKind()], "internal"), Start: start, Attributes: []Attribute{},
		DurationMS: max(0, float64(int64(span.GetEndTimeUnixNano())-start.UnixNano())/1e6),
	}
	if status := span.GetStatus(); status.GetCode() == trace.Status_STATUS_CODE_ERROR {
		n.failed, n.Error = true, cmp.Or(short(status.GetMessage()), "error")
	}
	for _, a := range span.GetAttributes() {
		n.Attributes = append(n.Attributes, Attribute{short(a.GetKey()), value(a.GetValue())})
	}
	for _, e := range span.GetEvents() {
		text := fmt.Sprintf("+%.1f ms %s", float64(int64(e.GetTimeUnixNano())-start.UnixNano())/1e6, e.GetName())
		for _, a := range e.GetAttributes() {
			text += " " + a.GetKey() + "=" + value(a.GetValue())
		}
		n.Events = append(n.Events, short(text))
	}
	return n
}

// value formats the value of an attribute.
func value(v *common.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return short(v.StringValue)
	case *common.AnyValue_BoolValue:
		return fmt.Sprint(v.BoolValue)
	case *common.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	case *common.AnyValue_DoubleValue:
		return fmt.Sprint(v.DoubleValue)
	case *common.AnyValue_BytesValue:
		return fmt.Sprintf("%d bytes", len(v.BytesValue))
	}
	return short(v.String())
}

func short(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > maxValue {
		return strings.ToValidUTF8(text[:maxValue], "") + "…"
	}
	return text
}

// Root returns the span that started the trace, or the first one known.
func (t *Trace) Root() Span {
	for _, s := range t.Spans {
		if s.Parent == "" {
			return s
		}
	}
	return t.Spans[0]
}

// Duration returns the time from the first start to the last end, in milliseconds.
func (t *Trace) Duration() float64 {
	end := 0.0
	for _, s := range t.Spans {
		end = max(end, t.offset(s)+s.DurationMS)
	}
	return end
}

// offset returns the start of a span in milliseconds after the start of its trace.
func (t *Trace) offset(s Span) float64 {
	return float64(s.Start.Sub(t.Spans[0].Start).Microseconds()) / 1000
}

// Failed reports whether a span of the trace has failed.
func (t *Trace) Failed() bool {
	return slices.ContainsFunc(t.Spans, func(s Span) bool { return s.failed })
}

// find returns copies of the traces that match, newest first.
func (s *Sink) find(matches func(*Trace) bool, limit int) []Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Trace{}
	for _, t := range slices.Backward(s.traces) {
		if len(found) < limit && matches(t) {
			found = append(found, Trace{ID: t.ID, Spans: slices.Clone(t.Spans), Lost: t.Lost})
		}
	}
	return found
}
