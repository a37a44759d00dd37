package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"

	"github.com/krowoc/krowoc/internal/fault"
)

// setUp guards the settings of testcontainers-go that are global.
var setUp sync.Once

// engine connects to the Docker engine and returns the host on which it publishes ports.
func engine(ctx context.Context, l *slog.Logger) (host string, err error) {
	const op = "connect to a Docker engine"
	unavailable := func(err error) error {
		return &fault.Error{Code: fault.Unavailable, Op: op, Message: "no engine responds", Err: err,
			Hint: "start Docker (or Podman with its socket), set DOCKER_HOST, or use the native engine"}
	}
	defer func() {
		if p := recover(); p != nil { // testcontainers-go panics if it finds no socket
			err = unavailable(fmt.Errorf("%v", p))
		}
	}()
	setUp.Do(func() { configure(l) })
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(logger{l}))
	if err != nil {
		return "", unavailable(err)
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	if err := provider.Health(ctx); err != nil {
		return "", unavailable(err)
	}
	if host, err = provider.DaemonHost(ctx); err != nil {
		return "", unavailable(err)
	}
	if here(provider.Client().DaemonHost()) {
		host = "127.0.0.1"
	}
	return host, nil
}

// configure sets the global settings of testcontainers-go: the logger, and that its reaper does not run. The reaper is a container
// whose image is not available everywhere; our containers have a guard instead (docs/decisions/0008).
func configure(l *slog.Logger) {
	tclog.SetDefault(logger{l})
	if _, set := os.LookupEnv(reaperKey); set { //nolint:forbidigo // the only way to configure testcontainers-go
		return
	}
	if os.Setenv(reaperKey, "true") == nil {
		testcontainers.ReadConfig() // it caches the configuration
		_ = os.Unsetenv(reaperKey)
	}
}

// reaperKey is the variable that disables the reaper of testcontainers-go.
const reaperKey = "TESTCONTAINERS_RYUK_DISABLED"

// here reports whether an engine publishes ports on this machine. In a container with its own engine, testcontainers-go would use the
// gateway to the surrounding machine.
func here(daemon string) bool {
	if os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") != "" || !strings.HasPrefix(daemon, "unix:") { //nolint:forbidigo // as above
		return false
	}
	_, err := net.InterfaceByName("docker0")
	return err == nil
}

// explain adds a hint to an error of the engine.
func explain(ctx context.Context, op, image string, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(op, ctx.Err())
	}
	_, reason, _ := strings.Cut(err.Error(), "Error response from daemon: ")
	return &fault.Error{Code: fault.Unavailable, Op: op, Message: cmp.Or(reason, err.Error()), Hint: "`docker pull " + image + "` shows more", Err: err}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// logger passes the messages of testcontainers-go on.
type logger struct{ to *slog.Logger }

// Printf implements log.Logger.
func (l logger) Printf(format string, v ...any) {
	l.to.Debug(strings.TrimSpace(fmt.Sprintf(format, v...)))
}
