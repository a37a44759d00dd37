package exec_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/testkit"
)

// failures counts the internal errors that an observer learns of.
type failures struct{ n atomic.Int64 }

func (*failures) Name() string { return "failures" }

func (f *failures) Settle(_ context.Context, op *exec.Operation) {
	if fault.CodeOf(op.Err) == fault.Internal {
		f.n.Add(1)
	}
}

// What fails long after the request is known to observers too, such as the list of errors.
func TestFailuresOfSubscriptionsAreObserved(t *testing.T) {
	seen := &failures{}
	l := startLive(t, chatDatabase(t), exec.Options{API: apiOf(t, chat), Observers: []exec.Observer{seen}}, nil)
	c := l.open(t, "ada")
	c.subscribe("1", rooms)
	c.next("1")
	testkit.Exec(t, l.db, "ALTER TABLE messages RENAME TO letters")
	testkit.Exec(t, l.db, "INSERT INTO rooms (name) VALUES ('hall')")
	if m := c.read(); m.Type != "error" || !strings.Contains(string(m.Payload), "INTERNAL") {
		t.Errorf("%s %s", m.Type, m.Payload)
	}
	for deadline := time.Now().Add(10 * time.Second); seen.n.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the observer was not told")
		}
	}
}
