package redis_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/krowoc/krowoc/internal/dev/redis"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

func options(t *testing.T, engine redis.Engine) redis.Options {
	return redis.Options{
		Engine: engine, Image: "redis:8", Name: "krowoc-test-redis", Purpose: t.Name(), Dir: t.TempDir(), Path: os.Getenv("PATH"),
		Port: 0, Log: slog.New(slog.DiscardHandler),
	}
}

// TestEngines asks every engine for the same.
func TestEngines(t *testing.T) {
	for _, engine := range []redis.Engine{redis.Native, redis.Docker, redis.Embedded, redis.Auto} {
		t.Run(string(engine), func(t *testing.T) {
			if engine == redis.Docker {
				testkit.NeedDocker(t)
			}
			o := options(t, engine)
			r, err := redis.Start(t.Context(), o)
			if fault.CodeOf(err) == fault.NotFound {
				testkit.Skip(t, err.Error())
			}
			if err != nil {
				t.Fatal(err)
			}
			expire(t, r.URL)
			if err := r.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// expire sets a key that is soon gone.
func expire(t *testing.T, url string) {
	t.Helper()
	o, err := rueidis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.DisableCache = true
	client, err := rueidis.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx := t.Context()
	if err := client.Do(ctx, client.B().Set().Key("k").Value("v").PxMilliseconds(500).Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Do(ctx, client.B().Get().Key("k").Build()).ToString(); got != "v" {
		t.Error(got, err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(50 * time.Millisecond) {
		if client.Do(ctx, client.B().Get().Key("k").Build()).Error() != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the key outlives its time")
		}
	}
}

func TestNativeNeedsAProgram(t *testing.T) {
	o := options(t, redis.Native)
	o.Path = t.TempDir()
	if _, err := redis.Start(t.Context(), o); fault.CodeOf(err) != fault.NotFound || fault.HintOf(err) == "" {
		t.Error(err)
	}
}
