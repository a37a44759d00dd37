package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/request"
)

// livez passes while the process can answer at all: an orchestrator that restarts on its failure must not do
// so because a database is down.
func (s *Server) livez() http.Handler {
	return probe(func(*http.Request) health.Report { return health.Report{Status: health.Pass} })
}

// startupz fails until the service has started.
func (s *Server) startupz() http.Handler {
	return probe(func(*http.Request) health.Report {
		if !s.started.Load() {
			return failing("the service is starting")
		}
		return health.Report{Status: health.Pass}
	})
}

// readyz passes while requests may be sent here: it is the first to fail when the server stops.
func (s *Server) readyz() http.Handler {
	return probe(func(r *http.Request) health.Report {
		switch {
		case s.draining.Load():
			return failing("the service is shutting down")
		case !s.started.Load():
			return failing("the service is starting")
		}
		return s.disclosed("ready", r, s.options.Health.Ready)
	})
}

// healthz is the full report.
func (s *Server) healthz() http.Handler {
	return probe(func(r *http.Request) health.Report { return s.disclosed("healthy", r, s.options.Health.Report) })
}

// disclosed returns a report as anybody may read it. All of it is logged when its status or the failing component changes;
// figures in it change at every probe.
func (s *Server) disclosed(what string, r *http.Request, report func(context.Context) health.Report) health.Report {
	full := report(r.Context())
	component, _, _ := strings.Cut(full.Output, ": ")
	now := string(full.Status) + " " + component
	before, known := s.lastHealth.Swap(what, now)
	wasFine := !known && full.Status == health.Pass
	if before != now && !wasFine {
		s.logHealth(r.Context(), what, full)
	}
	return full.Disclosed()
}

func (s *Server) logHealth(ctx context.Context, what string, report health.Report) {
	level, message := slog.LevelWarn, "the service is not "+what
	switch report.Status {
	case health.Pass:
		level, message = slog.LevelInfo, "the service is "+what+" again"
	case health.Warn:
		message = "the service is " + what + ", with concerns"
	}
	s.options.Logger.LogAttrs(ctx, level, message, slog.String(request.FieldCause, report.Output))
}

func failing(why string) health.Report { return health.Report{Status: health.Fail, Output: why} }

// probe serves a report: 200 if it passes or warns, else 503.
func probe(report func(*http.Request) health.Report) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := report(r)
		w.Header().Set("Content-Type", health.MediaType)
		w.Header().Set("Cache-Control", "no-store")
		if answer.Status == health.Fail {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(answer) // a probe that has gone away reads no error either
	})
}
