package server

import "net/http"

// RequestIDOf is requestIDOf, for tests.
var RequestIDOf = requestIDOf

// HandlerOf returns what a server serves, without a network.
func HandlerOf(s *Server) http.Handler { return s.api.http.Handler }
