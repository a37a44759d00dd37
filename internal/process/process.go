// Package process runs a command together with all that it starts: they end together, and with us, however we end.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Command is what to run.
type Command struct {
	Args   []string // program and arguments
	Dir    string
	Env    []string          // all of it
	Grace  time.Duration     // between the request to end and the end by force; 0 is DefaultGrace
	Output func(line string) // what it writes, to either stream, a line at a time; called from one goroutine
}

// DefaultGrace is how long a command may take to end when it is asked to.
const DefaultGrace = 5 * time.Second

// maxLine bounds a line of output, in bytes: a longer one is handed on in pieces.
const maxLine = 64 << 10

// outputGrace is how long output is still read after the end of the command, should somebody hold its pipe open.
const outputGrace = 200 * time.Millisecond

// Group is a running command and all that it has started.
type Group struct {
	*exec.Cmd
	grace  time.Duration
	tie    tie // binds the group's life to ours
	exited chan struct{}
	err    error
	stop   sync.Once
}

// String is the command as people have written it: a line for the shell is that line.
func (c Command) String() string {
	if line := c.Args[len(c.Args)-1]; slices.Equal(c.Args, shell(line)) {
		return line
	}
	return strings.Join(c.Args, " ")
}

// Shell returns the arguments that have the system's shell run a line.
func Shell(line string) []string { return shell(line) }

// Start starts a command. The error is an Invalid fault where there is no such program or folder.
func Start(c Command) (*Group, error) {
	op := "run " + c.String()
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return nil, fault.New(fault.Invalid, op, "there is no folder "+c.Dir)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	g, err := start(c, w)
	w.Close()
	if err != nil {
		r.Close()
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Err: err}
	}
	read := make(chan struct{})
	go func() { defer close(read); readLines(r, c.Output) }()
	go g.await(op, r, read)
	return g, nil
}

// await waits for the end of the command, then for that of its group and its output.
func (g *Group) await(op string, output *os.File, read <-chan struct{}) {
	defer close(g.exited)
	err := g.Wait()
	g.endRest()
	select {
	case <-read:
		output.Close()
	case <-time.After(outputGrace):
		output.Close()
		<-read
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		g.err = &fault.Error{Code: fault.Unavailable, Op: op, Message: "it ended with " + exit.String(), Err: err}
		return
	}
	g.err = fault.Wrap(op, err)
}

// PID is the id of the command's process.
func (g *Group) PID() int { return g.Process.Pid }

// Exited is closed when the command has ended and nothing of its group is left.
func (g *Group) Exited() <-chan struct{} { return g.exited }

// Err says how the command ended, once it has: nil for exit code 0.
func (g *Group) Err() error {
	<-g.exited
	return g.err
}

// Stop asks the group to end, ends it by force after its grace or when ctx ends, and returns when it is gone.
func (g *Group) Stop(ctx context.Context) {
	g.stop.Do(func() {
		g.askToEnd()
		timer := time.NewTimer(g.grace)
		defer timer.Stop()
		select {
		case <-g.exited:
			return
		case <-timer.C:
		case <-ctx.Done():
		}
		g.kill()
	})
	<-g.exited
}

// readLines calls fn with each line until the end of r.
func readLines(r io.Reader, fn func(string)) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := b.ReadSlice('\n')
		if text := strings.TrimRight(string(line), "\r\n"); fn != nil && (text != "" || err == nil) {
			fn(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// Run runs a command to its end, or to that of ctx, which is then the error.
func Run(ctx context.Context, c Command) error {
	g, err := Start(c)
	if err != nil {
		return err
	}
	select {
	case <-g.Exited():
		return g.Err()
	case <-ctx.Done():
		g.Stop(context.WithoutCancel(ctx))
		return fault.Wrap(fmt.Sprintf("run %s", strings.Join(c.Args, " ")), ctx.Err())
	}
}
