package app

import (
	"context"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/config"
	httpproblem "github.com/krowoc/krowoc/internal/problem"
)

// ActAsHeader names the user on whose behalf a request in development is answered, with any roles after
// semicolons: `Krowoc-Act-As: 0f8c…; admin`. Other environments ignore it.
const ActAsHeader = "Krowoc-Act-As"

// callerOf returns whom an access token names.
type callerOf func(ctx context.Context, token string) (caller.Caller, error)

// identify puts the caller of a request in its context. Everybody is anonymous, save that development lets a
// request say who it is, by a token of its identity provider or simply by a header.
func (a *App) identify(next http.Handler, callerOf callerOf) http.Handler {
	trusted := a.Config.Environment == config.Development || a.Config.Environment == config.Test
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var who caller.Caller
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case !trusted:
		case bearer && callerOf != nil:
			var err error
			if who, err = callerOf(r.Context(), token); err != nil {
				httpproblem.Write(w, r, err)
				return
			}
		default:
			who = actAs(r.Header.Get(ActAsHeader))
		}
		next.ServeHTTP(w, r.WithContext(caller.With(r.Context(), who)))
	})
}

func actAs(header string) caller.Caller {
	var c caller.Caller
	for i, part := range strings.Split(header, ";") {
		part = strings.TrimSpace(part)
		switch {
		case i == 0:
			c.UID = part
		case part != "":
			c.Roles = append(c.Roles, part)
		}
	}
	return c
}
