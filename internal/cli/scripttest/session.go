package scripttest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/krowoc/krowoc/internal/dev"
)

// patience is for machines that are busy with other tests.
const patience = time.Minute

// session waits until the development session of the script's folder is ready and sets URL and DATABASE to
// where it is.
func session(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: session")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	state, err := dev.Await(ctx, ts.MkAbs(".krowoc"), nil)
	ts.Check(err)
	ts.Setenv("URL", state.URL)
	ts.Setenv("DATABASE", state.DatabaseURL)
}

// graphql sends an operation to the session and prints the answer; with a TEXT, it asks again until the
// answer contains it.
func graphql(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: graphql OPERATION [TEXT]")
	}
	deadline := time.Now().Add(patience)
	for {
		answer, err := post(ts.Getenv("URL")+"/graphql", args[0])
		ts.Check(err)
		if len(args) == 1 || strings.Contains(answer, args[1]) {
			_, err := io.WriteString(ts.Stdout(), answer)
			ts.Check(err)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no answer contains %q; the last was %s", args[1], answer)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func post(url, operation string) (string, error) {
	body, err := json.Marshal(map[string]string{"query": operation})
	if err != nil {
		return "", err
	}
	response, err := http.Post(url, "application/json", strings.NewReader(string(body)))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s\n", response.StatusCode, text), err
}

// logged waits until the session's log contains a text.
func logged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: logged TEXT")
	}
	deadline := time.Now().Add(patience)
	for {
		text := ts.ReadFile(".krowoc/dev.log")
		if strings.Contains(text, args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the log does not contain %q:\n%s", args[0], text)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// postmaster returns the process id of the session's Postgres.
func postmaster(ts *testscript.TestScript) int {
	first, _, _ := strings.Cut(ts.ReadFile(".krowoc/postgres/postmaster.pid"), "\n")
	pid, err := strconv.Atoi(first)
	ts.Check(err)
	return pid
}

// killPostgres kills the session's Postgres as a crash would.
func killPostgres(ts *testscript.TestScript, neg bool, args []string) {
	process, err := os.FindProcess(postmaster(ts))
	ts.Check(err)
	ts.Check(process.Kill())
}

// nothingLeft checks that no process runs on the script's folder any more.
func nothingLeft(ts *testscript.TestScript, neg bool, args []string) {
	if _, err := os.Stat(ts.MkAbs(".krowoc/postgres/postmaster.pid")); err == nil {
		ts.Fatalf("Postgres still runs: pid %d", postmaster(ts))
	}
	if _, err := os.Stat(ts.MkAbs(".krowoc/dev.json")); err == nil {
		ts.Fatalf("the session's state is left")
	}
}
