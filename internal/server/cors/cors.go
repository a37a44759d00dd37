// Package cors lets pages of other origins call the API (Cross-Origin Resource Sharing).
package cors

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/server"
)

// Middleware returns the middleware for origins, such as https://app.example.com, or none if there are none. With credentials, browsers may
// send cookies and log-in headers.
func Middleware(origins []string, credentials bool) ([]server.Middleware, error) {
	for _, origin := range origins {
		if err := checkOrigin(origin, credentials); err != nil {
			return nil, err
		}
	}
	if len(origins) == 0 {
		return nil, nil
	}
	handler := cors.New(cors.Options{
		AllowedOrigins: origins, AllowCredentials: credentials, AllowedMethods: []string{"GET", "POST", "DELETE"},
		AllowedHeaders: []string{
			"Accept", "Authorization", "Content-Type", "X-CSRF-Token", request.TraceparentHeader, "Tracestate",
			request.IDHeader, request.CorrelationHeader, request.DistinctIDHeader, request.SessionIDHeader,
			request.CostHeader, request.IdempotencyHeader, request.LastEventHeader,
		},
		ExposedHeaders: []string{request.IDHeader, request.CorrelationHeader, "Retry-After", request.ReplayedHeader}, MaxAge: 600, // seconds
	})
	return []server.Middleware{{Stage: server.Shield, Name: "CORS", Wrap: handler.Handler}}, nil
}

// Allowed returns what tells whether a page of an origin may call the API, as the middleware does. Without origins, none may.
func Allowed(origins []string) func(origin string) bool {
	if len(origins) == 0 { // which the library takes for all
		return func(string) bool { return false }
	}
	handler := cors.New(cors.Options{AllowedOrigins: origins})
	return func(origin string) bool {
		return handler.OriginAllowed(&http.Request{Header: http.Header{"Origin": {origin}}})
	}
}

// checkOrigin rejects what no browser sends as its origin, and patterns together with credentials: other sites could then act for their visitors.
func checkOrigin(origin string, credentials bool) error {
	const op, key = "configure CORS", "server.cors.origins: "
	switch {
	case credentials && strings.Contains(origin, "*"):
		return fault.New(fault.Invalid, op, key+"a pattern cannot be allowed together with server.cors.credentials", "list the origins of your own pages")
	case origin == "*":
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || !isOrigin(u, origin) {
		return fault.New(fault.Invalid, op, key+origin+" is not an origin", "write scheme and host, and a port if it is not the usual one: https://app.example.com")
	}
	return nil
}

// isOrigin reports whether the text of a URL is the origin of a web page: a scheme and a host, and no path.
func isOrigin(u *url.URL, text string) bool {
	isWeb := u.Scheme == "http" || u.Scheme == "https"
	return isWeb && u.Host != "" && text == u.Scheme+"://"+u.Host
}
