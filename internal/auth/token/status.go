package token

import (
	"fmt"
	"time"
)

// overdue is how long after its time a fetch of keys may not have succeeded before it is a concern.
const overdue = 5 * time.Minute

// Status returns how many keys of issuers are known, and what is wrong, without any names, or "". It asks nobody.
func (v *Verifier) Status() (keys int, concern string) {
	unknown, old := 0, 0
	for _, i := range v.issuers {
		n, isOld := i.keys.status()
		keys += n
		switch {
		case n == 0 && len(i.Secret) == 0:
			unknown++
		case isOld:
			old++
		}
	}
	switch {
	case unknown > 0:
		return keys, fmt.Sprintf("the keys of %d of %d issuers are not known: their tokens cannot be checked", unknown, len(v.issuers))
	case old > 0:
		return keys, fmt.Sprintf("the keys of %d of %d issuers are old, because the issuers do not answer", old, len(v.issuers))
	}
	return keys, ""
}

// status returns how many keys are known, and whether the last attempt to renew them has failed. Keys that no token has asked for in a
// while are not renewed, and that is no concern.
func (s *keySet) status() (known int, isOld bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	isDue := s.now().After(s.next.Add(overdue))
	hasTried := s.flight == nil && s.tried.After(s.next)
	return len(s.keys), isDue && hasTried
}
