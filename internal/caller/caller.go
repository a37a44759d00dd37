// Package caller carries who makes a request. Authentication stores the caller in the request's context; access rules,
// limits and logs read it from there. The package imports nothing of the project, so that every part can use it.
package caller

import "context"

// Caller is who makes a request. The zero value is anonymous.
type Caller struct {
	UID     string   // the subject that the issuer of the token names; empty for nobody
	Roles   []string // the roles that the issuer or the person's row grants
	Service bool     // the project's own service, to which no rule applies
}

// Anonymous reports whether nothing is known about the caller.
func (c Caller) Anonymous() bool { return !c.Service && c.UID == "" && len(c.Roles) == 0 }

type key struct{}

// With returns a context that carries c.
func With(ctx context.Context, c Caller) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the caller that ctx carries, or the anonymous one.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(key{}).(Caller)
	return c
}
