package lifecycle_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal notes what happened, in order.
type journal struct {
	mu     sync.Mutex
	events []string
}

func (j *journal) add(event string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, event)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.events, " ")
}

// part writes its start and stop into the journal.
func (j *journal) part(name string) lifecycle.Part {
	return lifecycle.Part{
		Name:  name,
		Start: func(context.Context) error { j.add("+" + name); return nil },
		Stop:  func(context.Context) error { j.add("-" + name); return nil },
	}
}

func TestStartsInOrderAndStopsInReverse(t *testing.T) {
	var j journal
	g := lifecycle.New(nil, j.part("a"), lifecycle.Part{Name: "empty"}, j.part("b"), j.part("c"))
	for range 2 { // both are idempotent
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := j.String(), "+a +b +c -c -b -a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := g.Err(); err != nil {
		t.Errorf("a group that was stopped has Err %v", err)
	}
}

func TestFailedStartStopsWhatHadStarted(t *testing.T) {
	var j journal
	broken := lifecycle.Part{
		Name:  "broken",
		Start: func(context.Context) error { return fault.New(fault.Conflict, "", "the port is taken", "take another") },
		Stop:  func(context.Context) error { j.add("-broken"); return nil },
	}
	g := lifecycle.New(nil, j.part("a"), j.part("b"), broken, j.part("c"))
	err := g.Start(t.Context())
	if err == nil || err.Error() != "start broken: the port is taken" || fault.CodeOf(err) != fault.Conflict ||
		fault.HintOf(err) != "take another" {
		t.Errorf("got error %v", err)
	}
	if got, want := j.String(), "+a +b -b -a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if again := g.Start(t.Context()); !errors.Is(again, err) {
		t.Errorf("a second start returns %v", again)
	}
	if err := g.Stop(t.Context()); err != nil {
		t.Errorf("Stop after a failed start: %v", err)
	}
}

func TestStopBeforeStart(t *testing.T) {
	var j journal
	g := lifecycle.New(nil, j.part("a"))
	if err := g.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Start(t.Context()); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("Start after Stop: %v", err)
	}
	if got := j.String(); got != "" {
		t.Errorf("got %s", got)
	}
}

// slow is a part whose start lasts until its context ends, and says when it has begun.
func slow(begun chan<- struct{}) lifecycle.Part {
	return lifecycle.Part{Name: "slow", Start: func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}}
}

