package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/dev/redis"
	"github.com/krowoc/krowoc/internal/dev/stack"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

// checkDocker checks that a Docker engine responds and has the images, if the stack needs one.
func (p project) checkDocker(ctx context.Context) Finding {
	images := p.Stack().Images(p.Config.Database.URL.Reveal() == "")
	if len(images) == 0 {
		return good("not needed")
	}
	missing, err := container.Missing(ctx, p.Logger, images...)
	if err != nil {
		return problem(fault.HintOf(err), "required for %s: %v", strings.Join(images, ", "), err)
	}
	if len(missing) == 0 {
		return good("images present: %s", strings.Join(images, ", "))
	}
	f := warning("download them with --fix; otherwise the first `krowoc dev` does it", "images not downloaded yet: %s", strings.Join(missing, ", "))
	f.fix = func(ctx context.Context) error {
		var errs []error
		for _, image := range missing {
			errs = append(errs, container.Fetch(ctx, p.Logger, image))
		}
		return errors.Join(errs...)
	}
	return f
}

// checkRedis checks that Redis can be run.
func (p project) checkRedis(ctx context.Context) Finding {
	const remedy = "install redis-server (Debian) or redis (Homebrew), or set dev.redis.engine to docker or embedded"
	c := p.Config.Dev.Redis
	if !c.Enabled {
		return good("not needed")
	}
	program := redis.Program(p.Env("PATH"))
	switch engine := p.Stack().EngineOf(c.Engine); {
	case engine == stack.Docker:
		return good("in a container from the image %s", c.Image)
	case redis.Engine(engine) == redis.Embedded:
		return good("miniredis")
	case program != "":
		return good("%s", program)
	case engine == stack.Native:
		return problem(remedy, "neither redis-server nor valkey-server is on PATH")
	}
	if _, err := container.Missing(ctx, p.Logger); err == nil {
		return good("in a container from the image %s", c.Image)
	}
	return warning(remedy, "neither a Redis program nor a Docker engine is available; using miniredis, which supports a subset of Redis")
}

// leastFree is the minimum free space in bytes for a development database, its log and a copy for a branch.
const leastFree = 512 << 20

// checkDisk checks that the disk has space for the database.
func (p project) checkDisk(ctx context.Context) Finding {
	const remedy = "free space with `krowoc dev prune`, which removes containers, volumes and caches that are not in use"
	m := health.Disk(p.Config.Root, leastFree).Run(ctx)[0]
	switch m.Status {
	case health.Fail:
		return problem(remedy, "%s", m.Output)
	case health.Warn:
		return warning(remedy, "%s", m.Output)
	}
	return good("enough free space")
}
