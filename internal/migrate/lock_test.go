package migrate_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

func TestOfManyAtOnceExactlyOneApplies(t *testing.T) {
	p := threeFiles(t)
	// The index waits for every snapshot that is older, so a waiter that held one would be a deadlock.
	p.write("00002_votes.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE votes (id int);\nCREATE INDEX CONCURRENTLY i ON votes (id);\n")
	const processes = 20
	var wg sync.WaitGroup
	results := make([]string, processes)
	for i := range processes {
		m := p.migrator()
		wg.Go(func() {
			done, err := m.Up(t.Context())
			if err != nil {
				t.Errorf("process %d: %v", i, err)
			}
			results[i] = files(done)
		})
	}
	wg.Wait()
	worked := 0
	for i, r := range results {
		if r == "" {
			continue
		}
		worked++
		if r != "up 00001_users.sql, up 00002_votes.sql, up 00003_tags.sql" {
			t.Errorf("process %d applied %s", i, r)
		}
	}
	if worked != 1 || p.versions() != "1 2 3" || p.lockHolders() != "0" {
		t.Errorf("%d processes worked, versions %s, %s locks", worked, p.versions(), p.lockHolders())
	}
}

// hold takes the lock as another process would, and returns its server process and what gives it back.
func (p *project) hold() (pid uint32, release func()) {
	p.t.Helper()
	config := p.db.Config().ConnConfig
	config.RuntimeParams["application_name"] = "the other one"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := conn.Exec(p.t.Context(), "select pg_advisory_lock(4097083626)"); err != nil { // goose's lock id
		p.t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = conn.Close(context.Background()) })
	p.t.Cleanup(release)
	return conn.PgConn().PID(), release
}

func TestWaitingNamesTheHolderAndEndsWithIt(t *testing.T) {
	p := threeFiles(t)
	pid, release := p.hold()
	var holder *migrate.Holder
	m, err := migrate.New(migrate.Options{DB: p.db, FS: p.files, Report: func(e migrate.Event) {
		if e.Kind == migrate.Waiting {
			holder = e.Holder
			release()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	results, err := m.Up(t.Context())
	if err != nil || len(results) != 3 {
		t.Fatalf("%s, %v", files(results), err)
	}
	if holder == nil || holder.PID != pid || holder.Application != "the other one" || holder.User == "" || time.Since(holder.Since).Abs() > time.Hour {
		t.Fatalf("holder %+v, want pid %d", holder, pid)
	}
}

func TestInterruptedWaitReturnsAtOnceAndLeavesNoLock(t *testing.T) {
	p := threeFiles(t)
	p.hold()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var canceled time.Time
	m, err := migrate.New(migrate.Options{DB: p.db, FS: p.files, Report: func(migrate.Event) {
		canceled = time.Now()
		cancel()
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Up(ctx)
	if took := time.Since(canceled); took > 5*time.Second { // it is milliseconds, on a machine that does nothing else
		t.Errorf("it took %s", took)
	}
	if fault.CodeOf(err) != fault.Canceled || !strings.Contains(err.Error(), "wait for the migration lock") {
		t.Errorf("%v", err)
	}
	if p.lockHolders() != "1" {
		t.Errorf("%s sessions hold or want the lock, besides the one that should", p.lockHolders())
	}
}

func TestDeadlineEndsTheWait(t *testing.T) {
	p := threeFiles(t)
	p.hold()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.migrator().Up(ctx); fault.CodeOf(err) != fault.Timeout {
		t.Errorf("%v", err)
	}
}

// Status does not wait: it is how one sees what the holder does.
func TestStatusNeedsNoLock(t *testing.T) {
	p := threeFiles(t)
	p.hold()
	if list, err := p.migrator().Status(t.Context()); err != nil || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
}
