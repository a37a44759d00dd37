package clone_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// A copy is what the database was, also while people use it, and takes the place of one that is there.
func TestCopy(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	u, err := url.Parse(db.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	name := db.Config().ConnConfig.Database
	u.Path = "/postgres"
	server := clone.Server{URL: u.String()}
	exec := func(sql string) {
		t.Helper()
		for { // the first connections of the pool may be closed
			if _, err := db.Exec(t.Context(), sql); err == nil {
				return
			} else if t.Context().Err() != nil {
				t.Fatal(err)
			}
			db.Reset()
		}
	}
	one := func() (n int) {
		t.Helper()
		db.Reset()
		if err := db.QueryRow(t.Context(), "SELECT n FROM t").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	exec("CREATE TABLE t AS SELECT 1 AS n")
	copied := name + " copy"
	t.Cleanup(func() { _ = server.Drop(context.WithoutCancel(t.Context()), copied) })
	for i := range 2 { // the second time one is there
		if err := server.Copy(t.Context(), name, copied); err != nil {
			t.Fatal(i, err)
		}
	}
	exec("UPDATE t SET n = 2")
	if n := one(); n != 2 {
		t.Errorf("the database has %d", n)
	}
	if err := server.Copy(t.Context(), copied, name); err != nil {
		t.Fatal(err)
	}
	if n := one(); n != 1 {
		t.Errorf("the database has %d again", n)
	}
	list, err := server.List(t.Context(), name)
	if err != nil || len(list) != 2 || list[1].Name != copied || list[1].Size == 0 {
		t.Errorf("%v %v", list, err)
	}
	if err := server.Copy(t.Context(), "nothing of the kind", copied); err == nil {
		t.Error("nothing is copied")
	}
	if list, _ = server.List(t.Context(), name); len(list) != 2 {
		t.Errorf("after a copy that failed there are %v", list)
	}
}
