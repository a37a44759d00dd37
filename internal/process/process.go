// Package process runs a command as a group with all processes that it starts. The group ends with the command, and with this
// process, even if this process is killed.
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

// Command is a command to run.
type Command struct {
	Args   []string // program and arguments
	Dir    string
	Env    []string          // the complete environment
	Grace  time.Duration     // between the request to exit and the kill; 0 is DefaultGrace
	Output func(line string) // called with each line of both output streams, from one goroutine
}

// DefaultGrace is how long a command may take to exit on request.
const DefaultGrace = 5 * time.Second

// maxLine is the maximum length of a line of output in bytes; a longer line is split.
const maxLine = 64 << 10

// outputGrace is how long output is read after the command has exited, in case another process holds its pipe open.
const outputGrace = 200 * time.Millisecond

// Group is a running command with all processes that it has started.
type Group struct {
	*exec.Cmd
	grace  time.Duration
	tie    tie // ends the group when this process ends
	exited chan struct{}
	err    error
	stop   sync.Once
}

// String returns the command as it was configured: a shell command without the shell.
func (c Command) String() string {
	if line := c.Args[len(c.Args)-1]; slices.Equal(c.Args, shell(line)) {
		return line
	}
	return strings.Join(c.Args, " ")
}

// Shell returns the arguments that run a command in the system's shell.
func Shell(line string) []string { return shell(line) }

// Start starts a command. The error is an Invalid fault if the program or the folder does not exist.
func Start(c Command) (*Group, error) {
	op := "run " + c.String()
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return nil, fault.New(fault.Invalid, op, fmt.Sprintf("folder %q does not exist", c.Dir))
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

// await waits until the command, its group and its output have ended.
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
		g.err = &fault.Error{Code: fault.Unavailable, Op: op, Message: exit.String(), Err: err}
		return
	}
	g.err = fault.Wrap(op, err)
}

// PID returns the process ID of the command.
func (g *Group) PID() int { return g.Process.Pid }

// Exited is closed when the command and its whole group have exited.
func (g *Group) Exited() <-chan struct{} { return g.exited }

// Err waits for the command to exit and returns nil for exit code 0.
func (g *Group) Err() error {
	<-g.exited
	return g.err
}

// Stop asks the group to exit, kills it after its grace period or when ctx ends, and returns when it has exited.
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

// Run runs a command until it exits or ctx ends, which is then the error.
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
