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

// gate is a port of ours that leads to the instance of a process that is ready. Who comes before there is one waits.
type gate struct {
	listener net.Listener
	ctx      context.Context // ends with the gate
	cancel   context.CancelFunc

	mu      sync.Mutex
	port    int           // 0 while there is none
	failure string        // why there is none
	guests  map[int]int   // how many connections there are to a port
	changed chan struct{} // closed and made anew when one of the two changes
	conns   sync.WaitGroup
}

func (r *runner) openGate(ctx context.Context) (*gate, error) {
	l, taken, err := listen.Near(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(r.Port)))
	if err != nil {
		return nil, err
	}
	r.notePort(l, taken)
	g := &gate{listener: l, changed: make(chan struct{}), guests: map[int]int{}}
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

// lead sends who comes from now on to a port.
func (g *gate) lead(port int) { g.set(port, "") }

// fail tells who comes from now on why nobody is there.
func (g *gate) fail(why string) { g.set(0, why) }

func (g *gate) set(port int, failure string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.port, g.failure = port, failure
	close(g.changed)
	g.changed = make(chan struct{})
}

// patience is how long a connection waits for a process.
const patience = 30 * time.Second

// target waits for a port to lead to, whose guest the caller then is until it leaves.
func (g *gate) target() (port int, failure string) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		g.mu.Lock()
		port, failure, changed := g.port, g.failure, g.changed
		if port != 0 {
			g.guests[port]++
		}
		g.mu.Unlock()
		if port != 0 || failure != "" {
			return port, failure
		}
		select {
		case <-changed:
		case <-timeout.C:
			return 0, "it is not ready yet"
		case <-g.ctx.Done():
			return 0, "it was stopped"
		}
	}
}

func (g *gate) leave(port int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.guests[port]--
	if g.guests[port] == 0 {
		delete(g.guests, port)
	}
}

// drainTimeout is how long a process whose place another has taken may go on answering. Connections that are kept open without
// a request cannot be told from others.
const drainTimeout = 500 * time.Millisecond

// drain waits for the guests of a port that the gate no longer leads to.
func (g *gate) drain(port int) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(drainTimeout); time.Now().Before(deadline); <-tick.C {
		g.mu.Lock()
		left := g.guests[port]
		g.mu.Unlock()
		if left == 0 {
			return
		}
	}
}

// serve joins a connection with one to the process.
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
		refuse(conn, "it does not answer: "+err.Error())
		return
	}
	defer to.Close()
	stop := context.AfterFunc(g.ctx, func() { conn.Close(); to.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { join(to, conn) })
	both.Go(func() { join(conn, to) })
	both.Wait()
}

// join copies until the end, and hands that on.
func join(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(*net.TCPConn); ok && err == nil {
		_ = half.CloseWrite() // the other way may go on
		return
	}
	to.Close()
	from.Close()
}

// refuse answers in the words of HTTP, which is what nearly everybody here speaks.
func refuse(conn net.Conn, why string) {
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = conn.Read(make([]byte, 4096)) // a question that is not read is a connection reset
	fmt.Fprintf(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n%s\n",
		len(why)+1, why)
}

func (g *gate) close() {
	g.listener.Close()
	g.cancel()
	g.conns.Wait()
}
