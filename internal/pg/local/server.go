package local

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Server is a running Postgres.
type Server struct {
	dataDir  string
	version  string
	password string
	port     int
	remove   bool // DataDir goes when the server stops
	process  *process
	lock     *folderLock
	log      *serverLog

	stopping sync.Once
	asked    chan struct{} // closed when somebody asks it to stop
	exited   chan struct{} // closed when it is gone
	err      error         // why, if nobody asked; readable after exited
}

// URL returns the connection string of a database, for pgx, psql and every other client.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// DataDir returns the folder that holds the data.
func (s *Server) DataDir() string { return s.dataDir }

// Version returns the server's version, like 15.13.
func (s *Server) Version() string { return s.version }

// PID returns the process id of the postmaster.
func (s *Server) PID() int { return s.process.Process.Pid }

// Exited returns a channel that is closed when the server is gone, asked or not.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Err returns why the server ended although nobody asked it to; nil while it runs and after Stop.
func (s *Server) Err() error {
	select {
	case <-s.exited:
		return s.err
	default:
		return nil
	}
}

// Stop shuts the server down: clients are disconnected and the data is left clean. When ctx ends first, it is
// shut down at once and recovers at its next start. Every call after the first waits for the same end.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Do(func() {
		close(s.asked)
		if s.remove {
			_ = s.process.stopImmediate()
		} else {
			_ = s.process.stopFast()
		}
	})
	select {
	case <-s.exited:
		return nil
	case <-ctx.Done():
	}
	_ = s.process.stopImmediate()
	<-s.exited
	return fault.Wrap("stop Postgres in order", ctx.Err())
}

// wait reaps the server and tidies up after it.
func (s *Server) wait() {
	err := s.process.Wait()
	s.process.release()
	s.log.close()
	select {
	case <-s.asked:
	default:
		s.err = &fault.Error{Code: fault.Unavailable, Op: "run Postgres", Err: err,
			Message: fmt.Sprintf("it ended by itself (%s): %s", s.process.ProcessState, strings.Join(s.log.last(5), "; "))}
	}
	if s.remove {
		_ = os.RemoveAll(s.dataDir)
	}
	s.lock.unlock()
	close(s.exited)
}

// launch starts the server and waits until it accepts connections.
func (s *starting) launch(ctx context.Context) (*Server, error) {
	password, err := os.ReadFile(filepath.Join(s.DataDir, passwordFile))
	if err != nil {
		return nil, fault.Wrap("read the password of the data folder", err)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"-D", s.DataDir}
	for name, value := range s.settings(port) {
		args = append(args, "-c", name+"="+value)
	}
	log, err := newServerLog(s.Logger)
	if err != nil {
		return nil, err
	}
	remove := ""
	if s.Ephemeral {
		remove = s.DataDir
	}
	p, err := startProcess(s.bin.postgres(), args, s.DataDir, remove, log.w, s.account)
	_ = log.w.Close()
	if err != nil {
		log.close()
		return nil, err
	}
	server := &Server{
		dataDir: s.DataDir, version: s.bin.version, password: string(password), port: port, remove: s.Ephemeral,
		process: p, lock: s.lock, log: log, asked: make(chan struct{}), exited: make(chan struct{}),
	}
	go server.wait()
	if err := server.awaitReady(ctx); err != nil {
		stopping, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancel()
		_ = server.Stop(stopping)
		return nil, err
	}
	return server, nil
}

// awaitReady polls the line of postmaster.pid in which the server says how it is, as pg_ctl does, but often.
func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(filepath.Join(s.dataDir, "postmaster.pid")); err == nil {
			lines := strings.Split(string(text), "\n")
			if len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" && lines[0] == strconv.Itoa(s.PID()) {
				return nil
			}
		}
		select {
		case <-s.exited:
			return s.err
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fault.Wrap("find a free port", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
