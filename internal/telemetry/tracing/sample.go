package tracing

import (
	"math"
	"math/rand/v2"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sampler chooses which traces are sent for sure. All others are recorded, so that their end can decide.
//
// A client of a public API could make the server send all traces: by the flag of its traceparent, or by trace IDs that a rule for IDs
// chooses. Without follow, the first does not count. Chance decides, and not the ID, so that the second has no effect.
type sampler struct {
	share  float64
	follow bool
}

// sampled reports whether a span is sent for sure.
func (s sampler) sampled(parent trace.SpanContext) bool {
	if isLocal := !parent.IsRemote(); parent.IsValid() && (isLocal || s.follow) {
		return parent.IsSampled()
	}
	return s.share >= 1 || rand.Uint64() < uint64(s.share*math.MaxUint64) //nolint:gosec // nobody gains from guessing it
}

// ShouldSample implements sdk.Sampler.
func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	result := sdk.SamplingResult{Decision: sdk.RecordOnly, Tracestate: parent.TraceState()}
	if s.sampled(parent) {
		result.Decision = sdk.RecordAndSample
	}
	return result
}

// Description implements sdk.Sampler.
func (sampler) Description() string { return "krowoc" }
