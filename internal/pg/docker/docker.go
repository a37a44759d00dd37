// Package docker runs Postgres in a container: one that leaves nothing behind, or one whose data is kept in a volume.
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

// DefaultMajor is the version of Postgres that is run where none is asked for.
const DefaultMajor = 17

// Options say which Postgres to run.
type Options struct {
	Image  string // of the official one; empty is DefaultMajor's
	Logger *slog.Logger
	Guard  func(container string) (dismiss func()) // has it removed when this process is killed; nil is nobody

	// Keep names the volume in which the data is kept, and the container; empty keeps nothing.
	Keep     string
	Purpose  string // of the two
	Port     int    // of this machine; 0 is any free one
	Password string // of a kept one: that with which it was made
}

// Image returns the official image of a major version.
func Image(major int) string { return fmt.Sprintf("postgres:%d", cmp.Or(major, DefaultMajor)) }

// Server is a running Postgres.
type Server struct {
	container *container.Container
	password  string
	version   string
	locked    bool // the kept data has another password

	stopping context.CancelFunc
	exited   chan struct{}
	mu       sync.Mutex
	err      error
}

// Folder is where the data is kept, in DataDir; official images of version 18 and later have another default than those before.
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

// watch notes when the container ends, until Stop.
func (s *Server) watch(ctx context.Context) {
	watched, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.stopping = cancel
	go s.await(watched)
}

// unlock gives the server our password. Whoever is in its container needs none.
func (s *Server) unlock(ctx context.Context) error {
	s.locked = false
	err := s.container.Exec(ctx, "psql", "-X", "-U", "postgres", "-c", "ALTER ROLE postgres PASSWORD "+pg.QuoteLiteral(s.password))
	if err == nil {
		err = s.probe(ctx, s.container.Address())
	}
	return fault.Wrap("set the password of the kept Postgres", err)
}

// probe returns nil when the server answers.
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

// URL returns the connection string of a database. It holds the password.
func (s *Server) URL(database string) string {
	return at(s.container.Address(), s.password, database)
}

// Version returns the server's version, like 17.6.
func (s *Server) Version() string { return s.version }

// EnsureDatabase makes an empty database unless there is one of that name.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	return pg.EnsureDatabase(ctx, s.URL("postgres"), name)
}

// Exited is closed when the server is gone, asked or not.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Err returns why the server ended although nobody asked it to.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Stop removes the server, and its data unless that is kept.
func (s *Server) Stop(ctx context.Context) error {
	if s.stopping != nil {
		s.stopping()
		<-s.exited
	}
	if s.container == nil {
		return nil // it never started
	}
	return s.container.Stop(ctx)
}

func at(address, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Host: address, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}
