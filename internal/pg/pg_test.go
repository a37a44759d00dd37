package pg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// connect opens a pool on a database of the test's own.
func connect(t *testing.T, o pg.Options) *pgxpool.Pool {
	t.Helper()
	if o.URL == "" {
		o.URL = testkit.DatabaseURL(t)
	}
	pool, err := pg.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// withParameter adds a parameter to a database URL.
func withParameter(t *testing.T, raw, key, value string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestOptionsReachTheSession(t *testing.T) {
	pool := connect(t, pg.Options{ApplicationName: "krowoc test", ReadOnly: true, MaxConns: 2})
	if got := testkit.Value(t, pool, "current_setting('application_name')"); got != "krowoc test" {
		t.Errorf("application_name %q", got)
	}
	if got := pool.Config().MaxConns; got != 2 {
		t.Errorf("%d connections at most", got)
	}
	_, err := pool.Exec(t.Context(), "create table x ()")
	if fault.CodeOf(pg.Fault("create", err)) != fault.Forbidden {
		t.Errorf("writing in a read-only pool: %v", err)
	}
}

// countingTracer counts the queries that begin and end.
type countingTracer struct{ began, ended atomic.Int64 }

func (c *countingTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.began.Add(1)
	return ctx
}

func (c *countingTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {
	c.ended.Add(1)
}

func TestTracerSeesEveryQuery(t *testing.T) {
	var tracer countingTracer
	pool := connect(t, pg.Options{Tracer: &tracer})
	before := tracer.ended.Load() // the ping
	testkit.Value(t, pool, "SELECT 'x'")
	if began, ended := tracer.began.Load(), tracer.ended.Load(); began != ended || ended != before+1 {
		t.Errorf("%d queries began and %d ended, after %d", began, ended, before)
	}
}

func TestTheURLHasTheLastWord(t *testing.T) {
	raw := withParameter(t, withParameter(t, testkit.DatabaseURL(t), "application_name", "mine"), "connect_timeout", "7")
	pool := connect(t, pg.Options{URL: raw, ApplicationName: "krowoc"})
	if got := testkit.Value(t, pool, "current_setting('application_name')"); got != "mine" {
		t.Errorf("application_name %q", got)
	}
	if got := pool.Config().ConnConfig.ConnectTimeout; got != 7*time.Second {
		t.Errorf("connect timeout %s", got)
	}
}

func TestUnknownDatabaseIsUnavailableAndSaysHowToMakeIt(t *testing.T) {
	raw, err := url.Parse(testkit.DatabaseURL(t))
	if err != nil {
		t.Fatal(err)
	}
	raw.Path = "/no_such_database"
	_, err = pg.Connect(t.Context(), pg.Options{URL: raw.String()})
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), `database "no_such_database" does not exist`) ||
		!strings.HasPrefix(fault.HintOf(err), "create it: createdb -h ") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
}

func TestNoticesAreLogged(t *testing.T) {
	var log bytes.Buffer
	pool := connect(t, pg.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if _, err := pool.Exec(t.Context(), `do $$ begin raise warning 'look out' using hint = 'left'; raise notice 'never mind'; end $$`); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, `level=WARN msg="look out"`) || !strings.Contains(got, "hint=left") || strings.Contains(got, "never mind") {
		t.Errorf("logged %s", got)
	}
}

func TestFaultsOfStatements(t *testing.T) {
	pool := connect(t, pg.Options{})
	if _, err := pool.Exec(t.Context(), "create table u (id int primary key, n int not null check (n > 0)); create table v (u int references u); insert into u values (1, 1)"); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]struct {
		code fault.Code
		text string
	}{
		"insert into u values (1, 1)":                   {fault.Conflict, `op: duplicate key value violates unique constraint "u_pkey": Key (id)=(1) already exists.`},
		"insert into v values (2)":                      {fault.Conflict, `Key (u)=(2) is not present in table "u".`},
		"insert into u values (2, 0)":                   {fault.Invalid, `violates check constraint "u_n_check"`},
		"insert into u values (2, null)":                {fault.Invalid, `null value in column "n"`},
		"select 1/0":                                    {fault.Invalid, "division by zero"},
		"selec 1":                                       {fault.Invalid, `syntax error at or near "selec"`},
		"select no_such_function()":                     {fault.Invalid, "function no_such_function() does not exist"},
		"set statement_timeout = 1; select pg_sleep(9)": {fault.Timeout, "statement timeout"},
		"select pg_cancel_backend(pg_backend_pid())":    {fault.Canceled, "user request"},
		"do $$ begin raise exception 'no'; end $$":      {fault.Invalid, "op: no"},
	} {
		_, err := pool.Exec(t.Context(), sql)
		err = pg.Fault("op", err)
		if fault.CodeOf(err) != want.code || (want.text != "" && !strings.Contains(err.Error(), want.text)) {
			t.Errorf("%s: %s %v", sql, fault.CodeOf(err), err)
		}
	}
}

