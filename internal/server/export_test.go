package server

import "net/http"

// InfoOf is infoOf, for tests.
var InfoOf = infoOf

// HandlerOf returns what a server serves, without a network.
func HandlerOf(s *Server) http.Handler { return s.api.http.Handler }
