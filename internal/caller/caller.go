// Package caller passes the caller of a request in its context. Authentication stores the caller, and access rules, limits and logs read
// it. The package does not import other packages of the project, so that every part can use it.
package caller

import (
	"context"
	"strings"
	"time"
)

// Caller is the sender of a request. The zero value is anonymous.
type Caller struct {
	UID     string   // the subject of the token; empty for an anonymous caller
	Roles   []string // the roles that the issuer or the user's row grants
	Tier    string   // the tier that the issuer grants; empty for none
	Service bool     // the project's own service, to which access rules do not apply
	Key     string   // the ID of the API key of a machine; empty for people
	Scope   Scope    // of the API key
	LogIn   LogIn    // of a person
}

// LogIn is how a person has logged in. It is zero for machines, and where the credentials do not tell.
type LogIn struct {
	Time    time.Time // when they last proved who they are; zero if unknown, and never in the future
	Session string    // the ID of the browser's session; empty for a token

	// Lives asks the issuer whether the session still lives. An error says that it has ended, or that the issuer does not answer. It is
	// nil if nobody can be asked. It keeps the token to itself, so that no log shows it with the caller.
	Lives func(ctx context.Context) error
}

// Scope limits what a caller may do, in addition to the access rules. A nil list does not limit.
type Scope struct {
	Operations []string // query, mutation, subscription
	Types      []string // that an operation may read or write
}

// Anonymous reports whether the caller is unknown.
func (c Caller) Anonymous() bool {
	return !c.Service && c.UID == "" && len(c.Roles) == 0 && c.Tier == ""
}

// tierPrefix marks the tier among the roles of a caller in text.
const tierPrefix = "tier="

// Parse reads a caller as people write one: the user ID, and then roles and a tier in any order: `ada; admin; tier=PRO`. Any part may be empty.
func Parse(text, separator string) (c Caller) {
	uid, grants, _ := strings.Cut(text, separator)
	c.UID = strings.TrimSpace(uid)
	for grant := range strings.SplitSeq(grants, separator) {
		grant = strings.TrimSpace(grant)
		if tier, ok := strings.CutPrefix(grant, tierPrefix); ok {
			c.Tier = strings.TrimSpace(tier)
		} else if grant != "" {
			c.Roles = append(c.Roles, grant)
		}
	}
	return c
}

type key struct{}

// With returns a context that contains c.
func With(ctx context.Context, c Caller) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the caller in ctx, or an anonymous one.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(key{}).(Caller)
	return c
}
