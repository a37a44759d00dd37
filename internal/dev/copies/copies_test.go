package copies_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/dev/copies"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// database is a database with one value, to which nothing stays connected.
type database struct {
	url, name string
	server    clone.Server
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	at := testkit.DatabaseURL(t)
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	d := &database{url: at, name: strings.TrimPrefix(u.Path, "/")}
	u.Path = "/postgres"
	d.server = clone.Server{URL: u.String()}
	d.run(t, "CREATE TABLE t AS SELECT 1 AS n")
	return d
}

// run runs a statement on a connection of its own, and returns the value of t after it.
func (d *database) run(t *testing.T, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	testkit.Exec(t, conn, sql)
	return testkit.Value(t, conn, "SELECT n FROM t")
}

func (d *database) set(t *testing.T, n string) { t.Helper(); d.run(t, "UPDATE t SET n = "+n) }

// expect fails the test when the value is another.
func (d *database) expect(t *testing.T, n string) {
	t.Helper()
	if got := d.run(t, ""); got != n {
		t.Errorf("the database has %s instead of %s", got, n)
	}
}

func TestSnapshots(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	disconnected := 0
	s := &copies.Snapshots{Server: d.server, Name: d.name, Disconnect: func() { disconnected++ }}
	if _, err := s.Restore(t.Context(), "a"); fault.CodeOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "krowoc db snapshot a") {
		t.Errorf("restore without snapshots: %v", err)
	}
	if disconnected > 0 {
		t.Error("a snapshot that is missing disconnects somebody")
	}
	for _, n := range []string{"2", "3"} { // the second replaces the first
		d.set(t, n)
		if taken, err := s.Take(t.Context(), "a"); err != nil || taken.Name != "a" || taken.Size == 0 {
			t.Fatal(taken, err)
		}
	}
	d.set(t, "4")
	if _, err := s.Take(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Restore(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	d.expect(t, "3")
	if _, err := s.Restore(t.Context(), "a"); err != nil { // it is still there
		t.Fatal(err)
	}
	if disconnected != 5 {
		t.Errorf("disconnected %d times", disconnected)
	}
	if _, err := s.Restore(t.Context(), "c"); fault.CodeOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "a, b") {
		t.Errorf("restore one that is missing: %v, %s", err, fault.HintOf(err))
	}
	if err := s.Drop(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Drop(t.Context(), "a"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("drop it again: %v", err)
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 || list[0].Name != "b" {
		t.Errorf("%v, %v", list, err)
	}
}

// Postgres cuts names that are too long, so that two snapshots would be one.
func TestSnapshotNames(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	s := &copies.Snapshots{Server: d.server, Name: d.name, Disconnect: func() {}}
	longest := strings.Repeat("x", 63-len(d.name+"@snapshot:"))
	for name, ok := range map[string]bool{"": false, longest: true, longest + "x": false, "a b'\"é": true} {
		taken, err := s.Take(t.Context(), name)
		if ok && (err != nil || taken.Name != name) || !ok && fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v, %v", name, taken, err)
		}
	}
}

// checkout is a file HEAD, which names the branch.
type checkout struct{ path string }

func (c checkout) to(t *testing.T, branch string) {
	t.Helper()
	if err := os.WriteFile(c.path, []byte("ref: refs/heads/"+branch+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func newBranches(t *testing.T) (*database, *copies.Branches, checkout) {
	t.Helper()
	d, head := newDatabase(t), checkout{filepath.Join(t.TempDir(), "HEAD")}
	head.to(t, "main")
	return d, &copies.Branches{Server: d.server, Name: d.name, Head: head.path}, head
}

func follow(t *testing.T, b *copies.Branches, want string) {
	t.Helper()
	if branch, err := b.Follow(t.Context()); err != nil || branch != want {
		t.Fatalf("follow: %q, %v; it should be %q", branch, err, want)
	}
}

// namesOf lists the branches that have a database; the one that is checked out has a star.
func namesOf(t *testing.T, b *copies.Branches) (names []string) {
	t.Helper()
	list, err := b.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, have := range list {
		name := have.Name
		if have.Current {
			name = "*" + name
		}
		names = append(names, name)
	}
	return names
}

// A new branch begins with what the previous one has; each keeps its own then.
func TestFollow(t *testing.T) {
	t.Parallel()
	d, b, head := newBranches(t)
	follow(t, b, "") // the first branch takes the database as it is
	follow(t, b, "")
	head.to(t, "feat/x")
	follow(t, b, "feat/x")
	d.expect(t, "1")
	d.set(t, "2")
	head.to(t, "main")
	follow(t, b, "main")
	d.expect(t, "1")
	head.to(t, "feat/x")
	follow(t, b, "feat/x")
	d.expect(t, "2")
	if diff := cmp.Diff([]string{"*feat/x", "main"}, namesOf(t, b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A commit without a branch has a database while it is checked out. Nothing is left of it.
func TestFollowCommits(t *testing.T) {
	t.Parallel()
	d, b, head := newBranches(t)
	follow(t, b, "")
	for _, commit := range []string{strings.Repeat("0a", 20), strings.Repeat("f1", 20)} {
		if err := os.WriteFile(head.path, []byte(commit+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		follow(t, b, commit)
		d.set(t, "9")
	}
	head.to(t, "main")
	follow(t, b, "main")
	d.expect(t, "1")
	if diff := cmp.Diff([]string{"*main"}, namesOf(t, b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Without a repository there are no branches to follow.
func TestFollowWithoutHead(t *testing.T) {
	t.Parallel()
	d, b, _ := newBranches(t)
	b.Head = filepath.Join(t.TempDir(), "HEAD")
	follow(t, b, "")
	if label, err := d.server.Label(t.Context(), d.name); err != nil || label != "" {
		t.Errorf("the database is of %q, %v", label, err)
	}
}

// Two branches whose names are alike in all that fits into the name of a database keep their own.
func TestFollowLongNames(t *testing.T) {
	t.Parallel()
	d, b, head := newBranches(t)
	follow(t, b, "")
	long := strings.Repeat("é", 60)
	for i, name := range []string{long + "1", long + "2"} {
		head.to(t, name)
		follow(t, b, name)
		d.set(t, []string{"11", "12"}[i])
	}
	head.to(t, long+"1")
	follow(t, b, long+"1")
	d.expect(t, "11")
	head.to(t, long+"2")
	follow(t, b, long+"2")
	d.expect(t, "12")
}

// A database made for a branch ahead of time is the one that the branch gets.
func TestCreateAndDelete(t *testing.T) {
	t.Parallel()
	d, b, head := newBranches(t)
	follow(t, b, "")
	if err := b.Create(t.Context(), "main"); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("create one for the branch that is checked out: %v", err)
	}
	if err := b.Create(t.Context(), "next"); err != nil {
		t.Fatal(err)
	}
	d.set(t, "2")
	head.to(t, "next")
	follow(t, b, "next")
	d.expect(t, "1")
	for _, branch := range []string{"mai", "next"} { // a prefix of one, and the one that is checked out
		if err := b.Delete(t.Context(), branch); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("delete %s: %v", branch, err)
		}
	}
	if err := b.Delete(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"*next"}, namesOf(t, b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// An empty database is still that of the branch.
func TestReset(t *testing.T) {
	t.Parallel()
	d, b, head := newBranches(t)
	follow(t, b, "")
	if err := b.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.run(t, "CREATE TABLE t AS SELECT 5 AS n") // there is none any more
	head.to(t, "next")
	follow(t, b, "next")
	if diff := cmp.Diff([]string{"*next", "main"}, namesOf(t, b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