func TestStartIsCutShort(t *testing.T) {
	for name, cut := range map[string]func(g *lifecycle.Group, cancel context.CancelFunc) error{
		"by Stop":    func(g *lifecycle.Group, _ context.CancelFunc) error { return g.Stop(context.Background()) },
		"by context": func(_ *lifecycle.Group, cancel context.CancelFunc) error { cancel(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			begun := make(chan struct{})
			g := lifecycle.New(nil, j.part("a"), slow(begun), j.part("c"))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			started := make(chan error, 1)
			go func() { started <- g.Start(ctx) }()
			<-begun
			if err := cut(g, cancel); err != nil {
				t.Error(err)
			}
			if err := <-started; fault.CodeOf(err) != fault.Canceled {
				t.Errorf("Start: %v", err)
			}
			if got, want := j.String(), "+a -a"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// mortal is a part that dies when told to.
func mortal(name string, death <-chan error) lifecycle.Part {
	stopped := make(chan struct{})
	return lifecycle.Part{
		Name: name,
		Stop: func(context.Context) error { close(stopped); return nil },
		Wait: func() error {
			select {
			case err := <-death:
				return err
			case <-stopped:
				return nil
			}
		},
	}
}

func TestRunEndsWhenAPartDies(t *testing.T) {
	for name, tc := range map[string]struct {
		cause error
		want  string
		code  fault.Code
	}{
		"with an error": {fault.New(fault.Upstream, "", "killed by signal 9"), "run db: it failed: killed by signal 9", fault.Upstream},
		"without one":   {nil, "run db: it ended unexpectedly", fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			death := make(chan error, 1)
			ready := lifecycle.Part{Name: "ready", Start: func(context.Context) error { death <- tc.cause; return nil }}
			g := lifecycle.New(nil, j.part("a"), mortal("db", death), ready)
			err := g.Run(t.Context())
			if err == nil || err.Error() != tc.want || fault.CodeOf(err) != tc.code {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			<-g.Over()
			if got, want := j.String(), "+a -a"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestDeathDuringStartIsTheReason(t *testing.T) {
	var j journal
	death := make(chan error, 1)
	death <- errors.New("no space left")
	g := lifecycle.New(nil, mortal("db", death), slow(make(chan struct{})), j.part("c"))
	err := g.Start(t.Context())
	if err == nil || err.Error() != "run db: it failed: no space left" {
		t.Errorf("got %v", err)
	}
	if got := j.String(); got != "" {
		t.Errorf("started %s", got)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		graceful := false
		g := lifecycle.New(nil, lifecycle.Part{Name: "a", Stop: func(ctx context.Context) error {
			graceful = ctx.Err() == nil
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- g.Run(ctx) }()
		synctest.Wait() // it is up, and nothing moves
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
		if !graceful {
			t.Error("the part had no time to stop")
		}
	})
}

func TestStopReportsEveryPartAndGoesOn(t *testing.T) {
	var j journal
	failing := lifecycle.Part{Name: "failing", Stop: func(context.Context) error { return errors.New("disk full") }}
	panicking := lifecycle.Part{Name: "panicking", Stop: func(context.Context) error { panic("nil map") }}
	g := lifecycle.New(nil, j.part("a"), failing, panicking)
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := g.Stop(t.Context())
	if err == nil || err.Error() != "stop panicking: it panicked: nil map\nstop failing: disk full" {
		t.Errorf("got %v", err)
	}
	if got, want := j.String(), "+a -a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPanicInStartIsAnError(t *testing.T) {
	var j journal
	g := lifecycle.New(nil, j.part("a"), lifecycle.Part{Name: "b", Start: func(context.Context) error { panic("boom") }})
	if err := g.Start(t.Context()); fault.CodeOf(err) != fault.Internal || err.Error() != "start b: it panicked: boom" {
		t.Errorf("got %v", err)
	}
	if got, want := j.String(), "+a -a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPartThatDoesNotStopIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		release := make(chan struct{})
		stuck := lifecycle.Part{
			Name: "stuck", StopTimeout: time.Minute,
			Stop: func(context.Context) error { <-release; return nil },
		}
		g := lifecycle.New(nil, j.part("a"), stuck)
		if err := g.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err := g.Stop(t.Context())
		if fault.CodeOf(err) != fault.Timeout || !strings.Contains(err.Error(), "stop stuck") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took < time.Minute || took > time.Minute+5*time.Second {
			t.Errorf("Stop took %s", took)
		}
		if got, want := j.String(), "+a -a"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		close(release)
	})
}

func TestWaitersGiveUpWithTheirContext(t *testing.T) {
	release, stopping := make(chan struct{}), make(chan struct{})
	g := lifecycle.New(nil, lifecycle.Part{Name: "a", Stop: func(context.Context) error {
		close(stopping)
		<-release
		return nil
	}})
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go func() { first <- g.Stop(t.Context()) }()
	<-stopping
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Stop(gone); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("the second Stop: %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Errorf("the first Stop: %v", err)
	}
}

// TestStress starts, stops and cancels from many goroutines at random moments. Whatever the order, what was
// started is stopped, once, in reverse.
func TestStress(t *testing.T) {
	for range 300 {
		var live atomic.Int64
		var j journal
		parts := make([]lifecycle.Part, 5)
		for i := range parts {
			name := string(rune('a' + i))
			stopped := make(chan struct{})
			parts[i] = lifecycle.Part{
				Name: name,
				Start: func(ctx context.Context) error {
					timer := time.NewTimer(rand.N(100 * time.Microsecond))
					defer timer.Stop()
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-timer.C:
						live.Add(1)
						j.add("+" + name)
						return nil
					}
				},
				Stop: func(context.Context) error { live.Add(-1); j.add("-" + name); close(stopped); return nil },
				Wait: func() error { <-stopped; return nil },
			}
		}
		g := lifecycle.New(nil, parts...)
		ctx, cancel := context.WithTimeout(context.Background(), rand.N(800*time.Microsecond))
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				if i%2 == 0 {
					_ = g.Start(ctx)
					return
				}
				timer := time.NewTimer(rand.N(500 * time.Microsecond))
				defer timer.Stop()
				<-timer.C
				if err := g.Stop(context.Background()); err != nil {
					t.Errorf("Stop: %v", err)
				}
			})
		}
		wg.Wait()
		cancel()
		if n := live.Load(); n != 0 {
			t.Fatalf("%d parts were not stopped: %s", n, &j)
		}
		checkMirrored(t, j.events)
	}
}

// checkMirrored fails unless the stops are the starts in reverse.
func checkMirrored(t *testing.T, events []string) {
	t.Helper()
	half := len(events) / 2
	stops := slices.Clone(events[half:])
	slices.Reverse(stops)
	for i, start := range events[:half] {
		if stops[i][1:] != start[1:] || start[0] != '+' || stops[i][0] != '-' {
			t.Fatalf("not mirrored: %v", events)
		}
	}
}
