package exec

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

var errNoStream = fault.New(fault.Invalid, "", "a subscription takes a stream, which this request does not accept",
	"use a WebSocket with the subprotocol "+wsProtocol+", or accept "+sseType)

// admit takes an operation of a stream to the point where it could run, if it is a subscription. Other operations are left as they were. If it is
// refused, its outcome is settled.
func (p *pipeline) admit(ctx context.Context, op *Operation) (isSubscription bool) {
	first := *op
	first.streams = true
	began := time.Now()
	err := p.attempt(ctx, &first, p.steps[:1])
	if !first.Subscription() {
		return false
	}
	if err == nil {
		err = p.attempt(ctx, &first, p.steps[1:2])
	}
	first.Err = err
	*op = first
	op.Took = time.Since(began)
	if op.Err != nil {
		p.settleAll(ctx, op)
	}
	return true
}

// subscribe begins a subscription that has been admitted. A recent log-in that it asks for lasts as long as it is recent.
func (p *pipeline) subscribe(op *Operation, s *subscription) {
	if need := op.Plan.Fresh; need.Within > 0 {
		lasts := op.Caller.LogIn.Time.Add(need.Within).Sub(op.Time)
		s.timer = time.AfterFunc(lasts, func() {
			s.end(&staleLogIn{fault.New(fault.Reauthenticate, "", "the log-in is no longer recent", "log in again"), need.Within})
		})
	}
	p.hub.join(p, op, s)
}

// callerInputs is what of a caller can change an answer.
type callerInputs struct {
	UID, Tier, Key string
	Roles          []string
	Service        bool
	LogIn          int64
}

// inputs returns what of the caller the answer of a plan depends on. Policies can read everything that identifies the caller.
func (p *pipeline) inputs(op *Operation) (in callerInputs) {
	who, use := op.Caller, op.Plan.PerCaller
	all := p.Enforce != nil
	if use.UID || all {
		in.UID = who.UID
	}
	if use.Tier || all {
		in.Tier = who.Tier
	}
	if use.Roles || all {
		in.Roles = slices.Sorted(slices.Values(who.Roles))
	}
	if all {
		in.Key, in.LogIn = who.Key, who.LogIn.Time.Unix()
	}
	in.Service = who.Service
	return in
}

// liveKey is equal for operations that always have the same answer.
func (p *pipeline) liveKey(op *Operation) string {
	vars, err := json.Marshal(op.Variables)
	if err != nil {
		vars = fmt.Appendf(nil, "%p", op) // shared with nobody
	}
	text := fmt.Sprintf("%p\x00%q\x00%q\x00%q\x00%s\x00%+v", p, op.Name, p.API.Shape(op.operation, op.request()), op.Document, vars, p.inputs(op))
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// sameCaller reports whether a caller may still do what they could.
func sameCaller(a, b caller.Caller) bool {
	same := func(a, b []string) bool {
		return (a == nil) == (b == nil) && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
	}
	sameIdentity := a.UID == b.UID && a.Service == b.Service && a.Key == b.Key
	sameRights := a.Tier == b.Tier && slices.Equal(slices.Sorted(slices.Values(a.Roles)), slices.Sorted(slices.Values(b.Roles)))
	sameScope := same(a.Scope.Operations, b.Scope.Operations) && same(a.Scope.Types, b.Scope.Types)
	return sameIdentity && sameRights && sameScope
}
