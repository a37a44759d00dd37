package graph

import (
	"time"

	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema"
)

// Freshness is how recent the log-in of a caller has to be.
type Freshness struct {
	Within   time.Duration // how long ago it may be; 0 for any time
	What     string        // that asks for it, in words: reading Account.iban
	Location *Location
}

// doing says operations in words.
var doing = map[schema.Operation]string{schema.Read: "reading", schema.Create: "creating", schema.Update: "updating", schema.Delete: "deleting"}

// fresh notes that the operation needs a recent log-in, and returns the condition for it: plans have none, because the operation is refused as
// a whole.
func (b *builder) fresh(a access, t *schema.Type) string {
	switch {
	case b.outside && b.kind == anonymous:
		return "false"
	case b.outside:
		return rls.LoggedInWithin(a.fresh)
	}
	what := doing[a.operation] + " " + t.APIName()
	if a.field != nil {
		what += "." + b.api.nameOf(a.field)
	}
	b.asks(Freshness{Within: a.fresh, What: what, Location: b.location})
	return ""
}

// asks notes what the operation needs, unless it needs a more recent log-in already.
func (b *builder) asks(f Freshness) {
	if f.Within > 0 && (b.plan.Fresh.Within == 0 || f.Within < b.plan.Fresh.Within) {
		b.plan.Fresh = f
	}
}
