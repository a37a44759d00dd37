package app

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/server/cors"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

// newErrors returns the recorder of errors. It is nil if the list of errors is turned off.
func (a *App) newErrors(pool *pgxpool.Pool, logger *slog.Logger, wrote func()) *errorlog.Recorder {
	if !a.Config.Errors.Store {
		return nil
	}
	return errorlog.New(errorlog.Options{DB: pool, Logger: logger, Release: cmp.Or(a.release(), "unknown"), Environment: a.Config.Environment, Now: a.Now, Wrote: wrote})
}

// errorsPart is the recorder as a part of a server. It stops after the server, so that the last requests are recorded.
func errorsPart(r *errorlog.Recorder) lifecycle.Part {
	return lifecycle.Part{Name: "errors", Start: r.Start, Stop: r.Stop}
}

// failed returns what learns of each request that has failed.
func failed(r *errorlog.Recorder) func(context.Context, server.Failure) {
	if r == nil {
		return nil
	}
	return func(ctx context.Context, f server.Failure) { r.FailedRequest(ctx, f.Route, f.Status, f.Err) }
}

// clientErrors returns the route by which front ends report errors, if it is configured.
func (a *App) clientErrors(r *errorlog.Recorder) ([]server.Route, error) {
	if r == nil || !a.Config.Errors.Clients {
		return nil, nil
	}
	h, err := errorlog.NewReceiver(errorlog.ReceiverOptions{Recorder: r, Allowed: cors.Allowed(a.Config.Server.CORS.Origins), PublicURL: a.Config.Server.PublicURL, Now: a.Now})
	if err != nil {
		return nil, err
	}
	return []server.Route{{Pattern: "POST " + errorlog.ReceiverPath, Handler: h, Policy: server.Policy{MaxBody: errorlog.MaxReport, Anonymous: true}}}, nil
}

// recorded returns a function that also records the error of the command.
func recorded(r *errorlog.Recorder, command string, wait func() error) func() error {
	return func() error {
		err := wait()
		if err != nil {
			r.Record(context.Background(), errorlog.Event{Edge: errorlog.CLI, Place: command, Err: err})
		}
		return err
	}
}
