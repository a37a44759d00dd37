package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// body is the JSON of a request by POST.
type body struct {
	Query         string         `json:"query"`
	DocumentID    string         `json:"documentId"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// read returns the operation that a request asks for, or why there is none.
func read(r *http.Request) (*Operation, *problem.Details) {
	switch r.Method {
	case http.MethodGet:
		return readQuery(r)
	case http.MethodPost:
		return readBody(r)
	}
	return nil, invalid("only GET and POST are served", "use GET or POST")
}

func readQuery(r *http.Request) (*Operation, *problem.Details) {
	query := r.URL.Query()
	op := &Operation{Document: query.Get("query"), DocumentID: query.Get("documentId"), Name: query.Get("operationName"), Safe: true}
	for name, into := range map[string]*map[string]any{"variables": &op.Variables, "extensions": &op.Extensions} {
		if text := query.Get(name); text != "" {
			if err := decode(strings.NewReader(text), into); err != nil {
				return nil, invalid(name+" is not a JSON object: "+err.Error(), "")
			}
		}
	}
	return orProblem(checked(op))
}

func readBody(r *http.Request) (*Operation, *problem.Details) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	if err != nil || media != jsonType || (charset != "" && charset != "utf-8") {
		return nil, &problem.Details{
			Title: http.StatusText(http.StatusUnsupportedMediaType), Status: http.StatusUnsupportedMediaType, Code: fault.Invalid,
			Detail: "the body is not " + jsonType, Hint: "send the header Content-Type: " + jsonType,
		}
	}
	var b body
	if err := decode(r.Body, &b); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			details := problem.From(err)
			return nil, &details
		}
		return nil, invalid("the body is not a GraphQL request: "+err.Error(), `send {"query": "…", "variables": {…}}`)
	}
	return orProblem(b.operation())
}

func (b body) operation() (*Operation, error) {
	return checked(&Operation{Document: b.Query, DocumentID: b.DocumentID, Name: b.OperationName, Variables: b.Variables, Extensions: b.Extensions})
}

// checked refuses a request that names no document. Extensions can name one that the server knows.
func checked(op *Operation) (*Operation, error) {
	isNamed := op.DocumentID != "" || op.Extensions != nil
	switch {
	case op.Document != "" && op.DocumentID != "":
		return nil, fault.New(fault.Invalid, "", "the request has both query and documentId", "leave one of them out")
	case op.Document == "" && !isNamed:
		return nil, fault.New(fault.Invalid, "", "the request has no query", `send {"query": "…"}`)
	}
	return op, nil
}

func orProblem(op *Operation, err error) (*Operation, *problem.Details) {
	if err != nil {
		details := problem.From(err)
		return nil, &details
	}
	return op, nil
}

func invalid(message, hint string) *problem.Details {
	details := problem.From(fault.New(fault.Invalid, "", message, hint))
	return &details
}

// decode keeps the digits of numbers. It refuses half of a surrogate pair, which package json would replace.
func decode(r io.Reader, into any) error {
	var body bytes.Buffer
	d := json.NewDecoder(io.TeeReader(r, &body))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if !scalar.Paired(body.Bytes()) {
		return errors.New("a string has half of a surrogate pair")
	}
	return nil
}
