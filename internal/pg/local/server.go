package local

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// graceToAbort is how long a server may take to end at once, before it is killed.
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
	asked  chan struct{} // closed when somebody asks it to stop
	gone   chan struct{} // closed when its process has ended
	exited chan struct{} // closed when its folder is free as well
	err    error         // why it ended, if nobody asked; readable when gone is closed
}

// URL returns the connection string of a database, for pgx, psql and every other client. It holds the
// password.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// DataDir returns the folder that holds the data, which may be elsewhere than Options.DataDir when that is a
// link.
func (s *Server) DataDir() string { return s.data.path }

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

// Stop shuts the server down and returns when it is gone: clients are disconnected and the data is left
// clean. When ctx ends first, it is shut down at once and recovers at its next start. Any number of calls
// have the effect of one.
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
		return fault.Wrap("stop Postgres in order", ctx.Err())
	}
}

// abandon ends the server at once, by force if need be.
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

// wait reaps the server and says why it ended.
func (s *Server) wait() {
	s.process.wait()
	s.log.close()
	select {
	case <-s.asked:
	default:
		s.err = &fault.Error{
			Code: fault.Unavailable, Op: "run Postgres " + s.version, Hint: s.log.hint(),
			Message: fmt.Sprintf("it ended by itself (%s): %s", s.process.ProcessState, s.log.reason()),
		}
	}
	close(s.gone)
}

// release lets go of the folder of a server that is over.
func (s *Server) release() {
	<-s.gone
	s.data.close()
	close(s.exited)
}
