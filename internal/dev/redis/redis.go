// Package redis runs the Redis of a development session: as a local program, as a container, or embedded in krowoc.
package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/supervise"
)

// Engine is the way in which Redis runs.
type Engine string

// The engines.
const (
	Auto     Engine = "auto"   // the first of the others that is available
	Native   Engine = "native" // redis-server or valkey-server
	Docker   Engine = "docker"
	Embedded Engine = "embedded" // miniredis: in memory, with a subset of Redis
)

// Options configure Redis.
type Options struct {
	Engine  Engine
	Image   string
	Name    string // name of the container and its volume
	Purpose string // purpose of both
	Dir     string // data folder of the native one
	Port    int    // preferred port of the program; 0 is any
	Publish int    // port of the container on the host; 0 is any
	Path    string // folders to search for programs, as in $PATH
	Log     *slog.Logger
	Guard   func(container string) (dismiss func()) // removes it if this process is killed; may be nil
}

// Start starts Redis.
func Start(ctx context.Context, o Options) (_ dev.RunningService, err error) {
	if o.Port == 0 {
		if o.Port, err = listen.FreePort(ctx); err != nil {
			return dev.RunningService{}, err
		}
	}
	switch o.Engine {
	case Native:
		return native(ctx, o)
	case Docker:
		return docker(ctx, o)
	case Embedded:
		return embedded(ctx, o)
	}
	if r, err := native(ctx, o); fault.CodeOf(err) != fault.NotFound {
		return r, err
	}
	if r, err := docker(ctx, o); err == nil || ctx.Err() != nil {
		return r, err
	}
	return embedded(ctx, o)
}

// running describes a Redis at an address.
func running(detail, address string, stop func(context.Context) error) dev.RunningService {
	url := "redis://" + address
	return dev.RunningService{Detail: detail, URL: url, Env: []string{"REDIS_URL=" + url, "KROWOC_REDIS_URL=" + url}, Stop: stop}
}

// Program returns the path of redis-server or valkey-server in the folders of path, or "".
func Program(path string) string {
	for _, dir := range strings.Split(path, string(os.PathListSeparator)) {
		for _, name := range []string{"redis-server", "valkey-server"} {
			if found, err := exec.LookPath(dir + string(os.PathSeparator) + name); err == nil && dir != "" {
				return found
			}
		}
	}
	return ""
}

// native runs the local program and restarts it when it exits.
func native(ctx context.Context, o Options) (dev.RunningService, error) {
	const op = "start Redis"
	program := Program(o.Path)
	if program == "" {
		return dev.RunningService{}, fault.New(fault.NotFound, op, "neither redis-server nor valkey-server is on PATH",
			"install it, or set dev.redis.engine to docker or embedded")
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return dev.RunningService{}, fault.Wrap(op, err)
	}
	trouble := make(chan error, 1)
	process := supervise.Process{
		Name: "redis", Command: `exec "$REDIS_SERVER" --bind 127.0.0.1 --port "$PORT" --daemonize no --save 60 1 --dir "$REDIS_DIR" --logfile ""`,
		Dir: o.Dir, Env: []string{"PATH=" + o.Path, "REDIS_SERVER=" + program, "REDIS_DIR=" + o.Dir}, Port: o.Port,
		Ready: supervise.Readiness{Kind: supervise.ReadyTCP, Timeout: 10 * time.Second}, Restart: supervise.Always,
	}
	report := func(e supervise.Event) {
		switch {
		case e.Output:
			logLine(ctx, o.Log, e.Text)
		case e.Err != nil:
			o.Log.Warn(e.Err.Error())
			select {
			case trouble <- e.Err:
			default:
			}
		}
	}
	s, err := supervise.New(supervise.Options{Processes: []supervise.Process{process}, Now: time.Now, Report: report})
	if err != nil {
		return dev.RunningService{}, err
	}
	s.Start(ctx)
	stop := func(ctx context.Context) error { s.Stop(ctx); return nil }
	if err := s.AwaitStart(ctx); err != nil {
		return dev.RunningService{}, errors.Join(err, stop(context.WithoutCancel(ctx)))
	}
	status := s.Status()[0]
	if status.State != supervise.Ready {
		err := <-trouble
		return dev.RunningService{}, errors.Join(err, stop(context.WithoutCancel(ctx)))
	}
	r := running("Redis is up, natively", net.JoinHostPort("127.0.0.1", strconv.Itoa(status.Port)), stop)
	r.PID = func() int { return s.Status()[0].PID }
	r.Lost = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() } // it restarts when it exits
	return r, nil
}

// logLine passes a line of Redis's log on: "pid:role date level message", with # for warnings.
func logLine(ctx context.Context, log *slog.Logger, line string) {
	level := slog.LevelDebug
	if fields := strings.Fields(line); len(fields) > 5 && fields[5] == "#" && !strings.Contains(line, "Redis is starting") {
		level = slog.LevelInfo
	}
	log.Log(ctx, level, line)
}

// docker runs the image with its data in a volume.
func docker(ctx context.Context, o Options) (dev.RunningService, error) {
	c, err := container.Start(ctx, container.Options{
		Image: o.Image, Port: 6379, Publish: o.Publish, Name: o.Name, Volume: o.Name, Mount: "/data", Purpose: o.Purpose, Grace: container.DefaultGrace,
		Logger: o.Log, Guard: o.Guard, Probe: ping,
	})
	if err != nil {
		return dev.RunningService{}, err
	}
	r := running("Redis is up, as a container of "+o.Image, c.Address(), c.Stop)
	r.Lost = c.AwaitExit
	return r, nil
}

// ping returns nil when Redis answers at an address.
func ping(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 5)
	if _, err := conn.Read(answer); err != nil {
		return err
	}
	if string(answer) != "+PONG" {
		return fmt.Errorf("unexpected answer %q", answer)
	}
	return nil
}

// embedded runs miniredis and advances its clock, so that keys expire.
func embedded(ctx context.Context, o Options) (dev.RunningService, error) {
	server := miniredis.NewMiniRedis()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port))
	if taken := listen.Available(ctx, address); taken != nil {
		o.Log.Warn(taken.Error() + ": using another port")
		address = "127.0.0.1:0"
	}
	err := server.StartAddr(address)
	if err != nil { // another process was faster
		err = server.StartAddr("127.0.0.1:0")
	}
	if err != nil {
		return dev.RunningService{}, fault.Wrap("start miniredis", err)
	}
	address = server.Addr()
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				server.FastForward(time.Second)
			case <-stopped:
				return
			}
		}
	}()
	return running("miniredis is up: it keeps data in memory and supports a subset of Redis", address, func(context.Context) error {
		close(stopped)
		<-ended
		server.Close()
		return nil
	}), nil
}
