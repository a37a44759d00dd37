package server

import (
	"context"
	"net/http"
)

// Failure is a request that the server did not do.
type Failure struct {
	Route  string // its pattern, such as "POST /graphql"; "" if no route matches
	Status int    // of the answer; 0 if the connection was aborted before it
	Err    error  // why; nil if the handler did not say
}

// reportFailure tells Options.Failed of a request that has failed. An operation of GraphQL that failed with status 200 is not among them.
func (s *Server) reportFailure(ctx context.Context, w *response) {
	why := w.info.Failure()
	if s.options.Failed == nil || w.info.FailureNoted() || (w.status < http.StatusBadRequest && why == nil) {
		return
	}
	f := Failure{Route: w.request.Pattern, Status: w.status}
	if why != nil {
		ctx, f.Err = why.Context, why.Err
	}
	s.options.Failed(context.WithoutCancel(ctx), f)
}
