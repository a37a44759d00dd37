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
	if b.plan.Fresh.Within == 0 || a.fresh < b.plan.Fresh.Within {
		what := doing[a.operation] + " " + t.Name
		if a.field != nil {
			what += "." + a.field.Name
		}
		b.plan.Fresh = Freshness{Within: a.fresh, What: what, Location: b.location}
	}
	return ""
}
