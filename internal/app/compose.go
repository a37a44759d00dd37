package app

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/generate/compose"
	"github.com/krowoc/krowoc/internal/pg/docker"
)

// composePassword is the password of Postgres in docker-compose.yml, which people share; it listens on this machine alone.
const composePassword = "postgres"

// composeServices are the containers of the development stack.
func (a *App) composeServices() []compose.Service {
	list := a.composePostgres()
	if a.Config.Dev.Redis.Enabled {
		list = append(list, compose.Service{
			Name: "redis", Image: a.Config.Dev.Redis.Image, Ports: []string{"127.0.0.1:6379:6379"}, Volumes: []string{"redis:/data"},
			HealthCheck: &compose.HealthCheck{Test: []string{"CMD", "redis-cli", "ping"}, Interval: "1s", Retries: 60},
		})
	}
	for _, s := range a.Config.Dev.Services {
		c := compose.Service{
			Name: s.Name, Image: s.Image, Command: s.Command, Environment: map[string]string{},
			Ports: []string{fmt.Sprintf("127.0.0.1:%d:%d", cmp.Or(s.Publish, s.Port), s.Port)},
		}
		for _, v := range s.Env {
			name, value, _ := strings.Cut(v, "=")
			c.Environment[name] = value
		}
		if s.Data != "" {
			c.Volumes = []string{s.Name + ":" + s.Data}
		}
		list = append(list, c)
	}
	return list
}

// composePort is the port of this machine that leads to Postgres; its replicas have those after it.
const composePort = 5432

// composePostgres are Postgres and its replicas.
func (a *App) composePostgres() []compose.Service {
	healthy := &compose.HealthCheck{Test: []string{"CMD", "pg_isready", "--username", "postgres", "--host", "127.0.0.1"}, Interval: "1s", Retries: 60}
	list := []compose.Service{{
		Name: "postgres", Image: a.PostgresImage(), Command: docker.Command(), Ports: []string{fmt.Sprintf("127.0.0.1:%d:5432", composePort)},
		Environment: map[string]string{"POSTGRES_PASSWORD": composePassword, "POSTGRES_DB": a.Config.Project, "PGDATA": docker.DataDir},
		Volumes:     []string{"postgres:" + docker.Folder}, HealthCheck: healthy,
	}}
	for i := 1; i <= a.Config.Dev.Postgres.Replicas; i++ {
		name := fmt.Sprintf("postgres-replica-%d", i)
		list = append(list, compose.Service{
			Name: name, Image: a.PostgresImage(), User: docker.ReplicaUser, Command: docker.ReplicaCommand(), Environment: docker.ReplicaEnv("postgres", composePassword, name),
			Ports: []string{fmt.Sprintf("127.0.0.1:%d:5432", composePort+i)}, HealthCheck: healthy,
			DependsOn: map[string]compose.Condition{"postgres": {Condition: "service_healthy"}},
		})
	}
	return list
}
