package krowoctest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/krowoctest"
)

func TestMain(m *testing.M) { krowoctest.Main(m) }

var library = krowoctest.Project("testdata/library")

// titles are those of the books, and with add one more from now on.
func titles(t *testing.T, url, add string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), "SELECT title FROM books ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && add != "" {
		_, err = conn.Exec(t.Context(), "INSERT INTO books VALUES (9, $1)", add)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var urls []string
	t.Run("many at once", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				url := krowoctest.DatabaseURL(t, library)
				if got := titles(t, url, "Gifts"); got != "Tehanu, Lavinia" {
					t.Errorf("it has %s", got)
				}
				mu.Lock()
				defer mu.Unlock()
				urls = append(urls, url)
			})
		}
	})
	for _, url := range urls {
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			conn.Close(t.Context())
			t.Error("a database outlives its test")
		}
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	if got := titles(t, krowoctest.DatabaseURL(t, library, krowoctest.Sets("common")), ""); got != "Tehanu" {
		t.Errorf("it has %s", got)
	}
	if got := titles(t, krowoctest.DatabaseURL(t, library, krowoctest.Environment("development"), krowoctest.Sets("test")), ""); got != "Lavinia" {
		t.Errorf("it has %s", got)
	}
}

// asFailing names the test that is to fail, in a process of its own.
const asFailing = "KROWOC_TEST_FAILING"

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	switch os.Getenv(asFailing) {
	case "fixture":
		krowoctest.DatabaseURL(t, library, krowoctest.Sets("demo"))
	case "protected":
		krowoctest.DatabaseURL(t, library, krowoctest.Environment("production"))
	case "project":
		krowoctest.DatabaseURL(t, krowoctest.Project("/"))
	case "":
		for name, want := range map[string]string{
			"fixture":   "seeds/demo/books.yaml:2:20: error: ",
			"protected": `the environment "production" is protected`,
			"project":   "find krowoc.yaml",
		} {
			cmd := exec.Command(os.Args[0], "-test.run=^TestWhatIsWrongIsSaid$")
			cmd.Env = append(os.Environ(), asFailing+"="+name, "KROWOC_DATABASE_URL=")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
}

// Processes of several packages that run at once have a server each, or share the one that is configured.
func TestProcessesAtOnce(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"", krowoctest.DatabaseURL(t, library)} {
		var running sync.WaitGroup
		for range 2 {
			running.Go(func() {
				cmd := exec.Command(os.Args[0], "-test.run=^TestDatabaseURL$")
				cmd.Env = append(os.Environ(), "KROWOC_DATABASE_URL="+at)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
		running.Wait()
	}
}
