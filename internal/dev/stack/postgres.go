package stack

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/pg/docker"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// StartPostgres starts the project's own Postgres and creates its database, on the same port as the last time.
func (s *Stack) StartPostgres(ctx context.Context, log *slog.Logger, progress func(local.Progress)) (dev.Postgres, error) {
	if err := dev.MakeStateDir(s.StateDir); err != nil {
		return nil, err
	}
	engine := s.EngineOf(s.Postgres.Engine)
	if engine == Docker {
		return s.dockerPostgres(ctx, log)
	}
	options := local.Options{
		DataDir: dev.DataDir(s.StateDir), Major: s.Postgres.Version, Logger: log, Progress: progress, Env: s.Env,
		// Faster; a power failure may lose the last transactions, which is acceptable in development.
		Settings: map[string]string{"synchronous_commit": "off"},
		Alone:    s.Postgres.Replicas == 0,
	}
	server, err := local.Start(ctx, options)
	missing := fault.CodeOf(err) == fault.Unavailable && errors.Is(err, local.ErrMissing)
	if engine == Auto && missing && ctx.Err() == nil {
		if inDocker, dockerErr := s.dockerPostgres(ctx, log); dockerErr == nil {
			log.Warn("Postgres is not installed on this machine; running it in a container, which has separate data")
			return inDocker, nil
		}
	}
	if err != nil {
		return nil, err
	}
	made, err := ensured(ctx, server, s.Project)
	if err != nil {
		return nil, err
	}
	if err := server.DropReplicaSlots(ctx); err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	options.Logger = nil // the server reports its own stop
	return s.withReplicas(ctx, made, func(i int) (replica, error) {
		options.DataDir = filepath.Join(s.StateDir, fmt.Sprintf("postgres-replica-%d", i))
		return server.StartReplica(ctx, options)
	})
}

// ensured creates a database on a server and returns the server. On failure it stops the server.
func ensured[S interface {
	dev.Postgres
	EnsureDatabase(ctx context.Context, name string) error
}](ctx context.Context, server S, database string) (dev.Postgres, error) {
	if err := server.EnsureDatabase(ctx, database); err != nil {
		return nil, fault.Wrap("create database "+database, errors.Join(err, server.Stop(context.WithoutCancel(ctx))))
	}
	return server, nil
}

// dockerPostgres starts Postgres in a container with its data in a volume. The password and port are stored in .krowoc.
func (s *Stack) dockerPostgres(ctx context.Context, log *slog.Logger) (dev.Postgres, error) {
	password, err := s.remember("postgres-docker.password", func() (string, error) { return rand.Text(), nil })
	if err != nil {
		return nil, err
	}
	port, err := s.rememberPort(ctx, "postgres-docker.port")
	if err != nil {
		return nil, err
	}
	server, err := docker.Start(ctx, docker.Options{
		Image: s.PostgresImage(), Logger: log, Keep: s.containerName("postgres"), Purpose: s.purpose("postgres"),
		Port: port, Password: password, Guard: s.Guard,
	})
	if err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	made, err := ensured(ctx, server, s.Project)
	if err != nil {
		return nil, err
	}
	if err := server.DropReplicaSlots(ctx); err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	return s.withReplicas(ctx, made, func(i int) (replica, error) {
		name := fmt.Sprintf("postgres-replica-%d", i)
		port, err := s.rememberPort(ctx, name+"-docker.port")
		if err != nil {
			return nil, err
		}
		return server.StartReplica(ctx, name, docker.Options{
			Image: s.PostgresImage(), Logger: log, Keep: s.containerName(name), Purpose: s.purpose(name), Port: port, Guard: s.Guard,
		})
	})
}

// PostgresImage is the image of Postgres in containers: the configured one, or that of the configured version.
func (s *Stack) PostgresImage() string {
	if image := s.Postgres.Image; image != docker.Image(0) {
		return image
	}
	return docker.Image(s.Postgres.Version)
}

// rememberPort returns the port in a file of the state folder. A missing file is written with a free port.
func (s *Stack) rememberPort(ctx context.Context, name string) (int, error) {
	text, err := s.remember(name, func() (string, error) {
		free, err := listen.FreePort(ctx)
		return strconv.Itoa(free), err
	})
	if err != nil {
		return 0, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return 0, fault.New(fault.Invalid, "read .krowoc/"+name, text+" is not a port", "remove the file")
	}
	return port, nil
}

// remember returns the content of a file of the state folder. A missing file is written with a new value.
func (s *Stack) remember(name string, fresh func() (string, error)) (string, error) {
	path := filepath.Join(s.StateDir, name)
	text, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap("read "+name, err)
	}
	value, err := fresh()
	if err != nil {
		return "", err
	}
	if err := dev.MakeStateDir(s.StateDir); err != nil {
		return "", err
	}
	return value, fault.Wrap("write "+name, atomicfile.Write(path, []byte(value+"\n"), 0o600))
}

// containerName is the name of a service's container and volume. It is the same in all sessions of a project folder, and unique to the
// folder.
func (s *Stack) containerName(service string) string {
	sum := sha256.Sum256([]byte(s.Root))
	return "krowoc-" + s.Project + "-" + hex.EncodeToString(sum[:3]) + "-" + service
}

// purpose is the label of a service's container and volume. It contains the folder of the project.
func (s *Stack) purpose(service string) string { return "dev " + service + " " + s.Root }
