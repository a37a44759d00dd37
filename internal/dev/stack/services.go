package stack

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/redis"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/supervise"
)

// Start returns the services of the stack with the functions that start them.
func (s *Stack) Start() []dev.Service {
	var list []dev.Service
	if s.Redis.Enabled {
		publish := 0
		list = append(list, dev.Service{Name: "redis", Start: func(ctx context.Context, log *slog.Logger) (r dev.RunningService, err error) {
			r, err = s.startRedis(ctx, publish, log)
			publish = portOf(r.URL) // keep the port across restarts, for programs that know it
			return r, err
		}})
	}
	for _, service := range s.Services {
		list = append(list, dev.Service{Name: service.Name, Start: func(ctx context.Context, log *slog.Logger) (r dev.RunningService, err error) {
			r, err = s.startContainer(ctx, service, log)
			if err == nil {
				service.Publish = portOf("tcp://" + r.URL)
			}
			return r, err
		}})
	}
	return list
}

// redisPort is the default port of Redis.
const redisPort = 6379

// portOf returns the port of a URL, or 0.
func portOf(address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port()) // 0 on failure
	return port
}

func (s *Stack) startRedis(ctx context.Context, publish int, log *slog.Logger) (dev.RunningService, error) {
	c := s.Redis
	return redis.Start(ctx, redis.Options{
		Engine: redis.Engine(s.EngineOf(c.Engine)), Image: c.Image, Name: s.containerName("redis"), Purpose: s.purpose("redis"),
		Dir: filepath.Join(s.StateDir, "redis"), Port: redisPort, Publish: publish, Path: s.Env("PATH"), Log: log, Guard: s.Guard,
	})
}

// startContainer starts a declared service.
func (s *Stack) startContainer(ctx context.Context, service Service, log *slog.Logger) (dev.RunningService, error) {
	ready, err := readinessOf(service)
	if err != nil {
		return dev.RunningService{}, fault.Wrap("dev.services: "+service.Name, err)
	}
	o := container.Options{
		Image: service.Image, Command: service.Command, Env: splitVars(service.Env), Port: service.Port, Publish: service.Publish,
		Name: s.containerName(service.Name), Purpose: s.purpose(service.Name), Grace: container.DefaultGrace, Logger: log, Guard: s.Guard,
		Probe: probe(ready),
	}
	if service.Data != "" {
		o.Volume, o.Mount = o.Name, service.Data
	}
	c, err := container.Start(ctx, o)
	if err != nil {
		return dev.RunningService{}, err
	}
	variable := strings.ToUpper(strings.ReplaceAll(service.Name, "-", "_"))
	_, port, _ := strings.Cut(c.Address(), ":")
	return dev.RunningService{
		Detail: service.Image + " is up", URL: c.Address(), Env: []string{variable + "_ADDRESS=" + c.Address(), variable + "_PORT=" + port},
		Stop: c.Stop, Lost: c.AwaitExit,
	}, nil
}

// readinessOf parses the readiness check of a container. Only checks of the port are possible.
func readinessOf(service Service) (supervise.Readiness, error) {
	ready, err := supervise.ParseReadiness(service.Ready)
	if err != nil {
		return ready, err
	}
	switch ready.Kind {
	case supervise.ReadyStarted, supervise.ReadyTCP, supervise.ReadyHTTP:
		return ready, nil
	}
	return ready, fault.New(fault.Invalid, "read ready", "the check of a container must be tcp or http:/path")
}

// probeTimeout is the timeout of one readiness check of a container.
const probeTimeout = 2 * time.Second

// probe returns a function that checks whether a container is ready.
func probe(ready supervise.Readiness) func(context.Context, string) error {
	if ready.Kind == supervise.ReadyHTTP {
		client := &http.Client{Timeout: probeTimeout}
		return func(ctx context.Context, address string) error {
			return getOK(ctx, client, "http://"+address+ready.Value)
		}
	}
	return container.Accepts
}

// getOK returns nil if url responds with a status below 400.
func getOK(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		return fault.New(fault.Unavailable, "GET "+url, res.Status)
	}
	return nil
}
