package exec

import (
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
)

// cache keeps the values that were used last, as long as they take less than a number of bytes together.
type cache[V any] struct {
	*lru.Cache[string, weighed[V]]
	bytes atomic.Int64
	most  int64
}

type weighed[V any] struct {
	value V
	bytes int64
}

// newCache returns an empty cache. It holds at most a value per KiB.
func newCache[V any](most int64) *cache[V] {
	c := &cache[V]{most: most}
	var err error
	c.Cache, err = lru.NewWithEvict(int(most>>10)+1, func(_ string, w weighed[V]) { c.bytes.Add(-w.bytes) })
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return c
}

func (c *cache[V]) get(key string) (V, bool) {
	w, ok := c.Get(key)
	return w.value, ok
}

// add keeps a value that takes the given number of bytes, unless it would take the place of many others.
func (c *cache[V]) add(key string, value V, bytes int64) {
	bytes += int64(len(key))
	if bytes > c.most/16 {
		return
	}
	if found, _ := c.ContainsOrAdd(key, weighed[V]{value, bytes}); found {
		return
	}
	c.bytes.Add(bytes)
	for c.bytes.Load() > c.most {
		if _, _, ok := c.RemoveOldest(); !ok {
			return
		}
	}
}
