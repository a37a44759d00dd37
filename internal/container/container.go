// Package container runs one container on the Docker engine of the machine, or of DOCKER_HOST, through testcontainers-go.
package container

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"

	"github.com/krowoc/krowoc/internal/container/quiet"
	"github.com/krowoc/krowoc/internal/fault"
)

var _ = quiet.Restore()

// Label marks the containers that are Krowoc's; its value says what for.
const Label = "io.krowoc"

// Options say what to run.
type Options struct {
	Image   string
	Command []string // arguments of the image's entrypoint; nil is the image's own
	User    string   // as whom it runs; empty is as the image says
	Env     map[string]string
	Port    int           // TCP; published on the host
	Publish int           // port of the host; 0 is any free one
	Name    string        // a container of that name that is there already is used; empty is a new one
	Volume  string        // name of a volume that is kept; empty is none
	Mount   string        // folder of the container where the volume is
	Memory  []string      // folders of the container that are kept in memory alone
	Purpose string        // value of Label
	Grace   time.Duration // to end by itself when it is stopped; 0 ends it at once
	Logger  *slog.Logger
	// Guard has somebody remove the container of a name when this process is killed, until it is dismissed; nil is nobody.
	Guard func(name string) (dismiss func())
	// Probe returns nil when what listens at address does its work. It is asked until then.
	Probe func(ctx context.Context, address string) error
}

// DefaultGrace is for what writes things down when it is stopped.
const DefaultGrace = 10 * time.Second

// Container is a running container.
type Container struct {
	docker  *testcontainers.DockerContainer
	address string
	grace   time.Duration
	dismiss func() // whoever guards it
	stop    sync.Once
	err     error
}

// Start starts a container and returns when it is ready. Its image is pulled if it is not there.
func Start(ctx context.Context, o Options) (c *Container, err error) {
	op := "start a container of " + o.Image
	host, err := engine(ctx, o.Logger)
	if err != nil {
		return nil, err
	}
	dismiss := o.guard()
	tellOfFetch(ctx, o)
	port := network.MustParsePort(fmt.Sprintf("%d/tcp", o.Port))
	docker, err := testcontainers.Run(ctx, o.Image, append(o.reused(),
		testcontainers.WithLogger(logger{o.Logger}),
		testcontainers.WithCmd(o.Command...),
		testcontainers.WithEnv(o.Env),
		testcontainers.WithConfigModifier(func(c *container.Config) { c.User = o.User }),
		testcontainers.WithTmpfs(o.memory()),
		testcontainers.WithLabels(map[string]string{Label: o.Purpose}),
		testcontainers.WithExposedPorts(port.String()),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) { o.configure(h, port, host) }),
	)...)
	c = &Container{docker: docker, grace: o.Grace, dismiss: dismiss}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
			c = nil
		}
	}()
	if err != nil {
		return c, explain(ctx, op, o.Image, err)
	}
	mapped, err := docker.MappedPort(ctx, port.String())
	if err != nil {
		return c, explain(ctx, op, o.Image, errors.Join(err, errors.New(c.lastLines(ctx))))
	}
	c.address = net.JoinHostPort(host, mapped.Port())
	return c, c.awaitReady(ctx, op, o.Probe)
}

// memory returns the folders that are kept in memory, as Docker wants them.
func (o Options) memory() map[string]string {
	folders := map[string]string{}
	for _, folder := range o.Memory {
		folders[folder] = "rw"
	}
	return folders
}

// guard has somebody remove the container when this process is killed. One that has no name is given one for that.
func (o *Options) guard() (dismiss func()) {
	if o.Guard == nil {
		return func() {}
	}
	if o.Name == "" {
		o.Name = "krowoc-" + strings.ToLower(rand.Text()[:12])
	}
	return o.Guard(o.Name)
}

// reused returns what makes a container that is there already the one that is wanted.
func (o Options) reused() []testcontainers.ContainerCustomizer {
	if o.Name == "" {
		return nil
	}
	return []testcontainers.ContainerCustomizer{testcontainers.WithReuseByName(o.Name)}
}

