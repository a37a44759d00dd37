//go:build unix

package dashboard_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/krowoc/krowoc/internal/cli/term/dashboard"
)

// screen collects what a terminal shows.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestTerminalIsPutBack leaves the dashboard in each way.
func TestTerminalIsPutBack(t *testing.T) {
	for name, leave := range map[string]func(keyboard io.Writer, cancel func(), lines chan dashboard.Line){
		"q":       func(k io.Writer, _ func(), _ chan dashboard.Line) { _, _ = k.Write([]byte("q")) },
		"Ctrl-C":  func(k io.Writer, _ func(), _ chan dashboard.Line) { _, _ = k.Write([]byte{3}) },
		"context": func(_ io.Writer, cancel func(), _ chan dashboard.Line) { cancel() },
		"the end": func(_ io.Writer, _ func(), lines chan dashboard.Line) { close(lines) },
	} {
		t.Run(name, func(t *testing.T) {
			master, slave, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer master.Close()
			defer slave.Close()
			if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
				t.Fatal(err)
			}
			before, err := term.GetState(int(slave.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			var shown screen
			go func() { _, _ = io.Copy(&shown, master) }()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			lines := make(chan dashboard.Line, 1)
			done := make(chan error, 1)
			go func() {
				done <- dashboard.Run(ctx, dashboard.Options{
					Title: "shop", Parts: func() []dashboard.Part { return []dashboard.Part{{Name: "web", State: "ready"}} },
					In: slave, Out: slave, Environ: []string{"TERM=xterm-256color"}, Now: time.Now,
				}, lines)
			}()
			lines <- dashboard.Line{Time: time.Now(), Part: "web", Text: "listening"}
			await(t, &shown, "listening")
			leave(master, cancel, lines)
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it goes on")
			}
			await(t, &shown, "\x1b[?1049l")
			after, err := term.GetState(int(slave.Fd()))
			if err != nil || *after != *before {
				t.Errorf("the terminal is not as it was: %v", err)
			}
		})
	}
}

func await(t *testing.T, s *screen, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(s.String(), text); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q on\n%q", text, s.String())
		}
	}
}
