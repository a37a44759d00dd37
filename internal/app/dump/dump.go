// Package dump writes a part of a database as fixtures: of the configured database, or of one that is named.
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

// Options say what to dump. Run sets the database, the schema and the key of the embedded options.
type Options struct {
	seeddump.Options
	From        string // URL of the database; empty is the configured one, or the environment's
	MaskKeyFile string // empty is the configured key, or a random one
}

// Result is what a dump wrote.
type Result struct {
	seeddump.Summary
	RandomKey bool `json:"randomKey"` // the same masks cannot be made again
}

// Run writes a part of a database as fixtures.
func Run(ctx context.Context, a *app.App, o Options, progress func(local.Progress)) (result Result, err error) {
	if o.Schema, err = a.Schema(); err != nil {
		return result, err
	}
	if o.MaskKey, err = maskKey(a, o.MaskKeyFile); err != nil {
		return result, err
	}
	if len(o.MaskKey) == 0 {
		result.RandomKey, o.MaskKey = true, make([]byte, 32)
		_, _ = rand.Read(o.MaskKey) // it never fails
	}
	err = withSource(ctx, a, o.From, progress, func(pool *pgxpool.Pool) error {
		o.DB = pool
		result.Summary, err = seeddump.Dump(ctx, o.Options)
		return err
	})
	return result, err
}

// withSource does something with the database to dump.
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
			return nil, &fault.Error{Code: fault.Invalid, Op: op, Hint: "Make one: openssl rand -hex 32 > " + file, Err: err}
		}
		if key = bytes.TrimSpace(text); len(key) == 0 {
			return nil, fault.New(fault.Invalid, op, file+" is empty", "Make one: openssl rand -hex 32 > "+file)
		}
	}
	if len(key) > 0 && len(key) < shortestKey {
		return nil, fault.New(fault.Invalid, op, fmt.Sprintf("it has %d bytes, and needs at least %d", len(key), shortestKey), "Make one: openssl rand -hex 32")
	}
	return key, nil
}
