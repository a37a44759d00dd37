// Package dump writes part of a database as fixtures. The source is the configured database or one that the user names.
package dump

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"
	seeddump "github.com/krowoc/krowoc/internal/seed/dump"
)

// Options configure a dump. Run sets the database, the schema and the key of the embedded options.
type Options struct {
	seeddump.Options
	From        string // database URL; empty means the configured source, or the environment's database
	MaskKeyFile string // empty means the configured key, or a random one
}

// Result is the result of a dump.
type Result struct {
	seeddump.Summary
	RandomKey bool `json:"randomKey"` // a later dump cannot produce the same masks
}

// Run writes part of a database as fixtures.
func Run(ctx context.Context, a *app.App, o Options, progress func(local.Progress)) (result Result, err error) {
	if o.Schema, err = a.Schema(); err != nil {
		return result, err
	}
	if o.MaskKey, err = maskKey(a, o.MaskKeyFile); err != nil {
		return result, err
	}
	if len(o.MaskKey) == 0 {
		result.RandomKey, o.MaskKey = true, make([]byte, 32)
		_, _ = rand.Read(o.MaskKey) // never fails
	}
	err = withSource(ctx, a, o.From, progress, func(pool *pgxpool.Pool) error {
		o.DB = pool
		result.Summary, err = seeddump.Dump(ctx, o.Options)
		return err
	})
	return result, err
}

// withSource opens the database to dump and calls work with it.
func withSource(ctx context.Context, a *app.App, url string, progress func(local.Progress), work func(*pgxpool.Pool) error) error {
	if url == "" {
		url = a.Config.Seeds.From.Reveal()
	}
	if url == "" {
		db, err := a.Open(ctx, progress)
		if err != nil {
			return err
		}
		err = work(db.Pool)
		if closing := db.Close(ctx); err == nil {
			err = closing
		}
		return err
	}
	a.AnnounceDatabase(url)
	pool, err := a.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return work(pool)
}

const shortestKey = 16 // bytes

// maskKey reads the key from a file or from the configuration. Without either it is empty.
func maskKey(a *app.App, file string) ([]byte, error) {
	const op = "read the key for masks"
	key := []byte(a.Config.Seeds.MaskKey.Reveal())
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, &fault.Error{Code: fault.Invalid, Op: op, Hint: "create one: openssl rand -hex 32 > " + file, Err: err}
		}
		if key = bytes.TrimSpace(text); len(key) == 0 {
			return nil, fault.New(fault.Invalid, op, file+" is empty", "create one: openssl rand -hex 32 > "+file)
		}
	}
	if len(key) > 0 && len(key) < shortestKey {
		return nil, fault.New(fault.Invalid, op, fmt.Sprintf("it has %d bytes, but needs at least %d", len(key), shortestKey), "create one: openssl rand -hex 32")
	}
	return key, nil
}
