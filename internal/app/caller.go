package app

import (
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// ActAsHeader names the user on whose behalf a request in development is answered, with any roles after
// semicolons: `Krowoc-Act-As: 0f8c…; admin`. Other environments ignore it.
const ActAsHeader = "Krowoc-Act-As"

// identify puts the caller of a request in its context. Everybody is anonymous, save that development lets a
// request say who it is.
func (a *App) identify(next http.Handler) http.Handler {
	trusted := a.Config.Environment == config.Development || a.Config.Environment == config.Test
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var caller graph.Caller
		if trusted {
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
