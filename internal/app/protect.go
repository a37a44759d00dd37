package app

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// Protected returns the protected environment that a database belongs to, or "" if it belongs to none: the chosen environment, or another
// one of krowoc.yaml with the same database, wherever the URL comes from.
func (a *App) Protected(url string) string {
	if a.Config.Protected {
		return a.Config.Environment
	}
	for _, other := range a.Config.ProtectedDatabases {
		if pg.SameDatabase(url, other.URL.Reveal()) {
			return other.Environment
		}
	}
	return ""
}

// RefuseElsewhere returns an error if a database belongs to a protected environment other than the chosen one. A command that deletes or
// overwrites data must then be run in that environment.
func (a *App) RefuseElsewhere(op, url string) error {
	name := a.Protected(url)
	if name == "" || name == a.Config.Environment {
		return nil
	}
	return fault.New(fault.Forbidden, op, fmt.Sprintf("the database %s belongs to the environment %q, which is protected", pg.Where(url), name),
		fmt.Sprintf("If that is what you want, run the command with --env %s.", name))
}
