package app

import (
	"github.com/krowoc/krowoc/internal/health"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Health checks everything the service needs: Postgres, its migrations, disk space and the configured URLs. Components are parts of the
// running service that report their own state.
func (a *App) Health(pool, probes *pgxpool.Pool, components ...health.Component) (*health.Checker, error) {
	migrator, err := a.Migrator(probes, nil)
	if err != nil {
		return nil, err
	}
	h := a.Config.Health
	checks := []health.Check{
		health.Postgres(pool, probes),
		health.Migrations(migrator.Pending),
		health.OwnSchema(probes),
		health.Disk(a.Config.Path(h.Disk.Path), uint64(h.Disk.MinFree)),
	}
	for _, u := range h.URLs {
		check := health.URL(a.httpClient(), u.Name, u.URL)
		check.Critical = u.Critical
		checks = append(checks, check)
	}
	for _, c := range components {
		checks = append(checks, c.Check())
	}
	return health.New(health.Options{
		ReleaseID: a.Version, ServiceID: a.Config.Project, CacheFor: h.CacheFor, Timeout: h.Timeout, Now: a.Now,
	}, checks...)
}
