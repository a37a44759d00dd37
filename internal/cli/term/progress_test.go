package term_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/cli/term"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/krowoc/krowoc/internal/cli/term_test.silent.Read"))
}

// clock returns times one second apart.
func clock() func() time.Time {
	at := now
	return func() time.Time { at = at.Add(time.Second); return at }
}

func TestProgressInAPipeIsPlainLines(t *testing.T) {
	terminal, out, stderr := term.Test(nil)
	terminal.Now = clock()
	p := terminal.Progress("fetch Postgres")
	p.Set(1, 2)
	p.Done("fetched Postgres")
	p.Fail()
	if want := "fetch Postgres …\n✓ fetched Postgres (1s)\n"; stderr.String() != want || out.Len() > 0 {
		t.Errorf("got %q", stderr)
	}
}

func TestProgressOnATerminalIsRedrawn(t *testing.T) {
	terminal, _, _ := term.Test(nil)
	drawn := &lockedBuffer{changed: make(chan struct{}, 1)}
	terminal.Err, terminal.ErrTTY, terminal.Now = drawn, true, clock()
	p := terminal.Progress("fetch Postgres")
	p.Set(1, 2)
	for !strings.Contains(drawn.String(), "fetch Postgres ████████████░░░░░░░░░░░░  50%") {
		<-drawn.changed
	}
	terminal.Error(errors.New("no network"))
	if !strings.HasSuffix(drawn.String(), "\r\x1b[K✗ fetch Postgres (1s)\nerror: no network\n") {
		t.Errorf("got %q", drawn.String())
	}
}

func TestProgressIsSilentUnderJSON(t *testing.T) {
	terminal, _, stderr := term.Test(nil)
	terminal.Format = term.JSON
	terminal.Progress("x").Done("y")
	if stderr.Len() > 0 {
		t.Errorf("got %q", stderr)
	}
}
