// Package pg connects to Postgres: pools that survive a restart of the server, transactions, quoting, and
// the translation of driver and SQLSTATE errors to faults. Nothing it returns holds a password.
package pg

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
)

// defaultConnectTimeout is long enough for a distant server and short enough for a person who waits.
const defaultConnectTimeout = 5 * time.Second

// Options says which database to connect to, and how.
type Options struct {
	URL             string        // postgres://user:password@host:port/database, or key=value pairs as libpq takes them
	MaxConns        int32         // connections at most; 0 is what the URL's pool_max_conns says, else the CPUs, at least 4
	ApplicationName string        // shown by pg_stat_activity, unless the URL names another
	ConnectTimeout  time.Duration // for one attempt; 0 is what the URL's connect_timeout says, else 5 s
	ReadOnly        bool          // every transaction is read-only unless it says otherwise
	Logger          *slog.Logger  // receives the server's notices and warnings; nil drops them

	// Tracer is told of every query; if it also implements pgx.BatchTracer, pgx.ConnectTracer and so on, of those too.
	Tracer pgx.QueryTracer
}

// Connect opens a pool and makes sure that Postgres answers.
func Connect(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	pool, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, Fault("connect to Postgres", err)
	}
	return pool, nil
}

// Open opens a pool without connecting, so that a server can start while Postgres is down. It fails only
// on a connection string that makes no sense.
func Open(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	config, err := o.poolConfig()
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, Fault("open a pool of connections", err)
	}
	return pool, nil
}

func (o Options) poolConfig() (*pgxpool.Config, error) {
	const op = "read the database URL"
	const form = "write postgres://user:password@host:port/database"
	switch {
	case o.URL == "":
		return nil, fault.New(fault.Invalid, op, "it is empty", form)
	case o.MaxConns < 0 || o.ConnectTimeout < 0:
		return nil, fault.New(fault.Invalid, "open a pool of connections", "MaxConns and ConnectTimeout cannot be negative")
	case ambiguous(o.URL):
		return nil, fault.New(fault.Invalid, op, "an @ stands where it cannot be told from the end of the password",
			`percent-encode special characters in the user name, password, path and parameters: @ is %40, / is %2F, ? is %3F`)
	}
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		// The driver's error holds the connection string, so it goes no further.
		return nil, fault.New(fault.Invalid, op, parseReason(err), form)
	}
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	conn := config.ConnConfig
	switch {
	case o.ConnectTimeout > 0:
		conn.ConnectTimeout = o.ConnectTimeout
	case conn.ConnectTimeout == 0:
		conn.ConnectTimeout = defaultConnectTimeout
	}
	if _, ok := conn.RuntimeParams["application_name"]; !ok && o.ApplicationName != "" {
		conn.RuntimeParams["application_name"] = o.ApplicationName
	}
	if o.ReadOnly {
		conn.RuntimeParams["default_transaction_read_only"] = "on"
	}
	conn.OnNotice = nil
	if o.Logger != nil {
		conn.OnNotice = logNotice(o.Logger)
	}
	conn.Tracer = o.Tracer
	return config, nil
}

// logNotice logs what the server says beside its answers: RAISE NOTICE, deprecations, truncated names.
func logNotice(logger *slog.Logger) pgconn.NoticeHandler {
	return func(conn *pgconn.PgConn, n *pgconn.Notice) {
		log := logger.Debug
		if n.SeverityUnlocalized == "WARNING" {
			log = logger.Warn
		}
		log(n.Message, "severity", n.Severity, "sqlstate", n.Code,
			"detail", n.Detail, "hint", n.Hint, "backend_pid", conn.PID())
	}
}

// parseReason says why a connection string cannot be read in words of our own: the driver's quote the string.
func parseReason(err error) string {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Error()
	}
	text := err.Error()
	for _, known := range []struct{ mark, reason string }{
		{"invalid port", "the port is not a number between 1 and 65535"},
		{"port numbers to", "it names a different number of ports than of hosts"},
		{"failed to configure TLS", "its TLS settings (sslmode, sslcert, sslkey, sslrootcert) do not fit together"},
		{"failed to read service", "its service cannot be read from the service file"},
		{"invalid connect_timeout", "connect_timeout is not a number of seconds"},
		{"unknown target_session_attrs", "target_session_attrs has no such value"},
		{"cannot parse pool_", "one of its pool_ settings has the wrong type"},
		{"pool_max_conns too small", "pool_max_conns must be at least 1"},
	} {
		if strings.Contains(text, known.mark) {
			return known.reason
		}
	}
	return "it is neither a postgres:// URL nor key=value pairs"
}

// Beginner starts transactions: a pool, a connection, or a transaction, which then sets a savepoint.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// rollbackTimeout bounds the rollback of a transaction whose context has already ended.
const rollbackTimeout = 5 * time.Second

// InTx runs fn in a transaction: committed when fn returns nil, rolled back when it returns an error,
// panics, or ctx ends. The error of fn comes back as it is.
func InTx(ctx context.Context, db Beginner, fn func(pgx.Tx) error) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return Fault("begin a transaction", err)
	}
	defer func() {
		// After a commit this does nothing; otherwise the error that ended the transaction says more.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return Fault("commit the transaction", tx.Commit(ctx))
}
