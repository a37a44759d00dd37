package request

import (
	"encoding/hex"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// TraceparentHeader is the header of W3C Trace Context that names the span of the caller. See https://www.w3.org/TR/trace-context-2/.
const TraceparentHeader = "Traceparent"

// ParentOf returns the span of the caller that a request belongs to. It reports false if the header is missing, not valid, or there twice.
func ParentOf(h http.Header) (c trace.SpanContextConfig, ok bool) {
	values := h[TraceparentHeader]
	if len(values) != 1 {
		return c, false
	}
	return parseTraceparent(values[0])
}

// parseTraceparent reads version-traceid-parentid-flags in lower-case hexadecimal. A later version may append fields.
func parseTraceparent(text string) (c trace.SpanContextConfig, ok bool) {
	const size = 55
	if len(text) < size || text[2] != '-' || text[35] != '-' || text[52] != '-' {
		return c, false
	}
	version, isVersion := lowerHex(text[:2])
	id, isID := lowerHex(text[3:35])
	span, isSpan := lowerHex(text[36:52])
	flags, isFlags := lowerHex(text[53:size])
	if !isVersion || !isID || !isSpan || !isFlags || version[0] == 0xff {
		return c, false
	}
	if isLonger := len(text) > size; isLonger && (version[0] == 0 || text[size] != '-') {
		return c, false
	}
	c = trace.SpanContextConfig{
		TraceID: trace.TraceID(id), SpanID: trace.SpanID(span), Remote: true,
		TraceFlags: trace.TraceFlags(flags[0]) & (trace.FlagsSampled | trace.FlagsRandom),
	}
	return c, c.TraceID.IsValid() && c.SpanID.IsValid()
}

func lowerHex(text string) ([]byte, bool) {
	if strings.ToLower(text) != text {
		return nil, false
	}
	raw, err := hex.DecodeString(text)
	return raw, err == nil
}
