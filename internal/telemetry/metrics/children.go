package metrics

import (
	"maps"
	"sync"
	"sync/atomic"
)

// children are the metrics of each combination of labels. Looking one up takes no lock and allocates nothing.
type children[K comparable, V any] struct {
	create func(K) V

	mu    sync.Mutex
	known atomic.Pointer[map[K]V] // replaced whole
}

func newChildren[K comparable, V any](create func(K) V) *children[K, V] {
	c := &children[K, V]{create: create}
	c.known.Store(&map[K]V{})
	return c
}

// of returns the metrics for k. The caller bounds how many k there are.
func (c *children[K, V]) of(k K) V {
	if v, ok := (*c.known.Load())[k]; ok {
		return v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := *c.known.Load()
	if v, ok := known[k]; ok {
		return v
	}
	next := maps.Clone(known)
	next[k] = c.create(k)
	c.known.Store(&next)
	return next[k]
}

// bounded tells apart the first values that it sees, up to a limit.
type bounded struct {
	most int

	mu    sync.Mutex
	known atomic.Pointer[map[string]struct{}]
}

func newBounded(most int) *bounded {
	b := &bounded{most: most}
	b.known.Store(&map[string]struct{}{})
	return b
}

// maxValue is how many bytes a value of a label may have.
const maxValue = 100

// has reports whether a value is already told apart.
func (b *bounded) has(value string) bool {
	_, ok := (*b.known.Load())[value]
	return ok
}

// admit reports whether a value is one of those that are told apart.
func (b *bounded) admit(value string) bool {
	known := *b.known.Load()
	if _, ok := known[value]; ok {
		return true
	}
	if len(known) >= b.most {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	known = *b.known.Load()
	if _, ok := known[value]; ok || len(known) >= b.most {
		return ok
	}
	next := maps.Clone(known)
	next[value] = struct{}{}
	b.known.Store(&next)
	return true
}
