package migrate_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"
)

// pooled starts a PgBouncer in transaction mode before the project's database, and has the project's pool go
// through it.
func (p *project) pooled() {
	p.t.Helper()
	pool, err := pgxpool.New(p.t.Context(), testkit.PgBouncer(p.t, p.db, 4, "migrations behind a pooler are not run"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(pool.Close)
	p.db = pool
}

func short(o *migrate.Options) { o.LeaseTTL = 300 * time.Millisecond }

// Behind a pooler, where a session's lock holds nothing, still exactly one of many applies.
func TestOfManyBehindAPoolerExactlyOneApplies(t *testing.T) {
	p := threeFiles(t)
	p.write("00002_votes.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE votes (id int);\nCREATE INDEX CONCURRENTLY i ON votes (id);\n")
	direct := p.db
	p.pooled()
	const processes = 12
	var wg sync.WaitGroup
	results := make([]string, processes)
	for i := range processes {
		if i%4 == 3 { // some have a connection of their own
			m := (&project{t: t, db: direct, files: p.files}).migrator()
			wg.Go(func() { results[i] = upOf(t, m) })
			continue
		}
		m := p.migrator(short)
		wg.Go(func() { results[i] = upOf(t, m) })
	}
	wg.Wait()
	worked := strings.Join(results, "")
	if worked != "up 00001_users.sql, up 00002_votes.sql, up 00003_tags.sql" || p.versions() != "1 2 3" || p.lockHolders() != "0" {
		t.Errorf("%q, versions %s, %s locks", results, p.versions(), p.lockHolders())
	}
	if got := p.query("SELECT count(*)::text FROM krowoc.migration_lease"); got != "0" {
		t.Errorf("%s leases are left", got)
	}
}

func upOf(t *testing.T, m *migrate.Migrator) string {
	done, err := m.Up(t.Context())
	if err != nil {
		t.Error(err)
	}
	return files(done)
}

// Whoever waits is told for whom, in both directions, and a dead holder's lease runs out.
func TestLeaseAndLockRespectEachOther(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL)
	direct := &project{t: t, db: p.db, files: p.files}
	_, release := direct.hold()
	p.pooled()
	var holder *migrate.Holder
	m := p.migrator(short, func(o *migrate.Options) {
		o.Report = func(e migrate.Event) {
			if e.Kind == migrate.Waiting {
				holder = e.Holder
				release()
			}
		}
	})
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if holder == nil || holder.Application != "the other one" {
		t.Errorf("behind the pooler: %+v", holder)
	}

	p.write("2_votes.sql", votesSQL)
	p.query(`WITH dead AS (INSERT INTO krowoc.migration_lease VALUES (true, gen_random_uuid(), 'krowoc', 'elsewhere', 42, now(), now() + interval '1 s') RETURNING 1)
		SELECT count(*)::text FROM dead`)
	began := time.Now()
	m = direct.migrator(func(o *migrate.Options) {
		o.Report = func(e migrate.Event) {
			if e.Kind == migrate.Waiting {
				holder = e.Holder
			}
		}
	})
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if holder == nil || holder.Host != "elsewhere" || holder.PID != 42 || holder.Since.IsZero() || time.Since(began) < 100*time.Millisecond {
		t.Errorf("%+v after %s", holder, time.Since(began))
	}
}

// A holder whose lease was taken over commits nothing.
func TestLostLeaseCommitsNothing(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", votesSQL)
	p.pooled()
	thief := func(sql string) {
		if _, err := p.db.Exec(context.Background(), sql); err != nil {
			t.Error(err)
		}
	}
	m := p.migrator(func(o *migrate.Options) {
		o.Report = func(e migrate.Event) {
			if e.Kind == migrate.Started && e.Version == 2 {
				thief("UPDATE krowoc.migration_lease SET token = gen_random_uuid()")
			}
		}
	})
	results, err := m.Up(t.Context())
	if files(results) != "up 1_users.sql" || fault.CodeOf(err) == "" || !strings.Contains(err.Error(), "another process acquired it") {
		t.Errorf("%v, %v", results, err)
	}
	if got := p.catalog(); got != "relation users, relation users_pkey" || p.versions() != "1" {
		t.Errorf("%s; %s", got, p.versions())
	}
}
