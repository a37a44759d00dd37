package app

import (
	"net/http"

	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/graph/service"
	"github.com/krowoc/krowoc/internal/schema"
)

// services returns what calls the services of fields with @http. It fails if the configuration lacks what they need.
func (a *App) services(s *schema.Schema) (exec.Services, error) {
	c := a.Config.GraphQL.HTTP
	client, err := service.New(service.Options{
		Secrets: c.Secret.Reveal(), Lookup: a.LookupEnv, Transport: a.toServices(s), Timeout: c.Timeout, MaxAnswer: int64(c.MaxAnswer), Plain: c.Plain,
	})
	if err != nil {
		return nil, err
	}
	if err := client.Check(s); err != nil {
		return nil, err
	}
	return client, nil
}

// toServices is the transport to the services of a schema, whose requests are spans and carry the traceparent.
func (a *App) toServices(s *schema.Schema) http.RoundTripper {
	if a.tracing == nil {
		return nil
	}
	var hosts []string
	for _, c := range s.Customs {
		if c.HTTP == nil {
			continue
		}
		if u, err := c.HTTP.URL.Resolve(a.LookupEnv); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return a.tracing.Transport(http.DefaultTransport, hosts...)
}
