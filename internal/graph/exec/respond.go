package exec

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

// respond runs an operation and sends its outcome as one JSON document. The data goes out as Postgres built it.
func respond(media string) func(*pipeline, http.ResponseWriter, *http.Request, *Operation) {
	return func(p *pipeline, w http.ResponseWriter, r *http.Request, op *Operation) {
		p.execute(r.Context(), op)
		if op.Err != nil {
			fail(w, r, media, op.Err)
			return
		}
		if op.Replayed {
			w.Header().Set(request.ReplayedHeader, "true")
		}
		if notModified(w, r, op) {
			return
		}
		write(w, r, media, http.StatusOK, []byte(`{"data":`), op.Data, append(ending(op), '\n'))
	}
}

// payload is the answer to an operation on a stream.
func payload(op *Operation) []byte {
	return slices.Concat([]byte(`{"data":`), op.Data, ending(op))
}

// ending ends an answer, with the cost of its operation for clients that ask for it.
func ending(op *Operation) []byte {
	if !op.wantsCost {
		return []byte("}")
	}
	cost, _ := json.Marshal(costOf(op)) // of numbers
	return slices.Concat([]byte(`,"extensions":{"cost":`), cost, []byte("}}"))
}

// fail sends an error. As application/json its status is 200, because clients of that media type take any other status for a failure of the
// network and lose the errors. When Postgres does not answer, nothing of GraphQL applies, and the response is problem details, which proxies
// and monitors understand.
func fail(w http.ResponseWriter, r *http.Request, media string, failure error) {
	if errors.Is(failure, errMutationByGET) {
		w.Header().Set("Allow", http.MethodPost)
		problem.MethodNotAllowed(r.Method, http.MethodPost).Write(w, r)
		return
	}
	if misuse := misused(failure); misuse != nil {
		misuse.Write(w, r)
		return
	}
	details := problem.From(failure)
	var service *serviceError
	if details.Code == fault.Unavailable && !errors.As(failure, &service) {
		details.Write(w, r)
		return
	}
	body, err := json.Marshal(struct {
		Errors gqlerror.List `json:"errors"`
	}{present(failure)})
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	details.SetRetryAfter(w.Header())
	status := details.Status
	var stale *staleLogIn
	switch {
	case media == jsonType:
		status = http.StatusOK
	case errors.As(failure, &stale):
		w.Header().Set("WWW-Authenticate", stale.challenge())
	}
	write(w, r, media, status, body)
}

func write(w http.ResponseWriter, r *http.Request, media string, status int, parts ...[]byte) {
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	commonHeaders(h)
	if length(parts) >= minEncoded {
		if e := acceptedEncoding(r); e != nil {
			h.Set("Content-Encoding", e.name)
			parts = [][]byte{e.encode(parts)}
		}
	}
	h.Set("Content-Length", strconv.Itoa(length(parts)))
	w.WriteHeader(status)
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return // the client is gone
		}
	}
}

// commonHeaders sets what answers with and without a body have.
func commonHeaders(h http.Header) {
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Add("Vary", "Accept, Accept-Encoding")
}

func length(parts [][]byte) (n int) {
	for _, p := range parts {
		n += len(p)
	}
	return n
}
