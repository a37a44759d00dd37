package stack

import (
	"cmp"
	"fmt"

	"github.com/krowoc/krowoc/internal/generate/compose"
	"github.com/krowoc/krowoc/internal/pg/docker"
)

// composePassword is the password of Postgres in docker-compose.yml, which is usually committed. Postgres listens on localhost only.
const composePassword = "postgres"

// Compose returns the containers of the stack, for docker-compose.yml.
func (s *Stack) Compose() []compose.Service {
	list := s.composePostgres()
	if s.Redis.Enabled {
		list = append(list, compose.Service{
			Name: "redis", Image: s.Redis.Image, Ports: []string{"127.0.0.1:6379:6379"}, Volumes: []string{"redis:/data"},
			HealthCheck: &compose.HealthCheck{Test: []string{"CMD", "redis-cli", "ping"}, Interval: "1s", Retries: 60},
		})
	}
	for _, service := range s.Services {
		c := compose.Service{
			Name: service.Name, Image: service.Image, Command: service.Command, Environment: splitVars(service.Env),
			Ports: []string{fmt.Sprintf("127.0.0.1:%d:%d", cmp.Or(service.Publish, service.Port), service.Port)},
		}
		if service.Data != "" {
			c.Volumes = []string{service.Name + ":" + service.Data}
		}
		list = append(list, c)
	}
	return list
}

// composePort is the port of Postgres on the host. Its replicas use the following ports.
const composePort = 5432

// composePostgres returns Postgres and its replicas.
func (s *Stack) composePostgres() []compose.Service {
	healthy := &compose.HealthCheck{Test: []string{"CMD", "pg_isready", "--username", "postgres", "--host", "127.0.0.1"}, Interval: "1s", Retries: 60}
	list := []compose.Service{{
		Name: "postgres", Image: s.PostgresImage(), Command: docker.Command(), Ports: []string{fmt.Sprintf("127.0.0.1:%d:5432", composePort)},
		Environment: map[string]string{"POSTGRES_PASSWORD": composePassword, "POSTGRES_DB": s.Project, "PGDATA": docker.DataDir},
		Volumes:     []string{"postgres:" + docker.Folder}, HealthCheck: healthy,
	}}
	for i := 1; i <= s.Postgres.Replicas; i++ {
		name := fmt.Sprintf("postgres-replica-%d", i)
		list = append(list, compose.Service{
			Name: name, Image: s.PostgresImage(), User: docker.ReplicaUser, Command: docker.ReplicaCommand(), Environment: docker.ReplicaEnv("postgres", composePassword, name),
			Ports: []string{fmt.Sprintf("127.0.0.1:%d:5432", composePort+i)}, HealthCheck: healthy,
			DependsOn: map[string]compose.Condition{"postgres": {Condition: "service_healthy"}},
		})
	}
	return list
}
