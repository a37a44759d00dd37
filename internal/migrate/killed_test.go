package migrate_test

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/migrate"
)

var (
	// killed is set in the process that TestKilledAtAnyPoint kills: the URL of its database.
	killed = flag.String("killed", "", "")
	// kill is how long TestKilledAtAnyPoint kills processes.
	kill = flag.Duration("kill", 30*time.Second, "how long TestKilledAtAnyPoint kills processes")
)

var killedFiles = fstest.MapFS{
	"1_users.sql": {Data: []byte(usersSQL)}, "2_x.sql": {Data: []byte(indexSQL)}, "3_votes.sql": {Data: []byte(committedSQL)},
}

// TestKilledAtAnyPoint kills processes that migrate at random moments. Whatever they were at, running again
// ends in the right state.
func TestKilledAtAnyPoint(t *testing.T) {
	if *killed != "" {
		pool, err := pgxpool.New(t.Context(), *killed)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		m, err := migrate.New(migrate.Options{DB: pool, FS: killedFiles})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("begins")
		if _, err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	p := newProject(t)
	p.files = killedFiles
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not for secrets
	ends := map[string]int{}
	// The machine may be busy, so the kills are spread over as long as a run takes here and now.
	var whole time.Duration
	began := time.Now()
	for i := 0; i < minKills || time.Since(began) < *kill; i++ {
		process := p.startKillable(t)
		switch {
		case i%20 == 0:
			whole = process.begin(t).wait()
		case i%10 != 9:
			process.begin(t).waitUpTo(time.Duration(random.Int64N(int64(whole))))
		default: // it dies before it begins, or as it does
		}
		process.kill()
		ends[p.versionsOr0()]++
		if p.versionsOr0() != "1 2 3" {
			continue
		}
		p.check(t)
		if _, err := p.migrator().DownTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	p.up()
	p.check(t)
	t.Logf("versions after a kill: %v", ends)
	if len(ends) < 3 {
		t.Errorf("the kills came all at the same point: %v", ends)
	}
}

// minKills is how often TestKilledAtAnyPoint kills a process on a machine on which the time is too short.
const minKills = 40

// killable is a process that migrates.
type killable struct {
	*exec.Cmd
	out   io.Reader
	began time.Time
	ended chan struct{}
}

func (p *project) startKillable(t *testing.T) *killable {
	t.Helper()
	k := &killable{Cmd: exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledAtAnyPoint$", "-killed="+p.db.Config().ConnString()), ended: make(chan struct{})}
	k.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // a run takes as long as it migrates
	var err error
	if k.out, err = k.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := k.Start(); err != nil {
		t.Fatal(err)
	}
	return k
}

// begin waits until the process begins to migrate.
func (k *killable) begin(t *testing.T) *killable {
	t.Helper()
	if _, err := k.out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	k.began = time.Now()
	go func() {
		_, _ = io.Copy(io.Discard, k.out) // until it ends
		close(k.ended)
	}()
	return k
}

// wait waits for the end of the process and returns how long it migrated.
func (k *killable) wait() time.Duration {
	<-k.ended
	return time.Since(k.began)
}

func (k *killable) waitUpTo(d time.Duration) {
	select {
	case <-k.ended:
	case <-time.After(d):
	}
}

// kill sends SIGKILL, which does nothing to a process that has ended.
func (k *killable) kill() {
	_ = k.Process.Kill()
	_ = k.Wait()
}

func (p *project) versionsOr0() string {
	if p.query("SELECT coalesce(to_regclass('goose_db_version')::text, '')") == "" {
		return ""
	}
	return p.versions()
}

// check compares with what one run without an interruption makes.
func (p *project) check(t *testing.T) {
	t.Helper()
	if got := p.catalog(); got != "relation a, relation a_x, relation a_y, relation users, relation users_pkey, relation votes" || p.versions() != "1 2 3" {
		t.Fatalf("%s; versions %s", got, p.versions())
	}
	if got := p.query("SELECT count(*) || ' ' || sum(y - x) FROM a"); got != "2000 4000" {
		t.Fatalf("rows and what was added: %s", got)
	}
	if got := p.query("SELECT count(*)::text FROM votes"); got != "2000" {
		t.Fatalf("%s votes", got)
	}
	if got := p.query("SELECT count(*)::text FROM krowoc.migration_progress"); got != "0" {
		t.Fatalf("%s files are noted as interrupted", got)
	}
}
