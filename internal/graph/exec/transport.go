package exec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// transport is GraphQL over HTTP by GET and POST. Unlike gqlgen's it writes the data of an answer as it is,
// rather than through encoding/json, and presents faults with their HTTP status.
// See https://graphql.github.io/graphql-over-http/draft/.
type transport struct{ options Options }

// Supports implements graphql.Transport.
func (t transport) Supports(*http.Request) bool { return true }

// Do implements graphql.Transport.
func (t transport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	params, err := t.read(r)
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	ctx := r.Context()
	op, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		t.refuse(w, r, errs)
		return
	}
	if r.Method == http.MethodGet && op.Operation.Operation != ast.Query {
		w.Header().Set("Allow", http.MethodPost)
		problem.MethodNotAllowed(r.Method, http.MethodPost).Write(w, r)
		return
	}
	responses, ctx := exec.DispatchOperation(ctx, op)
	response := responses(ctx)
	if response == nil { // the executor found the context ended
		response = &graphql.Response{Errors: gqlerror.List{present(queryFault(ctx, ctx.Err()))}}
	}
	if len(response.Errors) > 0 {
		t.fail(w, r, op, response.Errors)
		return
	}
	t.write(w, r, http.StatusOK, []byte(`{"data":`), response.Data, []byte("}\n"))
}

// read returns what a request asks for.
func (t transport) read(r *http.Request) (*graphql.RawParams, error) {
	const op = "read the request"
	params := &graphql.RawParams{Headers: r.Header}
	switch r.Method {
	case http.MethodGet:
		query := r.URL.Query()
		params.Query, params.OperationName = query.Get("query"), query.Get("operationName")
		for name, into := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
			if text := query.Get(name); text != "" {
				if err := decode(strings.NewReader(text), into); err != nil {
					return nil, fault.New(fault.Invalid, op, name+" is no JSON object: "+err.Error())
				}
			}
		}
	case http.MethodPost:
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != jsonType {
			return nil, fault.New(fault.Invalid, op, "the body is not application/json", "send the header Content-Type: application/json")
		}
		if err := decode(r.Body, params); err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				return nil, err
			}
			return nil, fault.New(fault.Invalid, op, "the body is no GraphQL request: "+err.Error(), `send {"query": "…", "variables": {…}}`)
		}
	default:
		return nil, fault.New(fault.Invalid, op, "only GET and POST are served")
	}
	switch {
	case params.Query == "":
		return nil, fault.New(fault.Invalid, op, "there is no query", `send {"query": "…"}`)
	case len(params.Query) > t.options.MaxDocument:
		return nil, fault.New(fault.Invalid, op, fmt.Sprintf("the document is longer than %d bytes", t.options.MaxDocument))
	}
	return params, nil
}

func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	return d.Decode(into)
}

// refuse answers an operation that is not valid.
func (t transport) refuse(w http.ResponseWriter, r *http.Request, errs gqlerror.List) {
	for _, e := range errs {
		if e.Extensions == nil {
			e.Extensions = map[string]any{}
		}
		e.Extensions["code"] = strings.ToUpper(string(fault.Invalid))
	}
	t.writeErrors(w, r, http.StatusBadRequest, errs)
}

// fail answers an operation that failed. Where Postgres does not answer, nothing of GraphQL applies, and
// the answer is problem details, which proxies and monitors understand.
func (t transport) fail(w http.ResponseWriter, r *http.Request, op *graphql.OperationContext, errs gqlerror.List) {
	cause := errs[0].Unwrap()
	if cause == nil {
		cause = errs[0]
	}
	code := fault.CodeOf(cause)
	switch code {
	case fault.Internal, fault.Unavailable, fault.Timeout:
		t.options.Logger.LogAttrs(r.Context(), slog.LevelError, "operation failed",
			slog.String("operation", op.OperationName), slog.String("code", string(code)), slog.Any("error", deepest(cause)))
	}
	if code == fault.Unavailable {
		problem.Write(w, r, cause)
		return
	}
	t.writeErrors(w, r, problem.Status(code), errs)
}

// deepest returns the innermost fault, which says what Postgres said.
func deepest(err error) error {
	for {
		var f *fault.Error
		if !errors.As(err, &f) || f.Message != "" || f.Err == nil {
			return err
		}
		err = f.Err
	}
}

func (t transport) writeErrors(w http.ResponseWriter, r *http.Request, status int, errs gqlerror.List) {
	body, err := json.Marshal(struct {
		Errors gqlerror.List `json:"errors"`
	}{errs})
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	t.write(w, r, status, body)
}

func (t transport) write(w http.ResponseWriter, r *http.Request, status int, parts ...[]byte) {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	h := w.Header()
	h.Set("Content-Type", contentType(r.Header.Get("Accept")))
	h.Set("Content-Length", strconv.Itoa(length))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return // the client is gone
		}
	}
}

// contentType is the media type of an answer: the one of GraphQL for clients that ask for it by name.
func contentType(accept string) string {
	if strings.Contains(accept, responseType) {
		return responseType + "; charset=utf-8"
	}
	return jsonType + "; charset=utf-8"
}
