package exec

import (
	"context"
	"fmt"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// staleLogIn is the refusal of a caller who has to log in again (RFC 9470).
type staleLogIn struct {
	error
	maxAge time.Duration // of the log-in that the operation asks for
}

// Unwrap returns the fault.
func (e *staleLogIn) Unwrap() error { return e.error }

// challenge is the value of WWW-Authenticate.
func (e *staleLogIn) challenge() string {
	return fmt.Sprintf(`Bearer error="insufficient_user_authentication", max_age="%d"`, int64(e.maxAge.Seconds()))
}

// checkLogIn refuses what asks for a recent log-in where the caller has none, or where the session of it lives no longer. Rules have admitted no row
// yet, so that the answer does not depend on them. The issuer is asked last, and once for the whole operation.
func checkLogIn(ctx context.Context, op *Operation) error {
	need := op.Plan.Fresh
	if need.Within == 0 {
		return nil
	}
	return need.Location.Wrap(recent(ctx, op))
}

func recent(ctx context.Context, op *Operation) error {
	need, who := op.Plan.Fresh, op.Caller
	what := fmt.Sprintf("%s asks for a log-in within the last %s", need.What, schema.FormatDuration(need.Within))
	age := op.Time.Sub(who.LogIn.Time)
	switch {
	case who.Anonymous():
		return fault.New(fault.Unauthenticated, "", what, "sign in")
	case who.Key != "":
		return fault.New(fault.Forbidden, "", what+", and an API key has none", "do this as a person who has logged in")
	case who.LogIn.Time.IsZero():
		return &staleLogIn{fault.New(fault.Reauthenticate, "", what+", and the access token does not tell when that was", "log in again"), need.Within}
	case age > need.Within, age < 0:
		return &staleLogIn{fault.New(fault.Reauthenticate, "", what, "log in again"), need.Within}
	case who.LogIn.Lives == nil:
		return fault.New(fault.Forbidden, "", what+", and nobody can be asked whether its session still lives", "log in with another issuer")
	}
	return lives(ctx, op)
}

// lives asks the issuer. Whatever it does not confirm is refused.
func lives(ctx context.Context, op *Operation) error {
	err := op.Caller.LogIn.Lives(ctx)
	switch code := fault.CodeOf(err); code {
	case "", fault.Unauthenticated, fault.Forbidden, fault.Unavailable, fault.Timeout, fault.Canceled, fault.RateLimited:
		return err
	}
	return &fault.Error{Code: fault.Unavailable, Op: "ask the issuer whether the session lives", Err: err, RetryAfter: time.Second}
}
