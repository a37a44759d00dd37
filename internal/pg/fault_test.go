package pg_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// The time-out of a connection that has the deadline of a context is that of the context.
func TestFaultOfDeadline(t *testing.T) {
	t.Parallel()
	config, err := pgconn.ParseConfig("postgres://ada@127.0.0.1/app?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	late := &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, late }
	_, connecting := pgconn.ConnectConfig(t.Context(), config)
	for name, err := range map[string]error{"a statement": late, "a connection": connecting, "a context": context.DeadlineExceeded} {
		f := pg.Fault("op", err)
		if fault.CodeOf(f) != fault.Timeout || !errors.Is(f, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func TestFaultCode(t *testing.T) {
	state := func(code, message string) error { return &pgconn.PgError{Code: code, Message: message} }
	for name, tc := range map[string]struct {
		err  error
		want fault.Code
	}{
		"nil":               {nil, ""},
		"unique":            {state("23505", ""), fault.Conflict},
		"not null":          {state("23502", ""), fault.Invalid},
		"syntax":            {state("42601", ""), fault.Invalid},
		"permission":        {state("42501", ""), fault.Forbidden},
		"deadlock":          {state("40P01", ""), fault.Conflict},
		"admin shutdown":    {state("57P01", ""), fault.Unavailable},
		"crash":             {state("57P02", ""), fault.Unavailable},
		"starting":          {state("57P03", ""), fault.Unavailable},
		"too many clients":  {state("53300", ""), fault.Unavailable},
		"disk full":         {state("53100", ""), fault.Unavailable},
		"statement timeout": {state("57014", "canceling statement due to statement timeout"), fault.Timeout},
		"cancel request":    {state("57014", "canceling statement due to user request"), fault.Canceled},
		"lock timeout":      {state("55P03", "canceling statement due to lock timeout"), fault.Timeout},
		"nowait":            {state("55P03", "could not obtain lock on row"), fault.Conflict},
		"raise":             {state("P0001", ""), fault.Invalid},
		"server bug":        {state("XX000", ""), fault.Internal},
		"no code":           {state("", ""), fault.Internal},
		"no rows":           {fmt.Errorf("read: %w", pgx.ErrNoRows), fault.NotFound},
		"eof":               {io.ErrUnexpectedEOF, fault.Unavailable},
		"reset":             {&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, fault.Unavailable},
		"bad conn":          {driver.ErrBadConn, fault.Unavailable},
		"closed":            {pgconn.ErrConnClosed, fault.Unavailable},
		"canceled":          {fmt.Errorf("x: %w", context.Canceled), fault.Canceled},
		"deadline":          {context.DeadlineExceeded, fault.Timeout},
		"a fault":           {fault.New(fault.Conflict, "x", "y"), fault.Conflict},
		"other":             {errors.New("x"), fault.Internal},
	} {
		if got := fault.CodeOf(pg.Fault("op", tc.err)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestFaultKeepsDetailAndHint(t *testing.T) {
	cause := &pgconn.PgError{Code: "23505", Message: "duplicate key", Detail: "Key (id)=(1) already exists.", Hint: "Use another."}
	err := pg.Fault("save", fmt.Errorf("exec: %w", cause))
	if got, want := err.Error(), "save: duplicate key: Key (id)=(1) already exists."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if fault.HintOf(err) != "Use another." || !errors.Is(err, cause) {
		t.Errorf("hint %q, or the cause is lost", fault.HintOf(err))
	}
}

// everything renders an error in all the ways that a log or a screen might.
func everything(err error) string {
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Error("x", "err", err)
	for e := err; e != nil; e = errors.Unwrap(e) {
		fmt.Fprintf(&b, "%v %+v %#v\n", e, e, e)
	}
	return b.String() + fault.HintOf(err)
}

func TestConnectErrorsNeverShowThePassword(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, url := range []string{
		"postgres://ada:s3cret@127.0.0.1:1/app",
		"postgres://ada:s3cret@127.0.0.1:port/app",
		"postgres://ada:s3cret@127.0.0.1:99999/app",
		"postgres://ada:1/s3cret@127.0.0.1/app",
		"postgres://ada:x@s3cret@127.0.0.1:1/app",
		"postgres://ada:x?s3cret@127.0.0.1:1/app",
		"postgres://ada:s3cret",
		"postgres://ada:%zs3cret@h/app",
		"host=127.0.0.1 port=x password=s3cret",
		"password='s3cret",
		"s3cret",
		"postgres://ada:s3cret@127.0.0.1:1/app?sslmode=nonsense",
		"postgres://ada:s3cret@127.0.0.1:1/app?sslrootcert=/does/not/exist&sslmode=verify-full",
		"postgres://ada:s3cret@127.0.0.1:1/app?connect_timeout=soon",
		"postgres://ada:s3cret@127.0.0.1:1/app?pool_max_conns=0",
	} {
		pool, err := pg.Connect(ctx, pg.Options{URL: url})
		if err == nil {
			pool.Close()
			t.Errorf("%s: no error", url)
			continue
		}
		if text := everything(err); strings.Contains(text, "s3cret") {
			t.Errorf("%s: the password is in %s", url, text)
		}
		if code := fault.CodeOf(err); code != fault.Invalid && code != fault.Unavailable {
			t.Errorf("%s: code %s", url, code)
		}
	}
}

func TestRefusedConnectionNamesTheAddress(t *testing.T) {
	_, err := pg.Connect(t.Context(), pg.Options{URL: "postgres://ada@127.0.0.1:1/app?sslmode=disable"})
	want := "connect to Postgres: Postgres at 127.0.0.1:1 cannot be reached: connection refused"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if hint := fault.HintOf(err); !strings.HasPrefix(hint, "check whether Postgres is running at 127.0.0.1:1") {
		t.Errorf("hint %q", hint)
	}
}

func TestServerThatNeverAnswersIsATimeout(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, err = pg.Connect(t.Context(), pg.Options{
		URL: "postgres://ada@" + listener.Addr().String() + "/app?sslmode=disable", ConnectTimeout: 50 * time.Millisecond,
	})
	if fault.CodeOf(err) != fault.Timeout || !strings.Contains(fmt.Sprint(err), "did not respond in time") {
		t.Errorf("got %v", err)
	}
}

func TestOpenNeedsNoServer(t *testing.T) {
	pool, err := pg.Open(t.Context(), pg.Options{URL: "postgres://127.0.0.1:1/app"})
	if err != nil {
		t.Fatal(err)
	}
	pool.Close()
	for _, o := range []pg.Options{{}, {URL: "postgres://h/app", MaxConns: -1}, {URL: "postgres://h/app", ConnectTimeout: -1}} {
		if _, err := pg.Open(t.Context(), o); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestIsAboutRow(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"23505": true, "22001": true, "P0001": true, "44000": true, "3D000": false, "3F000": false, "42501": false, "53100": false, "": false, "2": false} {
		if got := pg.IsAboutRow(fmt.Errorf("insert: %w", &pgconn.PgError{Code: code})); got != want {
			t.Errorf("%q: %t", code, got)
		}
	}
	if pg.IsAboutRow(context.Canceled) || pg.IsAboutRow(nil) {
		t.Error("an error that is not the server's is about a row")
	}
}
