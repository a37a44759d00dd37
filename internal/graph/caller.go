package graph

import (
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
)

// The kinds of callers, for which plans differ.
const (
	service   = 's' // no rule applies
	anonymous = 'a' // nothing is known
	user      = 'u' // has an id
	granted   = 'r' // has roles or a tier, and no id
	policy    = 'p' // anybody, whom Postgres knows by the claims of its session
)

// kind is the part of a caller that plans depend on.
func kind(c caller.Caller) byte {
	switch {
	case c.Service:
		return service
	case c.UID != "":
		return user
	case c.Anonymous():
		return anonymous
	}
	return granted
}

// CallerUse says which parts of the caller an answer depends on. Callers of one Shape who agree in these get the same answer.
type CallerUse struct{ UID, Roles, Tier bool }

// Any reports whether the answer depends on the caller.
func (u CallerUse) Any() bool { return u.UID || u.Roles || u.Tier }

// String names the parts.
func (u CallerUse) String() string {
	var parts []string
	if u.UID {
		parts = append(parts, "uid")
	}
	if u.Roles {
		parts = append(parts, "roles")
	}
	if u.Tier {
		parts = append(parts, "tier")
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func (u CallerUse) or(v CallerUse) CallerUse {
	return CallerUse{UID: u.UID || v.UID, Roles: u.Roles || v.Roles, Tier: u.Tier || v.Tier}
}
