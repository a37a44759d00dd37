// Package docker runs Postgres in a container, temporarily or with its data in a volume.
package docker

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// DefaultMajor is the default major version of Postgres.
const DefaultMajor = 17

// Options configure a server.
type Options struct {
	Image  string // the official image or one based on it; empty means the official one of DefaultMajor
	Logger *slog.Logger
	Guard  func(container string) (dismiss func()) // makes sure that the container is removed if this process is killed; may be nil

	// Keep is the name of the container and of the volume for the data; empty means a temporary server.
	Keep     string
	Purpose  string // label of both
	Port     int    // on the host; 0 means any free port
	Password string // of a server with a volume
}

// Image returns the official image of a major version.
func Image(major int) string { return fmt.Sprintf("postgres:%d", cmp.Or(major, DefaultMajor)) }

// Server is a running Postgres.
type Server struct {
	container *container.Container
	password  string
	version   string
	locked    bool // the data in the volume has another password

	stopping context.CancelFunc
	exited   chan struct{}
	mu       sync.Mutex
	err      error
}

// Folder is the mount point of the volume, and DataDir the data folder in it. The default of official images changed in version 18.
const (
	Folder  = "/pgdata"
	DataDir = Folder + "/data"
)

// Command returns the command of the official image for a server of the development stack.
func Command() []string {
	return []string{"postgres", "-c", "max_connections=200", "-c", "timezone=UTC", "-c", "synchronous_commit=off"}
}

// Start runs the official image.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{password: cmp.Or(o.Password, rand.Text()), exited: make(chan struct{})}
	settings := container.Options{
		Image: cmp.Or(o.Image, Image(0)), Port: 5432, Publish: o.Port, Purpose: cmp.Or(o.Purpose, "scratch"), Logger: o.Logger, Guard: o.Guard,
		Env:     map[string]string{"POSTGRES_PASSWORD": s.password, "PGDATA": DataDir},
		Command: Command(),
		Probe:   s.probe,
	}
	if o.Keep == "" {
		settings.Memory = []string{Folder}
		settings.Command = append(settings.Command, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum_naptime=1h")
	} else {
		settings.Name, settings.Volume, settings.Mount, settings.Grace = o.Keep, o.Keep, Folder, container.DefaultGrace
	}
	c, err := container.Start(ctx, settings)
	s.container = c
	if err != nil {
		return s, err
	}
	if s.locked {
		if err := s.unlock(ctx); err != nil {
			return s, err
		}
	}
	s.watch(ctx)
	return s, nil
}

// watch records when the container exits, until Stop.
func (s *Server) watch(ctx context.Context) {
	watched, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.stopping = cancel
	go s.await(watched)
}

// unlock sets the server's password to ours. Connections inside the container do not need a password.
func (s *Server) unlock(ctx context.Context) error {
	s.locked = false
	err := s.container.Exec(ctx, "psql", "-X", "-U", "postgres", "-c", "ALTER ROLE postgres PASSWORD "+pg.QuoteLiteral(s.password))
	if err == nil {
		err = s.probe(ctx, s.container.Address())
	}
	return fault.Wrap("set the password of the existing Postgres", err)
}

// probe returns nil if the server responds.
func (s *Server) probe(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, at(address, s.password, "postgres"))
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "28P01" && !s.locked { // invalid_password
		s.locked = true
		return nil
	}
	if err != nil {
		return err
	}
	err = conn.QueryRow(ctx, "SELECT current_setting('server_version')").Scan(&s.version)
	if closeErr := conn.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}

func (s *Server) await(ctx context.Context) {
	err := s.container.AwaitExit(ctx)
	if ctx.Err() != nil {
		err = nil
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	close(s.exited)
}

// URL returns the URL of a database, including the password.
func (s *Server) URL(database string) string {
	return at(s.container.Address(), s.password, database)
}

// Version returns the server's version, such as 17.6.
func (s *Server) Version() string { return s.version }

// EnsureDatabase creates an empty database unless it exists.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	return pg.EnsureDatabase(ctx, s.URL("postgres"), name)
}

// Exited is closed when the server has exited, for whatever reason.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Err returns the reason of an unexpected exit.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Stop removes the server. It keeps the volume, if any.
func (s *Server) Stop(ctx context.Context) error {
	if s.stopping != nil {
		s.stopping()
		<-s.exited
	}
	if s.container == nil {
		return nil // the server never started
	}
	return s.container.Stop(ctx)
}

func at(address, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Host: address, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}
