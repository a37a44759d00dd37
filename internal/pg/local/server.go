package local

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// graceToAbort is how long a server may take to exit after an abort, before it is killed.
const graceToAbort = 10 * time.Second

// Server is a running Postgres.
type Server struct {
	data     *dataFolder
	version  string
	password string
	port     int
	process  *process
	log      *serverLog

	stop   sync.Once
	asked  chan struct{} // closed when a stop is requested
	gone   chan struct{} // closed when its process has exited
	exited chan struct{} // closed when its data folder is also released
	err    error         // the reason of an unexpected exit; valid after gone is closed
}

// URL returns the URL of a database, including the password.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// DataDir returns the data folder. It differs from Options.DataDir if that is a link.
func (s *Server) DataDir() string { return s.data.path }

// Version returns the server's version, such as 15.13.
func (s *Server) Version() string { return s.version }

// PID returns the process ID of the postmaster.
func (s *Server) PID() int { return s.process.Process.Pid }

// Exited returns a channel that is closed when the server has exited, for whatever reason.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Err returns the reason of an unexpected exit. It returns nil while the server is running and after Stop.
func (s *Server) Err() error {
	select {
	case <-s.exited:
		return s.err
	default:
		return nil
	}
}

// Stop shuts the server down cleanly, disconnects its clients, and returns when it has exited. When ctx ends first, it aborts the server,
// which recovers at its next start. Stop is idempotent.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		close(s.asked)
		if s.data.remove {
			s.process.abort()
		} else {
			s.process.stop()
		}
	})
	select {
	case <-s.exited:
		return nil
	case <-ctx.Done():
		s.abandon()
		<-s.exited
		return fault.Wrap("stop Postgres cleanly", ctx.Err())
	}
}

// abandon aborts the server, and kills it if necessary.
func (s *Server) abandon() {
	s.stop.Do(func() { close(s.asked) })
	s.process.abort()
	timer := time.NewTimer(graceToAbort)
	defer timer.Stop()
	select {
	case <-s.gone:
		return
	case <-timer.C:
	}
	_ = s.process.Process.Kill()
	<-s.gone
}

// wait waits for the server to exit and records the reason.
func (s *Server) wait() {
	s.process.wait()
	s.log.close()
	select {
	case <-s.asked:
	default:
		s.err = s.exitFault()
	}
	close(s.gone)
}

// exitFault explains an unexpected exit. It wraps syscall.ENOSPC if the disk was full.
func (s *Server) exitFault() error {
	f := &fault.Error{
		Code: fault.Unavailable, Op: "run Postgres " + s.version, Hint: s.log.hint(),
		Message: fmt.Sprintf("it exited unexpectedly (%s): %s", s.process.ProcessState, s.log.reason()),
	}
	if s.log.contains(diskFull) {
		f.Err, f.Hint = syscall.ENOSPC, diskFullHint
	}
	return f
}

// release releases the data folder of a server that has exited.
func (s *Server) release() {
	<-s.gone
	s.data.close()
	close(s.exited)
}
