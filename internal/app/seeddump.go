package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/seed/dump"
)

// SeedDump says what to dump; of the embedded options the app sets the database, the schema and the key.
type SeedDump struct {
	dump.Options
	From        string // URL of the database; empty is the configured one, or the environment's
	MaskKeyFile string // empty is the configured key, or a random one
}

// DumpedSeeds is what a dump wrote.
type DumpedSeeds struct {
	dump.Summary
	RandomKey bool `json:"randomKey"` // nobody can make the same masks again
}

// DumpSeeds writes a part of a database as fixtures.
func (a *App) DumpSeeds(ctx context.Context, o SeedDump, progress func(local.Progress)) (result DumpedSeeds, err error) {
	if o.Schema, err = a.Schema(); err != nil {
		return result, err
	}
	if o.MaskKey, err = a.maskKey(o.MaskKeyFile); err != nil {
		return result, err
	}
	if len(o.MaskKey) == 0 {
		result.RandomKey, o.MaskKey = true, make([]byte, 32)
		_, _ = rand.Read(o.MaskKey) // it never fails
	}
	err = a.withSource(ctx, o.From, progress, func(pool *pgxpool.Pool) error {
		o.DB = pool
		result.Summary, err = dump.Dump(ctx, o.Options)
		return err
	})
	return result, err
}

// withSource does something with the database to dump.
func (a *App) withSource(ctx context.Context, url string, progress func(local.Progress), work func(*pgxpool.Pool) error) error {
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
	pool, err := a.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return work(pool)
}

const shortestKey = 16 // bytes

// maskKey reads the key of a file, or of the configuration; it is empty when there is none.
func (a *App) maskKey(file string) ([]byte, error) {
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