// configure says where the port is published, and what is kept.
func (o Options) configure(h *container.HostConfig, port network.Port, host string) {
	binding := network.PortBinding{}
	if loopback(host) { // nobody else on the network is meant to reach it
		binding.HostIP = netip.MustParseAddr("127.0.0.1")
	}
	if o.Publish != 0 {
		binding.HostPort = strconv.Itoa(o.Publish)
	}
	h.PortBindings = network.PortMap{port: {binding}}
	if o.Volume != "" {
		h.Mounts = append(h.Mounts, mount.Mount{
			Type: mount.TypeVolume, Source: o.Volume, Target: o.Mount,
			VolumeOptions: &mount.VolumeOptions{Labels: map[string]string{Label: o.Purpose}},
		})
	}
}

// Address returns the host and port at which the published port is reached.
func (c *Container) Address() string { return c.address }

// Inside returns the address at which other containers reach it.
func (c *Container) Inside(ctx context.Context) (string, error) {
	ip, err := c.docker.ContainerIP(ctx)
	return ip, fault.Wrap("find the container's address", err)
}

// Accepts is a Probe that is content with a connection. Docker's own proxy accepts one before the container does, and closes it.
func Accepts(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return err
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

// exitEvery is how often the engine is asked whether a container still runs.
const exitEvery = time.Second

// AwaitExit returns when the container no longer runs, with the end of what it has written, or when ctx ends. An engine that does
// not answer is given some time: it may be starting again.
func (c *Container) AwaitExit(ctx context.Context) error {
	tick := time.NewTicker(exitEvery)
	defer tick.Stop()
	for silent := 0; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		state, err := c.docker.State(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && state.Running:
			silent = 0
		case err == nil:
			return fault.New(fault.Unavailable, "run the container", "it ended: "+c.lastLines(ctx))
		case errdefs.IsNotFound(err):
			return fault.New(fault.Unavailable, "run the container", "somebody removed it")
		case silent < 5:
			silent++
		default:
			return &fault.Error{Code: fault.Unavailable, Op: "run the container", Message: "the Docker engine is gone", Err: err, Hint: "start it again"}
		}
	}
}

// Stop removes the container and everything in it, but for its volume. Any number of calls have the effect of one.
func (c *Container) Stop(ctx context.Context) error {
	c.stop.Do(func() {
		defer c.dismiss()
		if c.docker == nil {
			return
		}
		err := c.docker.Terminate(ctx, testcontainers.StopTimeout(c.grace))
		if err != nil && !errdefs.IsNotFound(err) {
			c.err = fault.Wrap("remove the container", err)
		}
	})
	return c.err
}

// readyTimeout is how long a container that was started may take to be ready; to fetch its image is not part of that.
const readyTimeout = 90 * time.Second

// awaitReady asks until the answer is yes or the container is gone.
func (c *Container) awaitReady(ctx context.Context, op string, probe func(context.Context, string) error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	timeout := time.NewTimer(readyTimeout)
	defer timeout.Stop()
	for n := 0; ; n++ {
		if probe(ctx, c.address) == nil {
			return nil
		}
		if n%10 == 9 {
			if state, err := c.docker.State(ctx); err != nil || !state.Running {
				return fault.New(fault.Unavailable, op, "it ended by itself: "+c.lastLines(ctx))
			}
		}
		select {
		case <-ctx.Done():
			return fault.Wrap(op, ctx.Err())
		case <-timeout.C:
			return fault.New(fault.Timeout, op, fmt.Sprintf("it was not ready within %v: %s", readyTimeout, c.lastLines(ctx)))
		case <-tick.C:
		}
	}
}

// Exec runs a command in the container; its output is part of the error.
func (c *Container) Exec(ctx context.Context, command ...string) error {
	code, output, err := c.docker.Exec(ctx, command)
	if err != nil {
		return fault.Wrap("run "+command[0]+" in the container", err)
	}
	if code != 0 {
		text, _ := io.ReadAll(io.LimitReader(output, 1<<16)) // as much as there is
		return fault.New(fault.Unavailable, "run "+command[0]+" in the container", strings.TrimSpace(string(text)))
	}
	return nil
}

// lastLines returns the end of what the container has written.
func (c *Container) lastLines(ctx context.Context) string {
	r, err := c.docker.Logs(ctx)
	if err != nil {
		return "it left no log"
	}
	defer r.Close()
	text, _ := io.ReadAll(io.LimitReader(r, 1<<20)) // as much as there is
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}
