package app

import (
	"github.com/krowoc/krowoc/internal/auth/token"
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
		ReleaseID: a.release(), ServiceID: a.Config.Project, CacheFor: h.CacheFor, Timeout: h.Timeout, Now: a.Now,
	}, checks...)
}

// components are the parts of a server that report their state in /healthz.
func (o ServerOptions) components() []health.Component {
	list := o.Components
	if o.Errors != nil {
		list = append(list, health.Component{Name: "errors", Measurement: "lost", Status: func() health.State {
			lost, concern := o.Errors.Status()
			return health.State{Concern: concern, Observed: lost}
		}})
	}
	if o.Analytics != nil {
		list = append(list, health.Component{Name: "analytics", Measurement: "lost", Status: func() health.State {
			s := health.State{Observed: o.Analytics.client.Dropped()}
			if o.Analytics.Status() != "" { // which names hosts
				s.Concern = "product events cannot be sent"
			}
			return s
		}})
	}
	return list
}

// tracesComponent reports whether the collector takes traces.
func (a *App) tracesComponent() []health.Component {
	if a.tracing == nil {
		return nil
	}
	return []health.Component{{Name: "traces", Measurement: "lost", Status: func() health.State {
		lost, concern := a.tracing.Status()
		return health.State{Concern: concern, Observed: lost}
	}}}
}

// issuersComponent reports whether the keys of all issuers are known. It asks nobody.
func issuersComponent(tokens *token.Verifier) []health.Component {
	if tokens == nil {
		return nil
	}
	return []health.Component{{Name: "issuers", Measurement: "keys", Status: func() health.State {
		known, concern := tokens.Status()
		return health.State{Concern: concern, Observed: known}
	}}}
}
