package supervise

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/listen"
)

// gate listens on the public port of a process and forwards connections to the instance that is ready. Connections wait until there
// is one.
type gate struct {
	listener net.Listener
	ctx      context.Context // ends with the gate
	cancel   context.CancelFunc

	mu      sync.Mutex
	port    int           // of the instance; 0 while there is none
	failure string        // why there is none
	open    map[int]int   // number of open connections by port
	changed chan struct{} // closed and replaced when port or failure changes
	conns   sync.WaitGroup
}

func (r *runner) openGate(ctx context.Context) (*gate, error) {
	l, taken, err := listen.Near(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port)))
	if err != nil {
		return nil, err
	}
	r.notePort(l, taken)
	g := &gate{listener: l, changed: make(chan struct{}), open: map[int]int{}}
	g.ctx, g.cancel = context.WithCancel(context.WithoutCancel(ctx))
	g.conns.Go(g.accept)
	return g, nil
}

func (g *gate) accept() {
	for {
		conn, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.conns.Go(func() { g.serve(conn) })
	}
}

// forwardTo forwards new connections to a port.
func (g *gate) forwardTo(port int) { g.set(port, "") }

// fail answers new connections with the reason why no instance runs.
func (g *gate) fail(why string) { g.set(0, why) }

func (g *gate) set(port int, failure string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.port, g.failure = port, failure
	close(g.changed)
	g.changed = make(chan struct{})
}

// maxWait is how long a connection waits for an instance.
const maxWait = 30 * time.Second

// target waits for an instance and returns its port. The caller counts as an open connection until it calls leave.
func (g *gate) target() (port int, failure string) {
	timeout := time.NewTimer(maxWait)
	defer timeout.Stop()
	for {
		g.mu.Lock()
		port, failure, changed := g.port, g.failure, g.changed
		if port != 0 {
			g.open[port]++
		}
		g.mu.Unlock()
		if port != 0 || failure != "" {
			return port, failure
		}
		select {
		case <-changed:
		case <-timeout.C:
			return 0, "the process is not ready yet"
		case <-g.ctx.Done():
			return 0, "the process was stopped"
		}
	}
}

func (g *gate) leave(port int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open[port]--
	if g.open[port] == 0 {
		delete(g.open, port)
	}
}

// drainTimeout is how long a replaced instance may finish its responses. Idle connections cannot be distinguished from active ones.
const drainTimeout = 500 * time.Millisecond

// drain waits for the open connections of a port that the gate no longer forwards to.
func (g *gate) drain(port int) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(drainTimeout); time.Now().Before(deadline); <-tick.C {
		g.mu.Lock()
		left := g.open[port]
		g.mu.Unlock()
		if left == 0 {
			return
		}
	}
}

// serve forwards one connection to the process.
func (g *gate) serve(conn net.Conn) {
	defer conn.Close()
	port, failure := g.target()
	if port == 0 {
		refuse(conn, failure)
		return
	}
	defer g.leave(port)
	to, err := dial(g.ctx, port)
	if err != nil {
		refuse(conn, "the process does not accept connections: "+err.Error())
		return
	}
	defer to.Close()
	stop := context.AfterFunc(g.ctx, func() { conn.Close(); to.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { forward(to, conn) })
	both.Go(func() { forward(conn, to) })
	both.Wait()
}

// forward copies until the end of the stream, and closes the other end.
func forward(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(*net.TCPConn); ok && err == nil {
		_ = half.CloseWrite() // the other direction may continue
		return
	}
	to.Close()
	from.Close()
}

// refuse answers with an HTTP response, since nearly all these processes are HTTP servers.
func refuse(conn net.Conn, why string) {
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = conn.Read(make([]byte, 4096)) // an unread request would cause a connection reset
	fmt.Fprintf(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n%s\n",
		len(why)+1, why)
}

func (g *gate) close() {
	g.listener.Close()
	g.cancel()
	g.conns.Wait()
}
