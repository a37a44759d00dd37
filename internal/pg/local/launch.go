package local

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// portFile is a file in the data folder with the last port of the server. The server uses the same port again if it is free, for tools that
// have stored the URL.
const portFile = "krowoc.port"

// Messages of Postgres when it cannot start now but may be able to soon.
const (
	saysPortTaken  = "could not create any TCP/IP sockets"
	saysStillInUse = "pre-existing shared memory block"
)

const (
	portAttempts     = 10
	graceForBackends = 10 * time.Second // for processes of a killed server to exit
)

// launch starts the server and waits until it accepts connections. If another process takes the chosen port in the meantime, it tries
// another one.
func (s *starting) launch(ctx context.Context) (*Server, error) {
	if err := s.data.awaitPrevious(ctx); err != nil {
		return nil, err
	}
	password, err := os.ReadFile(s.data.file(passwordFile))
	if err != nil {
		return nil, fault.New(fault.Conflict, "open the data folder "+s.data.path, "it was not created by krowoc: "+passwordFile+" is missing",
			"move it away, or start its server yourself and set database.url")
	}
	port, err := s.lastPort()
	began := time.Now()
	for attempt := 1; err == nil; attempt++ {
		var server *Server
		if server, err = s.launchOn(ctx, port, string(password)); err == nil {
			s.keepPort(port)
			go server.release()
			return server, nil
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case strings.Contains(err.Error(), saysPortTaken) && attempt < portAttempts:
			port, err = s.pickPort()
		case strings.Contains(err.Error(), saysStillInUse) && time.Since(began) < graceForBackends:
			err = pause(ctx, 50*time.Millisecond)
		}
	}
	return nil, err
}

func (s *starting) lastPort() (int, error) {
	if text, err := os.ReadFile(s.data.file(portFile)); err == nil {
		if port, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && port > 1023 && port < 65536 {
			return port, nil
		}
	}
	return s.pickPort()
}

// keepPort stores the port. A failure does not matter.
func (s *starting) keepPort(port int) {
	_ = os.WriteFile(s.data.file(portFile), []byte(strconv.Itoa(port)+"\n"), 0o600)
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// freePort returns a port that is currently free.
func freePort() (int, error) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, fault.Wrap("find a free port", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// launchOn starts the server on a port.
func (s *starting) launchOn(ctx context.Context, port int, password string) (*Server, error) {
	args := []string{"-D", s.data.path}
	for name, value := range s.settings(port) {
		args = append(args, "-c", name+"="+value)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(s.bin.postgres(), args, s.data, w)
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	server := &Server{
		data: s.data, version: s.bin.version, password: password, port: port, process: p,
		log: readLog(r, s.Logger), asked: make(chan struct{}), gone: make(chan struct{}), exited: make(chan struct{}),
	}
	go server.wait()
	err = server.awaitReady(ctx)
	if err == nil {
		err = ctx.Err() // the context ended while the server became ready
	}
	if err != nil {
		server.abandon()
		return nil, err
	}
	return server, nil
}

// awaitReady polls the status line of the server, like pg_ctl but more often.
func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if pid, status := s.data.readPIDFile(); pid == s.PID() && (status == "ready" || status == "standby") {
			return nil
		}
		select {
		case <-s.gone:
			return s.err
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
