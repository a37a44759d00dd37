package container_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

// The id is a hash where testcontainers-go has looked at every process of the machine, and a UUID where it has not.
func TestStartDoesNotListProcesses(t *testing.T) {
	if id := testcontainers.SessionID(); len(id) != len("00000000-0000-0000-0000-000000000000") {
		t.Errorf("session %s: testcontainers-go has listed the processes", id)
	}
}

// TestMain does without the variable that turns testcontainers' reaper off, and with it off where an engine has no such image.
func TestMain(m *testing.M) {
	if err := os.Unsetenv("TESTCONTAINERS_RYUK_DISABLED"); err != nil {
		panic(err)
	}
	_, _ = container.List(context.Background(), slog.New(slog.DiscardHandler)) // the configuration is read once, as in the program
	os.Exit(m.Run())
}

func options(t *testing.T) container.Options {
	return container.Options{
		Image: "postgres:17", Command: []string{"sh", "-c", "echo began; sleep 60"}, Port: 5432, Purpose: t.Name(), Logger: slog.New(slog.DiscardHandler),
		Probe: func(context.Context, string) error { return nil },
	}
}

// left returns the ids of a test's containers.
func left(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("docker", "ps", "--all", "--quiet", "--filter", "label="+container.Label+"="+t.Name()).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestStop(t *testing.T) {
	testkit.NeedDocker(t)
	o := options(t)
	guarded, dismissed := "", 0
	o.Guard = func(name string) func() { guarded = name; return func() { dismissed++ } }
	c, err := container.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("docker", "ps", "--quiet", "--filter", "name="+guarded).Output(); guarded == "" || len(out) == 0 {
		t.Errorf("%q is guarded: %v", guarded, err)
	}
	if (!strings.HasPrefix(c.Address(), "127.0.0.1:") && !strings.HasPrefix(c.Address(), "localhost:")) || left(t) == "" {
		t.Errorf("at %s, running: %q", c.Address(), left(t))
	}
	for range 2 {
		if err := c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if ids := left(t); ids != "" || dismissed != 1 {
		t.Errorf("left behind: %s; its guard was dismissed %d times", ids, dismissed)
	}
}

func TestStartFails(t *testing.T) {
	testkit.NeedDocker(t)
	for name, test := range map[string]struct {
		change func(*container.Options)
		want   string
		code   fault.Code
	}{
		"image": {func(o *container.Options) { o.Image = "krowoc.invalid/none:1" }, "start a container of krowoc.invalid/none:1", fault.Unavailable},
		"ended": {func(o *container.Options) {
			o.Command = []string{"sh", "-c", "sleep 0.1; echo the disk is full; exit 3"}
			o.Probe = func(context.Context, string) error { return context.DeadlineExceeded }
		}, "the container exited: the disk is full", fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			test.change(&o)
			_, err := container.Start(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), test.want) || fault.CodeOf(err) != test.code {
				t.Errorf("%s: %v", fault.CodeOf(err), err)
			}
			if ids := left(t); ids != "" {
				t.Errorf("left behind: %s", ids)
			}
		})
	}
}

func TestStartInterrupted(t *testing.T) {
	testkit.NeedDocker(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	o := options(t)
	o.Probe = func(context.Context, string) error { cancel(); return context.Canceled }
	if _, err := container.Start(ctx, o); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("%v", err)
	}
	if ids := left(t); ids != "" {
		t.Errorf("left behind: %s", ids)
	}
}
