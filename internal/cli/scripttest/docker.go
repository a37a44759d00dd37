package scripttest

import (
	"io"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// dockerWay stands between a script's programs and the Docker engine, so that a script can take the engine away.
type dockerWay struct {
	listener net.Listener
	mu       sync.Mutex
	open     []net.Conn
}

// dockerWayKey is where a script keeps its dockerWay.
type dockerWayKey struct{}

// dockerWayOpen has the script's programs reach the engine through a socket of their own.
func dockerWayOpen(ts *testscript.TestScript, _ bool, _ []string) {
	needDocker(ts, false, nil)
	engine := strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	if engine == "" {
		engine = "/var/run/docker.sock"
	}
	socket := ts.MkAbs("docker.sock")
	l, err := net.Listen("unix", socket)
	ts.Check(err)
	way := ts.Value(dockerWayKey{}).(*dockerWay)
	way.listener = l
	go way.serve(engine)
	ts.Defer(way.close)
	ts.Setenv("DOCKER_HOST", "unix://"+socket)
}

// dockerGone takes the engine away from the script's programs.
func dockerGone(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Value(dockerWayKey{}).(*dockerWay).close()
}

func (w *dockerWay) serve(engine string) {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("unix", engine)
		if err != nil {
			near.Close()
			continue
		}
		w.mu.Lock()
		w.open = append(w.open, near, far)
		w.mu.Unlock()
		go func() { _, _ = io.Copy(far, near); far.Close() }()
		go func() { _, _ = io.Copy(near, far); near.Close() }()
	}
}

func (w *dockerWay) close() {
	w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.open {
		c.Close()
	}
}
