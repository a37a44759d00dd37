package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// Authenticator finds out who makes a request.
type Authenticator interface {
	// Name says what it reads, as Layout shows it.
	Name() string

	// Authenticate returns the caller. The token is that of the Authorization header (RFC 6750), "" where there is
	// none. It does not know a request without the credentials that it reads, and the next one is asked. Bad
	// credentials are an unauthenticated fault.
	Authenticate(r *http.Request, token string) (who caller.Caller, known bool, err error)
}

func callersName(list []Authenticator) string {
	if len(list) == 0 {
		return "no authenticator"
	}
	var names []string
	for _, a := range list {
		names = append(names, a.Name())
	}
	return strings.Join(names, " or else ")
}

// authenticate puts the caller in the context of the request and in its line of the access log. The first authenticator
// that knows the request decides. A request without credentials is anonymous; a token that nobody knows is refused,
// because a caller who sends one does not expect an answer for strangers.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.callerOf(r)
		if err != nil {
			responseOf(r.Context()).refusal = err
			refuse(w, r, err)
			return
		}
		if !who.Anonymous() {
			responseOf(r.Context()).caller = who
			r = r.WithContext(caller.With(r.Context(), who))
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) callerOf(r *http.Request) (caller.Caller, error) {
	return CallerOf(r, s.options.Authenticators)
}

// CallerOf returns the caller of a request as a server with these authenticators does. Streams ask again whether their caller is still who they were.
func CallerOf(r *http.Request, list []Authenticator) (caller.Caller, error) {
	const op = "authenticate the request"
	token, err := bearerToken(r.Header)
	if err != nil {
		return caller.Caller{}, err
	}
	for _, a := range list {
		if who, known, err := a.Authenticate(r, token); known || err != nil {
			return who, err
		}
	}
	if token != "" {
		return caller.Caller{}, fault.New(fault.Unauthenticated, op, "the access token is not one of this service",
			"log in again, or send no Authorization header for what everybody may read")
	}
	return caller.Caller{}, nil
}

// bearerToken returns the token of an Authorization header, "" where there is none or it has another scheme: proxies
// in front of the service may ask for a password of their own.
func bearerToken(h http.Header) (string, error) {
	const op = "read the Authorization header"
	values := h["Authorization"]
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", fault.New(fault.Invalid, op, "the request has more than one", "send one")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", nil
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", fault.New(fault.Unauthenticated, op, "there is no token after Bearer", "send Authorization: Bearer TOKEN")
	}
	return token, nil
}

// HeaderSetter is an error of an Authenticator that sets headers of the answer, for example to remove a cookie.
type HeaderSetter interface{ SetHeader(h http.Header) }

// refuse answers a request whose caller is not known, with the challenge of RFC 6750, section 3.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var setter HeaderSetter
	if errors.As(err, &setter) {
		setter.SetHeader(w.Header())
	}
	if fault.CodeOf(err) == fault.Unauthenticated {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	problem.Write(w, r, err)
}
