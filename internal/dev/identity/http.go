package identity

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// maxBody is the maximum size of a request body in bytes.
const maxBody = 64 << 10

// handler returns the response: a value that is encoded as JSON, nil, a redirect or a page.
type handler func(*http.Request) (any, error)

// redirect and page are responses other than JSON.
type redirect string

type page func(http.ResponseWriter)

// apiError is an error as the protocol defines it.
type apiError struct {
	Status  int    `json:"code"`
	Code    string `json:"error_code"`
	Message string `json:"msg"`
}

// Error implements error.
func (e *apiError) Error() string { return e.Message }

func refuse(status int, code, message string) error { return &apiError{status, code, message} }

func cutPattern(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, path
}

// serve writes the response of a handler.
func serve(w http.ResponseWriter, r *http.Request, handle handler) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	answer, err := handle(r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Supabase-Api-Version", "2024-01-01")
	var refused *apiError
	switch to := answer.(type) {
	case redirect:
		if err == nil {
			w.Header().Set("Referrer-Policy", "no-referrer")
			http.Redirect(w, r, string(to), http.StatusSeeOther)
			return
		}
	case page:
		if err == nil {
			to(w)
			return
		}
	}
	status := http.StatusOK
	switch {
	case errors.As(err, &refused):
		status, answer = refused.Status, refused
	case err != nil:
		status = problem.Status(fault.CodeOf(err))
		answer = &apiError{status, "unexpected_failure", err.Error()}
	case answer == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may have disconnected
}

// allowAnyOrigin lets pages of any origin call a handler. That is safe because the handler does not use cookies.
func allowAnyOrigin(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "X-Supabase-Api-Version")
		if handle == nil {
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "authorization, apikey, content-type, x-client-info, x-supabase-api-version")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		serve(w, r, handle)
	})
}

// readBody decodes a JSON body into a value.
func readBody(r *http.Request, into any) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return refuse(http.StatusRequestEntityTooLarge, "validation_failed", "The request is too large")
	}
	if len(text) == 0 {
		return nil
	}
	if json.Unmarshal(text, into) != nil {
		return refuse(http.StatusBadRequest, "bad_json", "Could not parse request body as JSON")
	}
	return nil
}

// found converts an error of the directory to one of the protocol.
func found(u User, err error) (User, error) {
	if fault.CodeOf(err) == fault.NotFound {
		return u, refuse(http.StatusNotFound, "user_not_found", "User not found")
	}
	return u, err
}
