package app

import (
	"log/slog"

	"github.com/krowoc/krowoc/internal/auth/apikey"
	"github.com/krowoc/krowoc/internal/auth/liveness"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"

	"github.com/jackc/pgx/v5/pgxpool"
)

func (a *App) keysNowhere() *apikey.Verifier { return a.newCredentials(nil, nil).keys }

// ServeOptions are those of `krowoc serve`.
func (a *App) ServeOptions() ServerOptions { return a.serveOptions(callers{keys: a.keysNowhere()}) }

// DevServerOptions are those of the API of a development session whose other services do not run.
func (a *App) DevServerOptions() ServerOptions {
	return a.newDevConsole().serverOptions(a.Config.Server.Address, a.keysNowhere())
}

// AskedIssuers returns the issuers that can be asked whether a session still lives.
func (a *App) AskedIssuers() liveness.Issuers { return a.askedIssuers() }

// NewAnalytics is newAnalytics.
func (a *App) NewAnalytics(pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger) (*Analytics, error) {
	return a.newAnalytics(pool, s, logger)
}

// NewErrors returns a recorder of errors.
func (a *App) NewErrors(pool *pgxpool.Pool) *errorlog.Recorder {
	return a.newErrors(pool, a.Logger, nil)
}
