package session_test

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// A process reads the row of a session at most once in five seconds, however many requests there are.
func TestRowsAreReadSeldom(t *testing.T) {
	w := newWorld(t)
	p := w.process()
	b := newBrowser(t)
	if a := b.do(http.MethodPost, p.URL+"/auth/login", `{"email": "ann@example.com", "password": "password"}`); a.status != http.StatusOK {
		t.Fatalf("log in: %d %s", a.status, a.text)
	}
	b.uid(p)
	ask := func() (reads int64) {
		before := w.pool.Stat().AcquireCount()
		var requests sync.WaitGroup
		for range 30 {
			requests.Go(func() {
				if b.uid(p) != "ann" {
					t.Error("the session is not known")
				}
			})
		}
		requests.Wait()
		return w.pool.Stat().AcquireCount() - before
	}
	if n := ask(); n != 0 {
		t.Errorf("%d reads at once after another", n)
	}
	w.pass(4 * time.Second)
	if n := ask(); n != 0 {
		t.Errorf("%d reads after four seconds", n)
	}
	w.pass(2 * time.Second)
	if n := ask(); n != 1 {
		t.Errorf("%d reads after six seconds", n)
	}
}
