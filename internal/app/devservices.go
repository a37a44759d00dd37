package app

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

	"github.com/krowoc/krowoc/internal/config"
)

// devServices are the services of the development stack that the configuration asks for.
func (a *App) devServices() []dev.Service {
	var list []dev.Service
	if c := a.Config.Dev.Redis; c.Enabled {
		publish := 0
		list = append(list, dev.Service{Name: "redis", Start: func(ctx context.Context, log *slog.Logger) (r dev.RunningService, err error) {
			r, err = a.startRedis(ctx, publish, log)
			publish = portOf(r.URL) // programs that know it find it again
			return r, err
		}})
	}
	for _, s := range a.Config.Dev.Services {
		list = append(list, dev.Service{Name: s.Name, Start: func(ctx context.Context, log *slog.Logger) (r dev.RunningService, err error) {
			r, err = a.startContainer(ctx, s, log)
			if err == nil {
				s.Publish = portOf("tcp://" + r.URL)
			}
			return r, err
		}})
	}
	return list
}

// redisPort is Redis's own.
const redisPort = 6379

// portOf returns the port of a URL, 0 where it has none.
func portOf(address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port()) // 0 is what it is otherwise
	return port
}

func (a *App) startRedis(ctx context.Context, publish int, log *slog.Logger) (dev.RunningService, error) {
	c := a.Config.Dev.Redis
	return redis.Start(ctx, redis.Options{
		Engine: redis.Engine(a.Engine(c.Engine)), Image: c.Image, Name: a.containerName("redis"), Purpose: a.purpose("redis"),
		Dir: filepath.Join(a.StateDir(), "redis"), Port: redisPort, Publish: publish, Path: a.Env("PATH"), Log: log, Guard: a.guarded,
	})
}

// startContainer starts a service that the team has declared.
func (a *App) startContainer(ctx context.Context, s config.DevService, log *slog.Logger) (dev.RunningService, error) {
	ready, err := supervise.ParseReadiness(s.Ready)
	if err == nil && ready.Kind != supervise.ReadyStarted && ready.Kind != supervise.ReadyTCP && ready.Kind != supervise.ReadyHTTP {
		err = fault.New(fault.Invalid, "read ready", "a container is ready by tcp or http:/path")
	}
	if err != nil {
		return dev.RunningService{}, fault.Wrap("dev.services: "+s.Name, err)
	}
	env := map[string]string{}
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	o := container.Options{
		Image: s.Image, Command: s.Command, Env: env, Port: s.Port, Publish: s.Publish, Name: a.containerName(s.Name),
		Purpose: a.purpose(s.Name), Grace: container.DefaultGrace, Logger: log, Guard: a.guarded, Probe: probe(ready),
	}
	if s.Data != "" {
		o.Volume, o.Mount = o.Name, s.Data
	}
	c, err := container.Start(ctx, o)
	if err != nil {
		return dev.RunningService{}, err
	}
	variable := strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
	_, port, _ := strings.Cut(c.Address(), ":")
	return dev.RunningService{
		Detail: s.Image + " is up", URL: c.Address(), Env: []string{variable + "_ADDRESS=" + c.Address(), variable + "_PORT=" + port}, Stop: c.Stop, Lost: c.AwaitExit,
	}, nil
}

// probeTimeout bounds one look at a container.
const probeTimeout = 2 * time.Second

// probe returns what tells whether a container is ready.
func probe(ready supervise.Readiness) func(context.Context, string) error {
	if ready.Kind == supervise.ReadyHTTP {
		client := &http.Client{Timeout: probeTimeout}
		return func(ctx context.Context, address string) error {
			return getOK(ctx, client, "http://"+address+ready.Value)
		}
	}
	return container.Accepts
}

// getOK returns nil when url answers with a status below 400.
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
