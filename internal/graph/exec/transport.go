package exec

import (
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

// Media types of requests and responses.
const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// transport sends the outcome of operations in one media type.
type transport struct {
	media string
	serve func(p *pipeline, w http.ResponseWriter, r *http.Request, op *Operation)
}

// transports are what clients can accept, the first for those that accept anything.
var transports = []transport{
	{jsonType, respond(jsonType)},
	{responseType, respond(responseType)},
	{sseType, sendEvents},
}

// serve answers a request, see https://graphql.github.io/graphql-over-http/draft/.
func serve(p *pipeline, w http.ResponseWriter, r *http.Request) {
	t := negotiate(r.Header.Values("Accept"))
	if t == nil {
		notAcceptable().Write(w, r)
		return
	}
	op, refusal := read(r)
	if refusal != nil {
		refusal.Write(w, r)
		return
	}
	op.Caller, op.Time = caller.From(r.Context()), p.Now()
	if _, ok := request.ParentOf(r.Header); ok {
		op.parent = r.Header.Get(request.TraceparentHeader)
	}
	op.wantsCost = wantsCost(r.Header.Get(request.CostHeader), op.Extensions)
	if op.idempotent, refusal = readKey(r, op, op.Caller); refusal != nil {
		refusal.Write(w, r)
		return
	}
	t.serve(p, w, r, op)
}

// negotiate returns the transport that a client prefers (RFC 9110, section 12.5.1), or nil when it accepts none. Of equal
// preferences the first that the client names wins.
func negotiate(accept []string) *transport {
	var best *transport
	quality := 0.0
	for media, q := range preferences(accept) {
		if q <= quality {
			continue
		}
		for i, t := range transports {
			if matches(media, t.media) {
				best, quality = &transports[i], q
				break
			}
		}
	}
	if best == nil && strings.TrimSpace(strings.Join(accept, "")) == "" {
		return &transports[0]
	}
	return best
}

// preferences yields the entries of a header such as Accept or Accept-Encoding with their quality, in order. It leaves out malformed ones.
// See https://www.rfc-editor.org/rfc/rfc9110#name-quality-values.
func preferences(header []string) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for entry := range strings.SplitSeq(strings.Join(header, ","), ",") {
			name, params, err := mime.ParseMediaType(entry)
			if err != nil {
				continue
			}
			q, err := strconv.ParseFloat(params["q"], 64)
			if params["q"] == "" {
				q, err = 1, nil
			}
			if err == nil && !yield(name, q) {
				return
			}
		}
	}
}

// matches reports whether a range of an Accept header includes a media type.
func matches(pattern, media string) bool {
	family, _, _ := strings.Cut(media, "/")
	return pattern == media || pattern == "*/*" || pattern == family+"/*"
}

func notAcceptable() problem.Details {
	media := make([]string, len(transports))
	for i, t := range transports {
		media[i] = t.media
	}
	return problem.Details{
		Title: http.StatusText(http.StatusNotAcceptable), Status: http.StatusNotAcceptable, Code: fault.Invalid,
		Detail: "no media type of the header Accept is available", Hint: "accept " + strings.Join(media, " or "),
	}
}
