package token

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

const (
	// refreshEvery is how long keys are used before they are fetched again, if the issuer does not say.
	refreshEvery = 10 * time.Minute

	// attemptEvery is the shortest time between two fetches, so that tokens with unknown keys cost the issuer nothing.
	attemptEvery = 30 * time.Second

	// fetchTimeout limits a fetch, and maxWaiting how many requests wait for one.
	fetchTimeout = 5 * time.Second
	maxWaiting   = 1000
)

// keyID finds a key: a set may have one of the same name for each algorithm.
type keyID struct {
	name, algorithm string
	issuer          string // the only tenant whose tokens it signs; empty for all
}

// keySet is the keys of an issuer. They are fetched when a token needs one that is unknown, and again in the background when they are old.
// Keys that have been fetched once are kept while the issuer does not answer.
type keySet struct {
	issuer  Issuer
	client  *http.Client
	logger  *slog.Logger
	now     func() time.Time
	context context.Context //nolint:containedctx // ends the fetches, which outlive the requests that start them
	running *sync.WaitGroup

	mu      sync.Mutex
	keys    map[keyID]any // nil before the first fetch that succeeds
	next    time.Time     // when to fetch again
	tried   time.Time     // when the last fetch began
	flight  chan struct{} // closed when the fetch that is running ends
	waiting int
}

// key returns the key that a token with an `iss` names.
func (i *trusted) key(ctx context.Context, h header, iss string) (any, error) {
	if h.Algorithm == hmacName {
		if len(i.Secret) == 0 {
			return nil, invalid("the algorithm HS256 is not allowed for this issuer")
		}
		return i.Secret, nil
	}
	if _, known := algorithms[h.Algorithm]; !known {
		return nil, invalid(fmt.Sprintf("the algorithm %.20q is not allowed", h.Algorithm))
	}
	return i.keys.get(ctx, keyID{h.Key, h.Algorithm, iss})
}

// get returns a key. It waits for a fetch if the key is unknown and one may begin.
func (s *keySet) get(ctx context.Context, id keyID) (any, error) {
	key, flight := s.known(ctx, id)
	if key != nil {
		return key, nil
	}
	if flight != nil {
		if err := s.wait(ctx, flight); err != nil {
			return nil, err
		}
		if key, _ = s.known(ctx, id); key != nil {
			return key, nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		return nil, s.unavailable(nil)
	}
	return nil, invalid("the key of the token is unknown")
}

// known returns a key, and starts a fetch if the keys are old. If the key is unknown, it returns the fetch to wait for, or nil if it is too
// early for another one.
func (s *keySet) known(ctx context.Context, id keyID) (key any, flight chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key = s.keys[keyID{id.name, id.algorithm, ""}]; key == nil {
		key = s.keys[id]
	}
	if id.name == "" {
		key = s.only(id)
	}
	if key == nil || s.now().After(s.next) {
		s.begin(ctx)
	}
	return key, s.flight
}

// only returns the one key of an algorithm, for tokens that name none. It returns nil if there are several.
func (s *keySet) only(wanted keyID) (found any) {
	for id, key := range s.keys {
		isForAnother := id.issuer != "" && id.issuer != wanted.issuer
		if id.algorithm != wanted.algorithm || isForAnother {
			continue
		}
		if found != nil {
			return nil
		}
		found = key
	}
	return found
}

// refresh starts a fetch in the background, unless one has begun a short while ago.
func (s *keySet) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(s.context)
}

// begin is refresh for a caller that holds the lock. The fetch is in the trace of ctx, and outlives it.
func (s *keySet) begin(ctx context.Context) {
	now := s.now()
	tooEarly := !s.tried.IsZero() && now.Sub(s.tried) < attemptEvery
	if s.flight != nil || tooEarly || s.context.Err() != nil {
		return
	}
	s.tried, s.flight = now, make(chan struct{})
	s.running.Go(func() { s.fetch(context.WithoutCancel(ctx)) })
}

// settle returns once no fetch can begin any more. The context has ended.
func (s *keySet) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
}

// fetch replaces the keys.
func (s *keySet) fetch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	defer context.AfterFunc(s.context, cancel)()
	keys, fresh, err := fetchKeys(ctx, s.client, s.issuer)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.flight)
	s.flight = nil
	if err != nil {
		if s.context.Err() == nil {
			s.logger.Warn("could not fetch the keys of an issuer of tokens", "issuer", s.issuer.URL, "error", err, "known_keys", len(s.keys))
		}
		return
	}
	s.keys, s.next = keys, s.now().Add(fresh)
}

// wait waits for a fetch.
func (s *keySet) wait(ctx context.Context, flight chan struct{}) error {
	s.mu.Lock()
	full := s.waiting >= maxWaiting
	if !full {
		s.waiting++
	}
	s.mu.Unlock()
	if full {
		return s.unavailable(errors.New("too many requests wait for its keys"))
	}
	defer func() { s.mu.Lock(); s.waiting--; s.mu.Unlock() }()
	select {
	case <-flight:
		return nil
	case <-ctx.Done():
		return fault.Wrap(op, ctx.Err())
	}
}

// unavailable is the error of a token that cannot be judged for want of keys.
func (s *keySet) unavailable(cause error) error {
	return &fault.Error{Code: fault.Unavailable, Op: op, Message: "the keys of the issuer " + s.issuer.URL + " could not be fetched yet",
		Hint: "try again in a moment", Err: cause, Private: true, RetryAfter: time.Second}
}
