package graph

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// A subscription has the fields of Query that begin with a type with @live. Its plan is that of the query, which runs again when what it reads has
// changed.

// Live reports whether the API has subscriptions.
func (a *API) Live() bool {
	return slices.ContainsFunc(a.objects, (*object).followed)
}

// followed reports whether clients can subscribe to the rows of a type.
func (o *object) followed() bool { return o.typ.IsLive() && !o.typ.API.Hides(schema.Read) }

// Tables returns the tables of types, such as those that a plan reads or writes.
func (a *API) Tables(types []string) (tables []string) {
	for _, name := range types {
		if t := a.model.Type(name); t != nil && t.Stored() {
			tables = append(tables, t.Table)
		}
	}
	return tables
}

// subscription prints the fields of Subscription.
func (p *sdlPrinter) subscription(a *API) {
	if !a.Live() {
		return
	}
	p.describe("", "The fields of Query whose answers are sent again whenever they have changed. A subscription can read types with @live only.")
	p.line("type Subscription {")
	for _, o := range a.objects {
		if o.followed() {
			p.rowsOf(o, "while")
		}
	}
	p.line("}\n")
}

// followable refuses a subscription to what changes without notice. It names only types that are in the API.
func (b *builder) followable() error {
	if len(b.read) == 0 {
		return invalid("a subscription must have a field that reads rows", "")
	}
	var unnoticed []string
	isRule := false
	for t := range b.read {
		switch {
		case t.IsLive():
		case b.api.byName[t.Name] == nil:
			isRule = true
		default:
			unnoticed = append(unnoticed, t.APIName())
		}
	}
	slices.Sort(unnoticed)
	switch {
	case len(unnoticed) > 0:
		return invalid("the subscription or its access rules read "+strings.Join(unnoticed, ", ")+", whose changes are not noted", "select only types with @live, or add @live to them")
	case isRule:
		return invalid("the access rules of the subscription read a type whose changes are not noted", "add @live to the type")
	}
	return nil
}
