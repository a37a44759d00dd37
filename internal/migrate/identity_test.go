package migrate_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"
)

// states renders the status: `1 applied 1_a.sql`, and the recorded file where it is another.
func (p *project) states() string {
	p.t.Helper()
	list, err := p.migrator().Status(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	var lines []string
	for _, s := range list {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", s.Version, s.State, s.File, s.Recorded)))
	}
	return strings.Join(lines, ", ")
}

func (p *project) refused(err error, want string) {
	p.t.Helper()
	if list := listOf(err); fault.CodeOf(err) != fault.Conflict || len(list) != 1 || !strings.Contains(list[0].String(), want) {
		p.t.Errorf("%v: %v; want %s", err, list, want)
	}
}

// A changed file is refused without checksums in the folder, too, and where nothing is pending.
func TestChangedFileIsRefusedWithNothingPending(t *testing.T) {
	p := threeFiles(t)
	p.up()
	p.write("00002_votes.sql", "-- A comment.\n"+votesSQL)
	p.up()
	changed := strings.Replace(votesSQL, "id int", "id bigint", 1)
	p.write("00002_votes.sql", changed)
	const want = "migrations/00002_votes.sql: error: its SQL has changed since it was applied"
	_, err := p.migrator().Up(t.Context())
	p.refused(err, want)
	_, err = p.migrator().Down(t.Context(), 1)
	p.refused(err, want)
	_, err = p.migrator(func(o *migrate.Options) { o.DryRun = true }).Up(t.Context())
	p.refused(err, want)
	if got := p.states(); got != "1 applied 00001_users.sql, 2 changed 00002_votes.sql, 3 applied 00003_tags.sql" {
		t.Error(got)
	}
	if err := p.migrator().Accept(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	p.up()
	p.write("00003_tags.sql", strings.Replace(tagsSQL, "id int", "id bigint", 1))
	if _, err := p.migrator().Redo(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.up()
	if err := p.migrator().Accept(t.Context(), 4); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	p.write("00001_users.sql", "no migration")
	_, err = p.migrator().Up(t.Context())
	p.refused(err, "migrations/00001_users.sql: error: its SQL has changed since it was applied")
}

// What a database has recorded of a file holds for this database, whatever krowoc.sum says: it follows whoever has changed the file.
func TestRecordWinsOverSums(t *testing.T) {
	local := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", votesSQL)
	production := newProject(t)
	production.files = local.files
	local.hash()
	local.up()
	production.up()
	local.write("2_votes.sql", strings.Replace(votesSQL, "id int", "id bigint", 1))
	recording := func(o *migrate.Options) { o.RecordSums = func(s migrate.Sums) error { local.record(s); return nil } }
	if _, err := local.migrator(recording).Redo(t.Context()); err != nil {
		t.Fatal(err)
	}
	local.up()
	_, err := production.migrator().Up(t.Context())
	production.refused(err, "migrations/2_votes.sql: error: its SQL has changed since it was applied")
	if got := production.states(); got != "1 applied 1_users.sql, 2 changed 2_votes.sql" {
		t.Error(got)
	}

	local.write("2_votes.sql", votesSQL) // differs from its checksum now, and is what production has
	production.up()
	local.write("2_votes.sql", strings.Replace(votesSQL, "id int", "id text", 1))
	if err := production.migrator().Accept(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	production.up()
}

// Two branches have each a file with the same number.
func TestFileOfAnotherBranch(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", votesSQL)
	p.up()
	delete(p.files, "2_votes.sql")
	p.write("2_tags.sql", tagsSQL)
	if got := p.states(); got != "1 applied 1_users.sql, 2 other_file 2_tags.sql 2_votes.sql" {
		t.Error(got)
	}
	const want = "migrations/2_tags.sql: error: the database has another file as version 2: 2_votes.sql"
	_, err := p.migrator().Up(t.Context())
	p.refused(err, want)
	_, err = p.migrator().Down(t.Context(), 1)
	p.refused(err, want)
	p.hash() // the checksums of this branch accept nothing of the other
	_, err = p.migrator().Up(t.Context())
	p.refused(err, want)
	delete(p.files, migrate.SumFile)

	delete(p.files, "2_tags.sql")
	p.write("2_ballots.sql", votesSQL) // the same SQL under another name is the same migration
	p.up()
	p.write("3_tags.sql", tagsSQL)
	p.up()
	if got := p.states(); got != "1 applied 1_users.sql, 2 applied 2_ballots.sql, 3 applied 3_tags.sql" {
		t.Error(got)
	}
	delete(p.files, "3_tags.sql")
	if got := p.states(); !strings.HasSuffix(got, "3 no_file  3_tags.sql") {
		t.Error(got)
	}
	if _, err := p.migrator().Up(t.Context()); !strings.Contains(err.Error(), "3 (3_tags.sql)") {
		t.Error(err)
	}
}

// withoutLaterTables removes what the schema krowoc has had since files are compared.
const withoutLaterTables = `DROP TABLE krowoc.secrets, krowoc.revocations, krowoc.api_keys, krowoc.sessions, krowoc.outbox, krowoc.errors, krowoc.error_counts,
	krowoc.changes, krowoc.changes_slots, krowoc.idempotency_keys CASCADE; DROP SEQUENCE krowoc.changes_position;
	DROP FUNCTION krowoc.changes_slot, krowoc.changes_values, krowoc.note_changes, krowoc.empty_changes; DROP FUNCTION krowoc.blind_index, krowoc.order_revocations, krowoc.use_api_key`

// What goose or an earlier release has applied is not known, and gives no false alarm.
func TestUnknownFilesAreNotCompared(t *testing.T) {
	for name, sql := range map[string]string{
		"an earlier release":    "TRUNCATE krowoc.migrations",
		"before the table":      "DROP TABLE krowoc.migrations; " + withoutLaterTables + "; DELETE FROM krowoc.versions WHERE version > 1",
		"goose, from the start": "TRUNCATE goose_db_version RESTART IDENTITY; INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true)",
		"goose, afterwards":     "DELETE FROM goose_db_version WHERE version_id = 2; INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, true)",
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", votesSQL)
			p.up()
			testkit.Exec(t, p.db, sql)
			delete(p.files, "2_votes.sql")
			p.write("2_tags.sql", strings.ReplaceAll(tagsSQL, "tags", "votes"))
			p.write("3_tags.sql", tagsSQL)
			if got := p.states(); got != "1 applied 1_users.sql, 2 applied 2_tags.sql, 3 pending 3_tags.sql" {
				t.Error(got)
			}
			p.up()
			if _, err := p.migrator().DownTo(t.Context(), 0); err != nil || p.query("SELECT count(*)::text FROM krowoc.migrations") != "0" {
				t.Error(err)
			}
		})
	}
}

// A file may take a role for its transaction that has no right to the schema krowoc.
func TestRecordUnderAnotherRole(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL)
	p.up()
	role := "identity_" + strings.ToLower(rand.Text()[:8])
	testkit.Exec(t, p.db, "CREATE ROLE "+role+"; GRANT ALL ON goose_db_version TO "+role+"; GRANT ALL ON SEQUENCE goose_db_version_id_seq TO "+role)
	defer testkit.Exec(t, p.db, "DROP OWNED BY "+role+"; DROP ROLE "+role)
	p.write("2_votes.sql", "-- +goose Up\nCREATE TABLE votes (id int);\nSET LOCAL ROLE "+role+";\nCOMMIT;\nSET LOCAL ROLE "+role+";\n-- +goose Down\nDROP TABLE votes;\n")
	p.up()
	if got := p.query("SELECT string_agg(name, ' ' ORDER BY version_id) FROM krowoc.migrations"); got != "1_users.sql 2_votes.sql" {
		t.Error(got)
	}
}

// A redo goes on with an interrupted rollback, and then applies the file from its start.
func TestRedoOfInterruptedRollback(t *testing.T) {
	const text = "-- +goose Up\nCREATE TABLE a ();\nCREATE TABLE b ();\n-- +goose Down\nDROP TABLE a;\nCOMMIT;\nDROP TABLE b%s;\n"
	p := newProject(t, "1_x.sql", fmt.Sprintf(text, ", c"))
	p.up()
	if _, err := p.migrator().Down(t.Context(), 1); err == nil || p.catalog() != "relation b" || !strings.Contains(fault.HintOf(err), "resume with `krowoc migrate down`") {
		t.Fatalf("%v; %s", err, p.catalog())
	}
	p.write("1_x.sql", fmt.Sprintf(text, ""))
	if _, err := p.migrator().Redo(t.Context()); err != nil || p.catalog() != "relation a, relation b" {
		t.Errorf("%v; %s", err, p.catalog())
	}
	p.write("1_x.sql", fmt.Sprintf(text, ", d"))
	if err := p.migrator().Accept(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := p.migrator().Down(t.Context(), 1); err == nil {
		t.Fatal("the table d does not exist, so the rollback should fail")
	}
	p.write("1_x.sql", fmt.Sprintf(text, "")) // a correction, and no change that is refused
	if _, err := p.migrator().Down(t.Context(), 1); err != nil || p.catalog() != "" {
		t.Errorf("%v; %s", err, p.catalog())
	}
}

// A baseline replaces files, and is no change of the last of them.
func TestBaselineIsNoOtherFile(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", votesSQL)
	p.up()
	squash, err := migrate.NewSquash(p.files, "migrations", 2, "baseline", true, false)
	if err != nil {
		t.Fatal(err)
	}
	delete(p.files, "1_users.sql")
	delete(p.files, "2_votes.sql")
	p.write(squash.File, squash.Text)
	p.up()
	if got := p.states(); got != "1 squashed  1_users.sql, 2 applied 2_baseline.sql" {
		t.Error(got)
	}
}

// What is recorded without being run has its file recorded, too.
func TestRecordedFiles(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL)
	if recorded, err := p.migrator().Record(t.Context(), []int64{1}); err != nil || len(recorded) != 1 {
		t.Fatal(recorded, err)
	}
	draft := migrate.Draft{Version: "2", Name: "votes", Up: []string{"CREATE TABLE votes (id int)"}, Down: []string{"DROP TABLE votes"}}
	if _, err := p.migrator().RecordDrafts(t.Context(), []migrate.Draft{draft}); err != nil {
		t.Fatal(err)
	}
	draft.Version, draft.Name = "3", "tags"
	other := draft
	other.Version, other.Name = "2", "others" // came after version 2
	if _, err := p.migrator().RecordDrafts(t.Context(), []migrate.Draft{draft, other}); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "already has version 2: 2_votes.sql") {
		t.Error(err)
	}
	p.write("2_votes.sql", draft.Text())
	p.up()
	p.write("1_users.sql", tagsSQL)
	if got := p.states(); got != "1 changed 1_users.sql, 2 applied 2_votes.sql" {
		t.Error(got)
	}
	if err := p.migrator().Unrecord(t.Context(), []int64{1, 2}); err != nil {
		t.Fatal(err)
	}
	if got := p.states(); got != "1 pending 1_users.sql, 2 pending 2_votes.sql" || p.query("SELECT count(*)::text FROM krowoc.migrations") != "0" {
		t.Error(got)
	}
}

