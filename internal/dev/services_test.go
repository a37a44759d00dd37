package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// servicesOnly is a project that has services and nothing else.
type servicesOnly struct {
	Project
	list []Service
}

func (p servicesOnly) Services(func(string) *slog.Logger) []Service { return p.list }

// TestServiceIsKept loses a service, which then fails once and starts slowly, and restarts it on request.
func TestServiceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []string
		ctx, cancel := context.WithCancel(t.Context())
		lost, starts := make(chan error), 0
		start := func(ctx context.Context, _ *slog.Logger) (RunningService, error) {
			switch starts++; starts {
			case 2:
				return RunningService{}, errors.New("no room")
			case 3:
				time.Sleep(12 * time.Second)
			}
			return RunningService{
				Detail: fmt.Sprint("start ", starts), Stop: func(context.Context) error { return nil },
				Lost: func(ctx context.Context) error {
					select {
					case err := <-lost:
						return err
					case <-ctx.Done():
						return ctx.Err()
					}
				},
			}, nil
		}
		s := &session{
			reporter: &reporter{now: time.Now, sink: func(e Event) { said = append(said, e.Text) }}, restarted: make(chan struct{}, 1),
			Options: Options{Project: servicesOnly{list: []Service{{"queue", start}}}},
		}
		s.startServices(ctx)
		s.services.await()
		lost <- errors.New("it ended")
		synctest.Wait()
		if state := s.services.await()[0].state; state != "restarting" {
			t.Errorf("a service that is gone is %s", state)
		}
		time.Sleep(20 * time.Second)
		<-s.restarted
		if there, err := s.services.restart("queue"); !there || err != nil {
			t.Error(there, err)
		}
		<-s.restarted
		cancel()
		if err := s.services.stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		want := []string{"start 1 (0 ms)", "it ended", "no room", "still starting after 5 s", "still starting after 10 s", "start 3 (12000 ms)", "start 4 (0 ms)"}
		if !slices.Equal(said, want) {
			t.Errorf("it said\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
		}
	})
}
