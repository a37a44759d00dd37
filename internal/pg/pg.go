// Package pg connects to Postgres. It provides pools that survive a restart of the server, transactions, quoting, and the conversion of
// driver errors and SQLSTATEs to faults. Its results and errors never contain a password.
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

// defaultConnectTimeout is long enough for a distant server and short enough for a waiting user.
const defaultConnectTimeout = 5 * time.Second

// Options configure a connection pool.
type Options struct {
	URL             string        // postgres://user:password@host:port/database, or key=value pairs as for libpq
	MaxConns        int32         // maximum number of connections; 0 means pool_max_conns of the URL, or the number of CPUs but at least 4
	ApplicationName string        // shown in pg_stat_activity, unless the URL contains one
	ConnectTimeout  time.Duration // for one attempt; 0 means connect_timeout of the URL, or 5 s
	ReadOnly        bool          // transactions are read-only by default
	Logger          *slog.Logger  // receives the server's notices and warnings; nil discards them

	// Tracer receives every query. It may also implement pgx.BatchTracer, pgx.ConnectTracer and so on.
	Tracer pgx.QueryTracer
}

// Connect opens a pool and checks that Postgres responds.
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

// Open opens a pool without connecting, so that a server can start while Postgres is down. It fails only if the connection string is not
// valid.
func Open(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	config, err := o.poolConfig()
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, Fault("open a connection pool", err)
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
		return nil, fault.New(fault.Invalid, "open a connection pool", "MaxConns and ConnectTimeout cannot be negative")
	case ambiguous(o.URL):
		return nil, fault.New(fault.Invalid, op, "it contains an ambiguous @, which may be part of the password or its end",
			`percent-encode special characters in the user name, password, path and parameters: @ is %40, / is %2F, ? is %3F`)
	}
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		// Drop the driver's error, which contains the connection string.
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

// logNotice logs the server's notices, such as RAISE NOTICE, deprecations and truncated names.
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

// parseReason returns why a connection string is not valid. The driver's own message contains the string.
func parseReason(err error) string {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Error()
	}
	text := err.Error()
	for _, known := range []struct{ mark, reason string }{
		{"invalid port", "the port is not a number between 1 and 65535"},
		{"port numbers to", "the numbers of hosts and ports differ"},
		{"failed to configure TLS", "the TLS settings (sslmode, sslcert, sslkey, sslrootcert) are not consistent"},
		{"failed to read service", "the service cannot be read from the service file"},
		{"invalid connect_timeout", "connect_timeout is not a number of seconds"},
		{"unknown target_session_attrs", "target_session_attrs is not valid"},
		{"cannot parse pool_", "a pool_ setting has the wrong type"},
		{"pool_max_conns too small", "pool_max_conns must be at least 1"},
	} {
		if strings.Contains(text, known.mark) {
			return known.reason
		}
	}
	return "it is neither a postgres:// URL nor key=value pairs"
}

// Beginner starts transactions. It is a pool, a connection, or a transaction, which sets a savepoint.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// rollbackTimeout limits the rollback of a transaction whose context has ended.
const rollbackTimeout = 5 * time.Second

// InTx runs fn in a transaction. It commits if fn returns nil, and rolls back if fn returns an error or panics, or if ctx ends. It returns
// the error of fn unchanged.
func InTx(ctx context.Context, db Beginner, fn func(pgx.Tx) error) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return Fault("begin a transaction", err)
	}
	defer func() {
		// This has no effect after a commit. Otherwise, the error that ended the transaction is more useful.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return Fault("commit the transaction", tx.Commit(ctx))
}
