package app

import (
	"cmp"
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

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/pg/docker"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// Engine is how a part of the development stack is run.
type Engine string

// The engines.
const (
	Auto   Engine = "auto"   // whichever is available
	Native Engine = "native" // a program of this machine
	Docker Engine = "docker"
)

// Engine returns the engine of a service whose configuration names one.
func (a *App) Engine(named string) Engine {
	if named == string(Auto) {
		return Engine(a.Config.Dev.Engine)
	}
	return Engine(named)
}

// startPostgres starts the project's own Postgres, with its database, on the port that it had the last time.
func (a *App) startPostgres(ctx context.Context, log *slog.Logger, progress func(local.Progress)) (dev.Postgres, error) {
	engine := a.Engine(a.Config.Dev.Postgres.Engine)
	if engine == Docker {
		return a.dockerPostgres(ctx, log)
	}
	options := a.localPostgres(progress)
	options.Logger = log
	server, err := local.Start(ctx, options)
	if engine == Auto && fault.CodeOf(err) == fault.Unavailable && errors.Is(err, local.ErrMissing) && ctx.Err() == nil {
		if inDocker, dockerErr := a.dockerPostgres(ctx, log); dockerErr == nil {
			log.Warn("no Postgres is installed here, so it runs in a container, with data of its own")
			return inDocker, nil
		}
	}
	if err != nil {
		return nil, err
	}
	made, err := ensured(ctx, server, a.Config.Project)
	if err != nil {
		return nil, err
	}
	if err := server.DropReplicaSlots(ctx); err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	options.Logger = nil // that the server has gone, or stops, it says itself
	return a.withReplicas(ctx, made, func(i int) (replica, error) {
		options.DataDir = filepath.Join(a.StateDir(), fmt.Sprintf("postgres-replica-%d", i))
		return server.StartReplica(ctx, options)
	})
}

// ensured returns a server with a database in it, or stops it.
func ensured[S interface {
	dev.Postgres
	EnsureDatabase(ctx context.Context, name string) error
}](ctx context.Context, server S, database string) (dev.Postgres, error) {
	if err := server.EnsureDatabase(ctx, database); err != nil {
		return nil, fault.Wrap("create database "+database, errors.Join(err, server.Stop(context.WithoutCancel(ctx))))
	}
	return server, nil
}

// dockerPostgres starts Postgres in a container whose data outlives it. Password and port are kept below .krowoc.
func (a *App) dockerPostgres(ctx context.Context, log *slog.Logger) (dev.Postgres, error) {
	password, err := a.remember("postgres-docker.password", func() (string, error) { return rand.Text(), nil })
	if err != nil {
		return nil, err
	}
	port, err := a.rememberPort(ctx, "postgres-docker.port")
	if err != nil {
		return nil, err
	}
	server, err := docker.Start(ctx, docker.Options{
		Image: a.PostgresImage(), Logger: log, Keep: a.containerName("postgres"), Purpose: a.purpose("postgres"),
		Port: port, Password: password, Guard: a.guarded,
	})
	if err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	made, err := ensured(ctx, server, a.Config.Project)
	if err != nil {
		return nil, err
	}
	if err := server.DropReplicaSlots(ctx); err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	return a.withReplicas(ctx, made, func(i int) (replica, error) {
		name := fmt.Sprintf("postgres-replica-%d", i)
		port, err := a.rememberPort(ctx, name+"-docker.port")
		if err != nil {
			return nil, err
		}
		return server.StartReplica(ctx, name, docker.Options{
			Image: a.PostgresImage(), Logger: log, Keep: a.containerName(name), Purpose: a.purpose(name), Port: port, Guard: a.guarded,
		})
	})
}

// PostgresImage is the image of Postgres in containers: that of the version which the project asks for, unless it says which.
func (a *App) PostgresImage() string {
	if image := a.Config.Dev.Postgres.Image; image != docker.Image(0) {
		return image
	}
	return docker.Image(a.Config.Database.Postgres)
}

// rememberPort returns the port that a file below .krowoc notes, and notes a free one where there is none.
func (a *App) rememberPort(ctx context.Context, name string) (int, error) {
	text, err := a.remember(name, func() (string, error) {
		free, err := listen.FreePort(ctx)
		return strconv.Itoa(free), err
	})
	if err != nil {
		return 0, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return 0, fault.New(fault.Invalid, "read .krowoc/"+name, text+" is no port", "Remove the file.")
	}
	return port, nil
}

// remember returns what a file below .krowoc says, and writes it where there is none.
func (a *App) remember(name string, fresh func() (string, error)) (string, error) {
	path := filepath.Join(a.StateDir(), name)
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
	err = cmp.Or(os.MkdirAll(a.StateDir(), 0o755), os.WriteFile(path, []byte(value+"\n"), 0o600))
	return value, fault.Wrap("write "+name, err)
}

// containerName is the name of a service's container, and of its volume: the same from session to session, and another for
// another copy of the project.
func (a *App) containerName(service string) string {
	sum := sha256.Sum256([]byte(a.Config.Root))
	return "krowoc-" + a.Config.Project + "-" + hex.EncodeToString(sum[:3]) + "-" + service
}

// purpose is the label of a service's container and volume: it says whose they are.
func (a *App) purpose(service string) string { return "dev " + service + " " + a.Config.Root }
