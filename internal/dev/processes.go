package dev

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/krowoc/krowoc/internal/supervise"
)

// startProcesses starts the project's own processes. Their environment has the URLs of the rest of the stack.
func (s *session) startProcesses(ctx context.Context) error {
	list, err := s.Project.Commands(s.currentState().Env())
	if err != nil || len(list) == 0 {
		return err
	}
	supervisor, err := supervise.New(supervise.Options{Processes: list, Report: s.reportProcess, Now: s.now})
	if err != nil {
		return err
	}
	s.processes = supervisor
	supervisor.Start(ctx)
	return nil
}

func (s *session) reportProcess(e supervise.Event) {
	switch {
	case e.Output:
		s.emit(outputEvent(e.Process, e.Text))
	case e.Err != nil:
		s.emit(Event{Part: e.Process, Level: slog.LevelError, Text: e.Err.Error(), Err: e.Err})
		if e.State == supervise.Restarting {
			s.info(e.Process, "restarting "+e.Text)
		}
	case e.State == "":
		s.warn(e.Process, e.Text)
	case e.State == supervise.Ready:
		s.info(e.Process, "is ready"+s.address(e.Process)+" "+e.Text)
	case e.State == supervise.Starting && e.Text != "":
		s.info(e.Process, e.Text)
	case e.State == supervise.Done:
		s.info(e.Process, "is done "+e.Text)
	case e.State == supervise.Restarting:
		s.info(e.Process, "exited; restarting "+e.Text)
	default:
		s.emit(Event{Part: e.Process, Level: slog.LevelDebug, Text: string(e.State)})
	}
}

// address returns " at " and the URL of a process, or "" if it has no port.
func (s *session) address(name string) string {
	for _, l := range s.processLinks() {
		if l.Name == name {
			return " at " + l.URL
		}
	}
	return ""
}

// processLinks returns the URLs of the processes that have a port.
func (s *session) processLinks() []Link {
	var links []Link
	if s.processes == nil {
		return nil
	}
	for _, p := range s.processes.Status() {
		if p.Port != 0 {
			links = append(links, Link{p.Name, fmt.Sprintf("http://localhost:%d", p.Port)})
		}
	}
	return links
}

// awaitProcesses reports that the start is complete, once every process is ready or has failed.
func (s *session) awaitProcesses(ctx context.Context) {
	if s.processes != nil && s.processes.AwaitStart(ctx) != nil {
		return
	}
	settled := Settled{Failed: s.services.failed}
	state := s.currentState()
	if s.processes != nil {
		for _, p := range s.processes.Status() {
			isUp := p.State == supervise.Ready || p.State == supervise.Done
			settled.Failed = settled.Failed || !isUp
		}
	}
	state.Ready = true
	if s.tolerate("dev", s.publish(state)) {
		settled.State = state
		s.emit(Event{Part: "dev", Settled: &settled})
	}
}
