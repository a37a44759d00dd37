package errorlog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Error is one kind of error in the list.
type Error struct {
	Fingerprint  string     `json:"fingerprint"`
	Category     fault.Code `json:"category"`
	Edge         Edge       `json:"edge"`
	Place        string     `json:"place"` // route, root fields, command or script
	Message      string     `json:"message"`
	Count        int64      `json:"count"` // since the time of the query
	Total        int64      `json:"total"` // since FirstSeen
	FirstSeen    time.Time  `json:"firstSeen"`
	LastSeen     time.Time  `json:"lastSeen"`
	FirstRelease string     `json:"firstRelease"`
	LastRelease  string     `json:"lastRelease"`
	Trend        []int64    `json:"trend"`             // counts of equal periods from the time of the query until now, the newest last
	Samples      []Sample   `json:"samples,omitempty"` // the newest first
}

// Bins is how many periods a trend has.
const Bins = 24

// CategoryCount is how often errors of a category occurred.
type CategoryCount struct {
	Category fault.Code `json:"category"`
	Count    int64      `json:"count"`
	Kinds    int        `json:"kinds"`
}

// Query selects errors.
type Query struct {
	Since    time.Time  // at most 14 days ago; older than three hours counts from the beginning of the hour
	Category fault.Code // "" for all
	Limit    int        // 0 is 20
	Now      time.Time  // zero is the time of this machine
}

// Listing is the answer to a query.
type Listing struct {
	Since      time.Time       `json:"since"`
	Categories []CategoryCount `json:"categories"` // all of them, in the order of Categories
	Errors     []Error         `json:"errors"`     // the most frequent ones first
}

func (q Query) withDefaults() Query {
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	if q.Since.IsZero() {
		q.Since = q.Now.Add(-24 * time.Hour)
	}
	if oldest := q.Now.Add(-keepFor); q.Since.Before(oldest) {
		q.Since = oldest
	}
	if q.Since.Before(q.Now.Add(-keepMinutes)) {
		q.Since = q.Since.UTC().Truncate(time.Hour)
	}
	q.Limit = cmp.Or(q.Limit, 20)
	return q
}

const columns = "fingerprint, category, edge, place, message, total, first_seen, last_seen, first_release, last_release, samples"

var listErrors = fmt.Sprintf(`SELECT %s, n FROM (
	SELECT e.fingerprint, category, edge, place, message, e.count AS total, first_seen, last_seen, first_release, last_release, '[]'::jsonb AS samples, sum(c.count)::bigint AS n
	FROM %s AS e JOIN %s AS c USING (fingerprint)
	WHERE at >= $1 AND ($2 = '' OR category = $2) GROUP BY e.fingerprint) AS errors
ORDER BY n DESC, last_seen DESC, fingerprint LIMIT $3`, columns, own.ErrorsTable, own.ErrorCountsTable)

var countCategories = fmt.Sprintf(`SELECT category, sum(c.count)::bigint, count(DISTINCT fingerprint)
FROM %s AS e JOIN %s AS c USING (fingerprint) WHERE at >= $1 GROUP BY category`, own.ErrorsTable, own.ErrorCountsTable)

// List returns the errors that occurred since a time.
func List(ctx context.Context, db DB, q Query) (Listing, error) {
	const op = "list errors"
	q = q.withDefaults()
	rows, _ := db.Query(ctx, listErrors, q.Since, string(q.Category), q.Limit)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Error, err error) {
		err = row.Scan(append(e.fields(), &e.Count)...)
		return e, err
	})
	if err != nil {
		return Listing{}, failed(op, err)
	}
	if err := trends(ctx, db, q, list); err != nil {
		return Listing{}, failed(op, err)
	}
	categories, err := categoryCounts(ctx, db, q.Since)
	return Listing{Since: q.Since, Categories: categories, Errors: list}, failed(op, err)
}

// fields returns where the columns go.
func (e *Error) fields() []any {
	return []any{
		&e.Fingerprint, &e.Category, &e.Edge, &e.Place, &e.Message, &e.Total, &e.FirstSeen, &e.LastSeen, &e.FirstRelease, &e.LastRelease, &e.Samples,
	}
}

func categoryCounts(ctx context.Context, db DB, since time.Time) ([]CategoryCount, error) {
	counts := map[fault.Code]CategoryCount{}
	rows, _ := db.Query(ctx, countCategories, since)
	var c CategoryCount
	_, err := pgx.ForEachRow(rows, []any{&c.Category, &c.Count, &c.Kinds}, func() error {
		counts[c.Category] = c
		return nil
	})
	all := make([]CategoryCount, len(Categories))
	for i, name := range Categories {
		all[i] = counts[name]
		all[i].Category = name
	}
	return all, err
}

// trends fills the trends and counts of errors.
func trends(ctx context.Context, db DB, q Query, list []Error) error {
	byFingerprint := map[string]*Error{}
	fingerprints := make([]string, len(list))
	for i := range list {
		e := &list[i]
		e.Trend, e.Count = make([]int64, Bins), 0
		byFingerprint[e.Fingerprint], fingerprints[i] = e, e.Fingerprint
	}
	rows, _ := db.Query(ctx, "SELECT fingerprint, at, count FROM "+own.ErrorCountsTable+" WHERE fingerprint = ANY ($1) AND at >= $2", fingerprints, q.Since)
	var fingerprint string
	var at time.Time
	var n int64
	width := max(q.Now.Sub(q.Since)/Bins, time.Second)
	_, err := pgx.ForEachRow(rows, []any{&fingerprint, &at, &n}, func() error {
		e := byFingerprint[fingerprint]
		e.Count += n
		e.Trend[max(0, min(Bins-1, int(at.Sub(q.Since)/width)))] += n
		return nil
	})
	return err
}

// Find returns an error with its samples. A beginning of its fingerprint is enough if no other error begins like it.
func Find(ctx context.Context, db DB, fingerprint string, since time.Time) (Error, error) {
	const op = "show an error"
	q := Query{Since: since}.withDefaults()
	rows, _ := db.Query(ctx, `SELECT fingerprint, category, edge, place, message, count, first_seen, last_seen, first_release, last_release, samples
FROM `+own.ErrorsTable+` WHERE starts_with(fingerprint, $1) ORDER BY fingerprint LIMIT 2`, fingerprint)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Error, err error) {
		err = row.Scan(e.fields()...)
		return e, err
	})
	switch {
	case err != nil:
		return Error{}, failed(op, err)
	case len(list) == 0 || fingerprint == "":
		return Error{}, fault.New(fault.NotFound, op, fmt.Sprintf("no error has the fingerprint %q", fingerprint), "list the errors with `krowoc errors`")
	case len(list) > 1:
		return Error{}, fault.New(fault.Invalid, op, fmt.Sprintf("several errors have a fingerprint that begins with %q", fingerprint), "write more of it")
	}
	if err := trends(ctx, db, q, list); err != nil {
		return Error{}, failed(op, err)
	}
	slices.Reverse(list[0].Samples)
	return list[0], nil
}
