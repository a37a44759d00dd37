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

// checkDocker looks whether an engine answers that has the images, where the stack needs one.
func (p project) checkDocker(ctx context.Context) Finding {
	images := p.Stack().Images(p.Config.Database.URL.Reveal() == "")
	if len(images) == 0 {
		return good("not needed")
	}
	missing, err := container.Missing(ctx, p.Logger, images...)
	if err != nil {
		return problem(fault.HintOf(err), "%s needs it: %v", strings.Join(images, ", "), err)
	}
	if len(missing) == 0 {
		return good("it has %s", strings.Join(images, ", "))
	}
	f := warning("--fix fetches them, or the first `krowoc dev` does", "it has no %s yet", strings.Join(missing, ", "))
	f.fix = func(ctx context.Context) error {
		var errs []error
		for _, image := range missing {
			errs = append(errs, container.Fetch(ctx, p.Logger, image))
		}
		return errors.Join(errs...)
	}
	return f
}

// checkRedis looks whether there is what runs Redis.
func (p project) checkRedis(ctx context.Context) Finding {
	const remedy = "install Debian's redis-server or Homebrew's redis, or set dev.redis.engine to docker or embedded"
	c := p.Config.Dev.Redis
	if !c.Enabled {
		return good("not needed")
	}
	program := redis.Program(p.Env("PATH"))
	switch engine := p.Stack().EngineOf(c.Engine); {
	case engine == stack.Docker:
		return good("in a container of %s", c.Image)
	case redis.Engine(engine) == redis.Embedded:
		return good("miniredis")
	case program != "":
		return good("%s", program)
	case engine == stack.Native:
		return problem(remedy, "there is neither redis-server nor valkey-server on PATH")
	}
	if _, err := container.Missing(ctx, p.Logger); err == nil {
		return good("in a container of %s", c.Image)
	}
	return warning(remedy, "miniredis, which is not all of Redis, stands in: there is neither a program nor a Docker engine")
}

// leastFree is how many bytes a development database needs at least, with its log and a copy for a branch.
const leastFree = 512 << 20

// checkDisk looks whether there is space for the database.
func (p project) checkDisk(ctx context.Context) Finding {
	const remedy = "`krowoc dev prune` shows what krowoc has left, and frees it"
	m := health.Disk(p.Config.Root, leastFree).Run(ctx)[0]
	switch m.Status {
	case health.Fail:
		return problem(remedy, "%s", m.Output)
	case health.Warn:
		return warning(remedy, "%s", m.Output)
	}
	return good("there is space")
}
