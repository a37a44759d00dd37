// Package container runs a container on the local Docker engine, or the one in DOCKER_HOST, through testcontainers-go.
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

// Label marks the containers of Krowoc; its value is their purpose.
const Label = "io.krowoc"

// Options configure a container.
type Options struct {
	Image   string
	Command []string // arguments of the image's entrypoint; nil uses the command of the image
	User    string   // empty uses the user of the image
	Env     map[string]string
	Port    int           // TCP; published on the host
	Publish int           // port on the host; 0 is any free one
	Name    string        // an existing container of that name is reused; empty creates a new one
	Volume  string        // name of a persistent volume; empty is none
	Mount   string        // mount point of the volume in the container
	Memory  []string      // folders in the container that are in memory only
	Purpose string        // value of Label
	Grace   time.Duration // grace period of Stop; 0 kills the container at once
	Logger  *slog.Logger
	// Guard ensures that the named container is removed if this process is killed before dismiss is called; nil does nothing.
	Guard func(name string) (dismiss func())
	// Probe returns nil when the service at address is ready. It is called until then.
	Probe func(ctx context.Context, address string) error
}

// DefaultGrace is the grace period for services that write data when they stop.
const DefaultGrace = 10 * time.Second

// Container is a running container.
type Container struct {
	docker  *testcontainers.DockerContainer
	address string
	grace   time.Duration
	dismiss func() // ends the guard
	stop    sync.Once
	err     error
}

// Start starts a container and returns when it is ready. It pulls the image if it is missing.
func Start(ctx context.Context, o Options) (c *Container, err error) {
	op := "start a container of " + o.Image
	host, err := engine(ctx, o.Logger)
	if err != nil {
		return nil, err
	}
	dismiss := o.guard()
	announcePull(ctx, o)
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

// memory returns the folders that are in memory, in Docker's form.
func (o Options) memory() map[string]string {
	folders := map[string]string{}
	for _, folder := range o.Memory {
		folders[folder] = "rw"
	}
	return folders
}

// guard sets up the guard of the container, and gives the container a name if it has none.
func (o *Options) guard() (dismiss func()) {
	if o.Guard == nil {
		return func() {}
	}
	if o.Name == "" {
		o.Name = "krowoc-" + strings.ToLower(rand.Text()[:12])
	}
	return o.Guard(o.Name)
}

// reused returns the option that reuses an existing container of the same name.
func (o Options) reused() []testcontainers.ContainerCustomizer {
	if o.Name == "" {
		return nil
	}
	return []testcontainers.ContainerCustomizer{testcontainers.WithReuseByName(o.Name)}
}

// configure sets the published port and the volume.
func (o Options) configure(h *container.HostConfig, port network.Port, host string) {
	binding := network.PortBinding{}
	if loopback(host) { // it must not be reachable from the network
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

// Address returns the host and port of the published port.
func (c *Container) Address() string { return c.address }

// Inside returns the IP address for other containers.
func (c *Container) Inside(ctx context.Context) (string, error) {
	ip, err := c.docker.ContainerIP(ctx)
	return ip, fault.Wrap("find the container's address", err)
}

// Accepts is a Probe that checks that the container accepts a connection. Docker's proxy accepts connections before the container
// does, and then closes them.
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

// stateInterval is the time between two checks whether a container is still running.
const stateInterval = time.Second

// AwaitExit returns when the container is no longer running, with the last lines of its log, or when ctx ends. It tolerates an engine
// that does not respond for a few seconds, since it may be restarting.
func (c *Container) AwaitExit(ctx context.Context) error {
	tick := time.NewTicker(stateInterval)
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
			return fault.New(fault.Unavailable, "run the container", "the container exited: "+c.lastLines(ctx))
		case errdefs.IsNotFound(err):
			return fault.New(fault.Unavailable, "run the container", "the container was removed")
		case silent < 5:
			silent++
		default:
			return &fault.Error{Code: fault.Unavailable, Op: "run the container", Message: "the Docker engine does not respond", Err: err, Hint: "restart it"}
		}
	}
}

// Stop removes the container, but not its volume. It is idempotent.
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

// readyTimeout is how long a started container may take to become ready, without pulling its image.
const readyTimeout = 90 * time.Second

// awaitReady probes the container until it is ready or has exited.
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
				return fault.New(fault.Unavailable, op, "the container exited: "+c.lastLines(ctx))
			}
		}
		select {
		case <-ctx.Done():
			return fault.Wrap(op, ctx.Err())
		case <-timeout.C:
			return fault.New(fault.Timeout, op, fmt.Sprintf("the container was not ready within %v: %s", readyTimeout, c.lastLines(ctx)))
		case <-tick.C:
		}
	}
}

// Exec runs a command in the container. The error contains its output.
func (c *Container) Exec(ctx context.Context, command ...string) error {
	code, output, err := c.docker.Exec(ctx, command)
	if err != nil {
		return fault.Wrap("run "+command[0]+" in the container", err)
	}
	if code != 0 {
		text, _ := io.ReadAll(io.LimitReader(output, 1<<16)) // as much as is available
		return fault.New(fault.Unavailable, "run "+command[0]+" in the container", strings.TrimSpace(string(text)))
	}
	return nil
}

// lastLines returns the last lines of the container's log.
func (c *Container) lastLines(ctx context.Context) string {
	r, err := c.docker.Logs(ctx)
	if err != nil {
		return "no log available"
	}
	defer r.Close()
	text, _ := io.ReadAll(io.LimitReader(r, 1<<20)) // as much as is available
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}
