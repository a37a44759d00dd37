package server

import "net/http"

// Holder is holder, for tests.
var Holder = holder

// RequestIDOf is requestIDOf, for tests.
var RequestIDOf = requestIDOf

// HandlerOf returns what a server serves, without a network.
func HandlerOf(s *Server) http.Handler { return s.http.Handler }