func TestInTx(t *testing.T) {
	pool := connect(t, pg.Options{})
	if _, err := pool.Exec(t.Context(), "create table t (x text)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	insert := func(tx pgx.Tx, x string) error {
		_, err := tx.Exec(context.WithoutCancel(ctx), "insert into t values ($1)", x)
		return err
	}
	mine := errors.New("mine")
	if err := pg.InTx(ctx, pool, func(tx pgx.Tx) error { return insert(tx, "kept") }); err != nil {
		t.Error(err)
	}
	if err := pg.InTx(ctx, pool, func(tx pgx.Tx) error { return errors.Join(insert(tx, "error"), mine) }); !errors.Is(err, mine) {
		t.Errorf("the error of fn became %v", err)
	}
	if err := pg.InTx(ctx, pool, func(tx pgx.Tx) error {
		if err := pg.InTx(ctx, tx, func(inner pgx.Tx) error { return errors.Join(insert(inner, "inner"), mine) }); !errors.Is(err, mine) {
			t.Error(err)
		}
		return insert(tx, "outer")
	}); err != nil {
		t.Errorf("after an inner failure: %v", err)
	}
	if err := pg.InTx(ctx, pool, func(tx pgx.Tx) error {
		_, _ = tx.Exec(ctx, "selec")
		return nil
	}); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a failure that fn hid: %v", err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic was lost")
			}
		}()
		_ = pg.InTx(ctx, pool, func(tx pgx.Tx) error { _ = insert(tx, "panic"); panic("boom") })
	}()
	if err := pg.InTx(ctx, pool, func(tx pgx.Tx) error { cancel(); return insert(tx, "canceled") }); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("canceled before the commit: %v", err)
	}
	if err := pg.InTx(ctx, pool, func(pgx.Tx) error { return nil }); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("canceled before the start: %v", err)
	}
	if got := testkit.Value(t, pool, "select string_agg(x, ' ' order by x) from t"); got != "kept outer" {
		t.Errorf("the table holds %s", got)
	}
}

// Every session of the pool is ended, as a shutdown of the server does; the next queries connect again.
func TestPoolOutlivesItsConnections(t *testing.T) {
	raw := testkit.DatabaseURL(t)
	pool, admin := connect(t, pg.Options{URL: raw, MaxConns: 3}), connect(t, pg.Options{URL: raw})
	var held []*pgxpool.Conn
	for range 3 {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	for _, conn := range held {
		testkit.Value(t, admin, fmt.Sprintf("select pg_terminate_backend(%d, 5000)::text", conn.Conn().PgConn().PID()))
		conn.Release()
	}
	awaitRecovery(t, pool, 3)
}

// awaitRecovery queries until the pool works again, which may take failures attempts that must all be
// temporary; none is a limit of time.
func awaitRecovery(t *testing.T, pool *pgxpool.Pool, failures int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for n := 0; ; n++ {
		_, err := pool.Exec(ctx, "select 1")
		if err == nil {
			return
		}
		if f := pg.Fault("query", err); !fault.CodeOf(f).Retryable() || (failures > 0 && n >= failures) || ctx.Err() != nil {
			t.Fatalf("attempt %d: %s %v", n, fault.CodeOf(f), f)
		}
	}
}

// A server process that is killed takes the whole server down; it recovers by itself, and so does the pool.
func TestPoolOutlivesACrashOfTheServer(t *testing.T) {
	pool := connect(t, pg.Options{})
	var pid int
	if err := pool.QueryRow(t.Context(), "select pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.SIGKILL); err != nil {
		t.Skipf("the server runs where it cannot be killed: %v", err)
	}
	awaitRecovery(t, pool, 0)
}

func TestWrongPassword(t *testing.T) {
	raw, err := url.Parse(testkit.DatabaseURL(t))
	if err != nil {
		t.Fatal(err)
	}
	raw.User = url.UserPassword(raw.User.Username(), "s3cret")
	_, err = pg.Connect(t.Context(), pg.Options{URL: raw.String()})
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "password authentication failed") ||
		!strings.HasPrefix(fault.HintOf(err), "check the user and password") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	if strings.Contains(everything(err), "s3cret") {
		t.Error("the password is in the error")
	}
}

// relay is an address that stays the same while the server behind it changes.
type relay struct {
	net.Listener
	to atomic.Pointer[string]
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { r.pass(from) })
		}
	})
	t.Cleanup(func() { listener.Close(); open.Wait() })
	return r
}

// pass connects a client to the server, and cuts it off when there is none.
func (r *relay) pass(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", *r.to.Load())
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, from); to.Close() }()
	_, _ = io.Copy(from, to)
}

// The server is killed, is away for a while, and comes back at the same address.
func TestPoolOutlivesARestartOfTheServer(t *testing.T) {
	data := filepath.Join(testkit.Folder(t), "data")
	r := newRelay(t)
	start := func() (*local.Server, *url.URL) {
		t.Helper()
		server, err := local.Start(t.Context(), local.Options{DataDir: data, Env: os.Getenv, Settings: map[string]string{"fsync": "off"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Stop(context.Background()) })
		u, err := url.Parse(server.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		host := u.Host
		r.to.Store(&host)
		return server, u
	}
	server, u := start()
	u.Host = r.Addr().String()
	pool := connect(t, pg.Options{URL: u.String()})
	process, err := os.FindProcess(server.PID())
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-server.Exited()
	for range 3 {
		_, err := pool.Exec(t.Context(), "select 1")
		if f := pg.Fault("query", err); fault.CodeOf(f) != fault.Unavailable {
			t.Errorf("while it is away: %s %v", fault.CodeOf(f), f)
		}
	}
	start()
	awaitRecovery(t, pool, 0)
}
