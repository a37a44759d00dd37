package tracing

import (
	"context"
	"encoding/hex"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/request"
)

// stateHeader belongs to request.TraceparentHeader. See https://www.w3.org/TR/trace-context-2/.
const stateHeader = "Tracestate"

// Bounds of a tracestate.
const (
	maxMembers = 32
	maxKey     = 256
	maxValue   = 256
	maxState   = 512 // bytes that are passed on and sent with each span, which is what the standard asks for
)

// parentOf returns the span of the caller that a request belongs to, and its tracestate, or nothing if the headers are not valid.
func parentOf(h http.Header) (parent trace.SpanContext, state string) {
	config, ok := request.ParentOf(h)
	if !ok {
		return parent, ""
	}
	state = parseState(h[stateHeader])
	// The SDK knows the keys of the first version of the standard only. It sends the state with spans, and not to other services.
	config.TraceState, _ = trace.ParseTraceState(state)
	return trace.NewSpanContext(config), state
}

// parseState joins the headers of a tracestate. It returns "" if one is not valid. Of members with the same key, the first counts.
func parseState(headers []string) string {
	var members []string
	known := map[string]bool{}
	for _, header := range headers {
		for member := range strings.SplitSeq(header, ",") {
			member = strings.Trim(member, " \t")
			if member == "" {
				continue
			}
			key, value, ok := strings.Cut(member, "=")
			if !ok || !isStateKey(key) || !isStateValue(value) {
				return ""
			}
			if !known[key] {
				known[key] = true
				members = append(members, member)
			}
		}
	}
	if len(members) > maxMembers {
		return ""
	}
	return strings.Join(withinState(members), ",")
}

// withinState returns the first members, which are of the latest callers, as many as there is room for.
func withinState(members []string) []string {
	size := -1
	for i, m := range members {
		if size += len(m) + 1; size > maxState {
			return members[:i]
		}
	}
	return members
}

func isStateKey(key string) bool {
	if key == "" || len(key) > maxKey || strings.IndexByte("_-*/@", key[0]) >= 0 {
		return false
	}
	for _, c := range []byte(key) {
		isLetter, isDigit := 'a' <= c && c <= 'z', '0' <= c && c <= '9'
		if !isLetter && !isDigit && strings.IndexByte("_-*/@", c) < 0 {
			return false
		}
	}
	return true
}

func isStateValue(value string) bool {
	if value == "" || len(value) > maxValue {
		return false
	}
	for _, c := range []byte(value) {
		if c < 0x20 || c > 0x7e || c == ',' || c == '=' {
			return false
		}
	}
	return true
}

type stateKey struct{}

// withParent returns a context in which new spans belong to the span of the caller.
func withParent(ctx context.Context, parent trace.SpanContext, state string) context.Context {
	if !parent.IsValid() {
		return ctx
	}
	if state != "" {
		ctx = context.WithValue(ctx, stateKey{}, state)
	}
	return trace.ContextWithRemoteSpanContext(ctx, parent)
}

// inject sets the headers for a request that belongs to a span.
func inject(ctx context.Context, h http.Header) {
	h.Del(request.TraceparentHeader)
	h.Del(stateHeader)
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return
	}
	h.Set(request.TraceparentHeader, parentText(span))
	if state, _ := ctx.Value(stateKey{}).(string); state != "" {
		h.Set(stateHeader, state)
	}
}

// parentText returns the traceparent of what a span causes.
func parentText(c trace.SpanContext) string {
	id, span := c.TraceID(), c.SpanID()
	text := make([]byte, 0, 55)
	text = append(text, "00-"...)
	text = hex.AppendEncode(text, id[:])
	text = append(text, '-')
	text = hex.AppendEncode(text, span[:])
	text = append(text, '-')
	text = hex.AppendEncode(text, []byte{byte(c.TraceFlags() & (trace.FlagsSampled | trace.FlagsRandom))})
	return string(text)
}
