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

// beforehand guards what is set once for all containers.
var beforehand sync.Once

// engine returns the host on which the engine publishes ports.
func engine(ctx context.Context, l *slog.Logger) (host string, err error) {
	const op = "reach a Docker engine"
	unavailable := func(err error) error {
		return &fault.Error{Code: fault.Unavailable, Op: op, Message: "none answers", Err: err,
			Hint: "start Docker (or Podman with its socket), set DOCKER_HOST, or use the native engine"}
	}
	defer func() {
		if p := recover(); p != nil { // testcontainers-go panics where it finds no socket
			err = unavailable(fmt.Errorf("%v", p))
		}
	}()
	beforehand.Do(func() { configure(l) })
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

// configure sets what testcontainers-go has but one of: the logger of what it says before it knows whose container it is, and
// whether it runs its reaper, a container whose image not everybody can fetch. Ours have a guard (docs/decisions/0008).
func configure(l *slog.Logger) {
	tclog.SetDefault(logger{l})
	if _, said := os.LookupEnv(reaperKey); said { //nolint:forbidigo // testcontainers-go is configured there alone
		return
	}
	if os.Setenv(reaperKey, "true") == nil {
		testcontainers.ReadConfig() // which it keeps
		_ = os.Unsetenv(reaperKey)
	}
}

// reaperKey is the variable that says that testcontainers-go does without its reaper.
const reaperKey = "TESTCONTAINERS_RYUK_DISABLED"

// here reports whether an engine publishes ports on this very machine although testcontainers-go, in a container that has an engine of
// its own, names the gateway to the machine around it.
func here(daemon string) bool {
	if os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") != "" || !strings.HasPrefix(daemon, "unix:") { //nolint:forbidigo // as above
		return false
	}
	_, err := net.InterfaceByName("docker0")
	return err == nil
}

// explain says what can be done about an error of the engine.
func explain(ctx context.Context, op, image string, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(op, ctx.Err())
	}
	_, reason, _ := strings.Cut(err.Error(), "Error response from daemon: ")
	return &fault.Error{Code: fault.Unavailable, Op: op, Message: cmp.Or(reason, err.Error()), Hint: "`docker pull " + image + "` shows more", Err: err}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// logger hands on what testcontainers-go says of its work.
type logger struct{ to *slog.Logger }

// Printf implements log.Logger.
func (l logger) Printf(format string, v ...any) {
	l.to.Debug(strings.TrimSpace(fmt.Sprintf(format, v...)))
}
