package errorlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Limits of the tables.
const (
	maxFaults = 700 // kinds of errors of servers; those that were not seen for the longest time are removed
	maxOthers = 300 // kinds of mistakes of clients, and of errors in browsers

	keepMinutes = 3 * time.Hour       // counts by minute, then by hour
	keepFor     = 14 * 24 * time.Hour // counts, and errors that are not seen any more
)

// rights are what the role of a server needs on both tables.
const rights = "SELECT, INSERT, UPDATE, DELETE"

// DB is a database: a pool or a connection.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// failed is the fault of a statement.
func failed(op string, err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "42P01" { // undefined_table
		return &fault.Error{Code: fault.Conflict, Op: op, Message: "the database has no table for errors", Hint: "add it with `krowoc migrate up`", Err: err, Private: true}
	}
	return pg.Fault(op, own.Denied(err, rights, own.ErrorsTable+", "+own.ErrorCountsTable))
}

// input is an aggregate as the statements take it.
type input struct {
	Fingerprint  string    `json:"fingerprint"`
	Category     string    `json:"category"`
	Edge         string    `json:"edge"`
	Place        string    `json:"place"`
	Message      string    `json:"message"`
	First        time.Time `json:"first_seen"`
	Last         time.Time `json:"last_seen"`
	FirstRelease string    `json:"first_release"`
	LastRelease  string    `json:"last_release"`
	Count        int64     `json:"count"`
	Samples      []Sample  `json:"samples"`
}

// Replicas write the same rows at the same time, so all of them lock the rows in the order of their keys.
var writeErrors = fmt.Sprintf(`INSERT INTO %s AS e (fingerprint, category, edge, place, message, first_seen, last_seen, first_release, last_release, count, samples)
SELECT fingerprint, category, edge, place, message, first_seen, last_seen, first_release, last_release, count, samples
FROM jsonb_to_recordset($1::jsonb) AS i (fingerprint text, category text, edge text, place text, message text, first_seen timestamptz, last_seen timestamptz,
	first_release text, last_release text, count bigint, samples jsonb)
ORDER BY fingerprint
ON CONFLICT (fingerprint) DO UPDATE SET
	count = e.count + excluded.count,
	first_seen = least(e.first_seen, excluded.first_seen),
	first_release = CASE WHEN excluded.first_seen < e.first_seen THEN excluded.first_release ELSE e.first_release END,
	last_seen = greatest(e.last_seen, excluded.last_seen),
	last_release = CASE WHEN excluded.last_seen >= e.last_seen THEN excluded.last_release ELSE e.last_release END,
	samples = (SELECT coalesce(jsonb_agg(s ORDER BY at), '[]') FROM (
		SELECT s, (s->>'time')::timestamptz AS at FROM jsonb_array_elements(e.samples || excluded.samples) AS s
		ORDER BY at DESC LIMIT CASE WHEN e.edge = ANY ($2) OR e.category = ANY ($3) THEN 1 ELSE %d END) AS newest)
RETURNING xmax = 0`, own.ErrorsTable, maxSamples)

var writeCounts = fmt.Sprintf(`INSERT INTO %s AS c (fingerprint, at, count)
SELECT fingerprint, CASE WHEN at < now() - $4::interval THEN date_trunc('hour', at, 'UTC') ELSE at END, sum(count)
FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS i (fingerprint, at, count)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (fingerprint, at) DO UPDATE SET count = c.count + excluded.count`, own.ErrorCountsTable)

// write adds aggregates to the tables in one transaction and one round trip. It reports whether there is a new kind of error.
func (a aggregates) write(ctx context.Context, db DB) (isNew bool, err error) {
	const op = "write errors"
	inputs, err := json.Marshal(a.inputs())
	if err != nil {
		return false, failed(op, err)
	}
	var batch pgx.Batch
	batch.Queue(writeErrors, inputs, []string{string(Browser)}, clientCategories).Query(func(rows pgx.Rows) error {
		inserted, err := pgx.CollectRows(rows, pgx.RowTo[bool])
		isNew = slices.Contains(inserted, true)
		return err
	})
	fingerprints, minutes, counts := a.counts()
	batch.Queue(writeCounts, fingerprints, minutes, counts, keepMinutes)
	return isNew, failed(op, db.SendBatch(ctx, &batch).Close())
}

func (a aggregates) inputs() []input {
	list := make([]input, 0, len(a))
	for _, fingerprint := range slices.Sorted(maps.Keys(a)) {
		g := a[fingerprint]
		list = append(list, input{
			Fingerprint: fingerprint, Category: string(g.category), Edge: string(g.edge), Place: oneLine(g.place), Message: oneLine(g.message),
			First: g.first, Last: g.last, FirstRelease: g.firstRelease, LastRelease: g.lastRelease, Count: g.total(), Samples: g.samples,
		})
	}
	return list
}

func (a aggregates) counts() (fingerprints []string, minutes []time.Time, counts []int64) {
	for fingerprint, g := range a {
		for at, n := range g.minutes {
			fingerprints, minutes, counts = append(fingerprints, fingerprint), append(minutes, at), append(counts, n)
		}
	}
	return fingerprints, minutes, counts
}

var evict = fmt.Sprintf(`DELETE FROM %s WHERE fingerprint IN (
	SELECT fingerprint FROM (
		SELECT fingerprint, row_number() OVER (PARTITION BY of_client ORDER BY last_seen DESC) AS n, of_client
		FROM (SELECT fingerprint, last_seen, edge = ANY ($1) OR category = ANY ($2) AS of_client FROM %[1]s) AS all_errors) AS ranked
	WHERE n > CASE WHEN of_client THEN %[2]d ELSE %[3]d END)`, own.ErrorsTable, maxOthers, maxFaults)

var expire = []string{
	fmt.Sprintf("DELETE FROM %s WHERE last_seen < now() - $1::interval", own.ErrorsTable),
	fmt.Sprintf("DELETE FROM %s WHERE at < now() - $1::interval", own.ErrorCountsTable),
	fmt.Sprintf(`WITH old AS (DELETE FROM %s WHERE at < now() - $1::interval AND at <> date_trunc('hour', at, 'UTC') RETURNING fingerprint, at, count)
INSERT INTO %[1]s AS c (fingerprint, at, count) SELECT fingerprint, date_trunc('hour', at, 'UTC'), sum(count) FROM old GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (fingerprint, at) DO UPDATE SET count = c.count + excluded.count`, own.ErrorCountsTable),
}

// lockID is the advisory lock of the one replica that tidies up.
const lockID = 0x6b726f776f63 + 1

// tidy keeps the tables within their limits, unless another replica is at it. It removes what is too much and, if all is set, what is old.
func tidy(ctx context.Context, db DB, all bool) error {
	const op = "remove old errors"
	tx, err := db.Begin(ctx)
	if err != nil {
		return failed(op, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var alone bool
	if err := tx.QueryRow(ctx, fmt.Sprintf("SELECT pg_try_advisory_xact_lock(%d)", lockID)).Scan(&alone); err != nil || !alone {
		return failed(op, err)
	}
	if _, err := tx.Exec(ctx, evict, []string{string(Browser)}, clientCategories); err != nil {
		return failed(op, err)
	}
	for i, sql := range expire {
		if !all {
			break
		}
		age := keepFor
		if i == len(expire)-1 {
			age = keepMinutes
		}
		if _, err := tx.Exec(ctx, sql, age); err != nil {
			return failed(op, err)
		}
	}
	return failed(op, tx.Commit(ctx))
}
