package migrate_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"
)

// project is a folder of migrations beside a database of its own.
type project struct {
	t      testing.TB
	db     *pgxpool.Pool
	files  fstest.MapFS
	mu     sync.Mutex
	events []migrate.Event
}

// newProject makes a folder of the given files: name, text, name, text.
func newProject(t testing.TB, namesAndTexts ...string) *project {
	t.Helper()
	p := &project{t: t, db: testkit.NewDatabase(t), files: fstest.MapFS{}}
	for i := 0; i < len(namesAndTexts); i += 2 {
		p.write(namesAndTexts[i], namesAndTexts[i+1])
	}
	return p
}

func (p *project) write(name, text string) {
	p.files[name] = &fstest.MapFile{Data: []byte(text)}
}

func (p *project) migrator(change ...func(*migrate.Options)) *migrate.Migrator {
	p.t.Helper()
	o := migrate.Options{DB: p.db, FS: p.files, Dir: "migrations", Report: p.report, LookupEnv: os.LookupEnv}
	for _, c := range change {
		c(&o)
	}
	m, err := migrate.New(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func (p *project) report(e migrate.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

// up applies everything, which must succeed.
func (p *project) up() {
	p.t.Helper()
	if _, err := p.migrator().Up(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// seen renders the events since it was last called: `started up 1_a.sql 1/2`.
func (p *project) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, e := range p.events {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s %d/%d", e.Kind, e.Direction, e.File, e.N, e.Of)))
	}
	p.events = nil
	return list
}

// query returns the one text that sql selects.
func (p *project) query(sql string) string {
	p.t.Helper()
	var text string
	if err := p.db.QueryRow(p.t.Context(), sql).Scan(&text); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// catalog lists everything that migrations may have made, and goose's table.
func (p *project) catalog() string {
	p.t.Helper()
	return p.query(`select coalesce(string_agg(kind || ' ' || name, ', ' order by kind, name), '') from (
		select 'relation', c.oid::regclass::text || case when c.relkind = 'i' and not i.indisvalid then ' (invalid)' else '' end
		from pg_class c left join pg_index i on i.indexrelid = c.oid
		where relnamespace = 'public'::regnamespace and relname not like 'goose%' and relname not like 'krowoc%'
		union all select 'function', oid::regproc::text from pg_proc where pronamespace = 'public'::regnamespace
		union all select 'type', typname from pg_type where typnamespace = 'public'::regnamespace and typtype = 'e'
	) all_objects(kind, name)`)
}

// versions lists goose_db_version in the order of its ids, without the row for version 0.
func (p *project) versions() string {
	p.t.Helper()
	return p.query(`select coalesce(string_agg(version_id::text, ' ' order by id), '') from goose_db_version where version_id > 0`)
}

// lockHolders counts the sessions that hold or want an advisory lock.
func (p *project) lockHolders() string {
	p.t.Helper()
	return p.query(`select count(*)::text from pg_locks where locktype = 'advisory'
		and database = (select oid from pg_database where datname = current_database())`)
}

func files(results []migrate.Result) string {
	var names []string
	for _, r := range results {
		names = append(names, string(r.Direction)+" "+r.File)
	}
	return strings.Join(names, ", ")
}

const (
	usersSQL = "-- +goose Up\nCREATE TABLE users (id int PRIMARY KEY);\n\n-- +goose Down\nDROP TABLE users;\n"
	votesSQL = "-- +goose Up\nCREATE TABLE votes (id int);\n\n-- +goose Down\nDROP TABLE votes;\n"
	tagsSQL  = "-- +goose Up\nCREATE TABLE tags (id int);\n\n-- +goose Down\nDROP TABLE tags;\n"
)

// threeFiles is a project of three migrations.
func threeFiles(t testing.TB) *project {
	t.Helper()
	return newProject(t, "00001_users.sql", usersSQL, "00002_votes.sql", votesSQL, "00003_tags.sql", tagsSQL)
}
