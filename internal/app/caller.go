package app

import (
	"context"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	httpproblem "github.com/krowoc/krowoc/internal/problem"
)

// ActAsHeader names the user on whose behalf a request in development is answered, with any roles after
// semicolons: `Krowoc-Act-As: 0f8c…; admin`. Other environments ignore it.
const ActAsHeader = "Krowoc-Act-As"

// callerOf returns whom an access token names.
type callerOf func(ctx context.Context, token string) (graph.Caller, error)

// identify puts the caller of a request in its context. Everybody is anonymous, save that development lets a
// request say who it is, by a token of its identity provider or simply by a header.
func (a *App) identify(next http.Handler, callerOf callerOf) http.Handler {
	trusted := a.Config.Environment == config.Development || a.Config.Environment == config.Test
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var caller graph.Caller
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case !trusted:
		case bearer && callerOf != nil:
			var err error
			if caller, err = callerOf(r.Context(), token); err != nil {
				httpproblem.Write(w, r, err)
				return
			}
		default:
			caller = actAs(r.Header.Get(ActAsHeader))
		}
		next.ServeHTTP(w, r.WithContext(exec.WithCaller(r.Context(), caller)))
	})
}

func actAs(header string) graph.Caller {
	var caller graph.Caller
	for i, part := range strings.Split(header, ";") {
		part = strings.TrimSpace(part)
		switch {
		case i == 0:
			caller.UID = part
		case part != "":
			caller.Roles = append(caller.Roles, part)
		}
	}
	return caller
}
