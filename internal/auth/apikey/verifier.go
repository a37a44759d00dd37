package apikey

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/singleflight"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

const (
	// rememberFor is how long a verified key is not looked up again. A revocation ends it earlier.
	rememberFor = time.Minute
	maxRemember = 10_000

	// queryTimeout limits a lookup, and maxUses how many notes of a use wait for Postgres.
	queryTimeout = 5 * time.Second
	maxUses      = 1000
)

// Options configure a Verifier.
type Options struct {
	Pool    *pgxpool.Pool
	Logger  *slog.Logger // nil discards messages
	Now     func() time.Time
	Revoked func(id string) bool // is called for every request and must not block
}

// Verifier verifies keys. It is safe for concurrent use.
type Verifier struct {
	Options
	known   *lru.Cache[hash, remembered]
	flights singleflight.Group // one lookup of a key at a time
	uses    chan hash
	stop    context.CancelFunc
	ended   sync.WaitGroup
}

// remembered is a key that has been looked up.
type remembered struct {
	Key
	until time.Time
}

// NewVerifier returns a verifier. Between Start and Stop it records when keys are used.
func NewVerifier(o Options) *Verifier {
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	v := &Verifier{Options: o, uses: make(chan hash, maxUses), stop: func() {}}
	v.known, _ = lru.New[hash, remembered](maxRemember) // fails only for a size below 1
	return v
}

// Verify returns the key that a request contains. A key that does not count is an unauthenticated fault that says why.
func (v *Verifier) Verify(ctx context.Context, text string) (Key, error) {
	now := v.Now()
	h := hash(sha256.Sum256([]byte(text)))
	k, found := v.known.Get(h)
	if !found || !now.Before(k.until) {
		if err := check(text); err != nil {
			return Key{}, err
		}
		var err error
		if k, err = v.fetch(ctx, h, now); err != nil {
			return Key{}, err
		}
	}
	state := k.State(now)
	if v.Revoked(k.ID) {
		state = "revoked"
	}
	if state != "active" {
		return Key{}, invalid("the API key " + k.ID + " is " + state)
	}
	return k.Key, nil
}

// fetch looks up a key and remembers it. Requests with the same key wait for one lookup, which the end of the first request does not end.
func (v *Verifier) fetch(ctx context.Context, h hash, now time.Time) (remembered, error) {
	flight := v.flights.DoChan(string(h[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		k, err := v.lookUp(ctx, h)
		if err != nil {
			return nil, err
		}
		r := remembered{k, now.Add(rememberFor)}
		v.known.Add(h, r)
		if k.State(now) == "active" {
			select {
			case v.uses <- h:
			default: // Postgres is too slow for notes
			}
		}
		return r, nil
	})
	select {
	case <-ctx.Done():
		return remembered{}, fault.Wrap(op, ctx.Err())
	case result := <-flight:
		r, _ := result.Val.(remembered)
		return r, result.Err
	}
}

func (v *Verifier) lookUp(ctx context.Context, h hash) (Key, error) {
	var k Key
	var stored []byte
	err := v.Pool.QueryRow(ctx, "SELECT hash, "+columns+" FROM krowoc.api_key($1)", h[:]).Scan(append([]any{&stored}, k.into()...)...)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && subtle.ConstantTimeCompare(stored, h[:]) != 1: // whatever the index considers equal
		return Key{}, invalid("the API key " + h.id() + " is unknown")
	case err != nil:
		return Key{}, &fault.Error{Code: fault.Unavailable, Op: op, Err: pg.Fault("look it up", err), Private: true, RetryAfter: time.Second}
	}
	return k, nil
}

// Start begins to record when keys are used.
func (v *Verifier) Start(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	v.stop = stop
	v.ended.Go(func() {
		for {
			select {
			case <-background.Done():
				return
			case h := <-v.uses:
				v.recordUse(background, h)
			}
		}
	})
	return nil
}

// Stop ends it.
func (v *Verifier) Stop(context.Context) error {
	v.stop()
	v.ended.Wait()
	return nil
}

func (v *Verifier) recordUse(ctx context.Context, h hash) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	if _, err := v.Pool.Exec(ctx, "SELECT krowoc.use_api_key($1)", h[:]); err != nil {
		v.Logger.DebugContext(ctx, "could not record that an API key was used", "key", h.id(), "error", err)
	}
}