// Rows that somebody deletes from the table of versions by hand leave records behind, which the next run deletes.
func TestStaleRecordsAreDeleted(t *testing.T) {
	for _, sql := range []string{"DELETE FROM goose_db_version WHERE version_id = 2", "TRUNCATE goose_db_version RESTART IDENTITY", "DROP TABLE goose_db_version"} {
		p := newProject(t, "1_users.sql", usersSQL, "2_votes.sql", votesSQL)
		p.up()
		testkit.Exec(t, p.db, sql+"; DROP TABLE users, votes")
		delete(p.files, "2_votes.sql")
		p.write("3_tags.sql", tagsSQL)
		p.up()
		if got := p.query("SELECT string_agg(name, ' ' ORDER BY version_id) FROM krowoc.migrations"); got != "1_users.sql 3_tags.sql" {
			t.Errorf("%s: %s", sql, got)
		}
	}
}

// A database to which an earlier release has recorded has no times, and its records count.
func TestRecordsOfEarlierRelease(t *testing.T) {
	p := newProject(t, "1_users.sql", usersSQL)
	p.up()
	testkit.Exec(t, p.db, "ALTER TABLE krowoc.migrations DROP COLUMN tstamp; "+withoutLaterTables+"; DELETE FROM krowoc.versions WHERE version > 2")
	p.write("1_users.sql", tagsSQL)
	const want = "1 changed 1_users.sql"
	if got := p.states(); got != want {
		t.Error(got)
	}
	_, err := p.migrator().Up(t.Context())
	p.refused(err, "its SQL has changed")
	if got := p.states(); got != want {
		t.Error(got)
	}
}

// Rows that the table of versions gives the number of an older one are not taken for it.
func TestVersionsAreMadeAgain(t *testing.T) {
	p := newProject(t, "9_old.sql", usersSQL)
	p.up()
	testkit.Exec(t, p.db, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	delete(p.files, "9_old.sql")
	p.write("1_users.sql", usersSQL)
	p.write("2_votes.sql", "-- +goose Up\nCREATE TABLE votes (id int);\n-- +goose Down\nDROP TABLE votes;\n")
	p.up()
	p.up()
	if p.versions() != "1 2" {
		t.Error(p.versions())
	}
}
