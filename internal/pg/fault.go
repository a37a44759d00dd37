package pg

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/krowoc/krowoc/internal/fault"
)

// Fault converts an error of the driver to a fault. The fault has a code that follows from the SQLSTATE or the network error, Postgres's
// message and detail, and Postgres's hint or ours. A server that is unreachable, starting, stopping or full is Unavailable, and the same
// pool works again when the server is back. An existing fault keeps its code. Text from Postgres is private, since it names roles, tables
// and values. Fault(op, nil) is nil.
func Fault(op string, err error) error {
	var known *fault.Error
	var connect *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return fault.Wrap(op, err)
	case errors.As(err, &connect):
		return connectFault(op, connect)
	case errors.As(err, &server):
		return serverFault(op, server, err)
	case errors.Is(err, context.Canceled):
		return &fault.Error{Code: fault.Canceled, Op: op, Message: "interrupted", Err: err}
	case isTimeout(err):
		return &fault.Error{Code: fault.Timeout, Op: op, Message: "Postgres did not respond in time", Err: timedOut{err}}
	case errors.Is(err, pgx.ErrNoRows):
		return &fault.Error{Code: fault.NotFound, Op: op, Message: "no row matches", Err: err}
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return &fault.Error{Code: fault.Conflict, Op: op, Message: "Postgres rolled back the transaction because a statement in it failed", Err: err}
	case errors.Is(err, puddle.ErrClosedPool):
		return &fault.Error{Code: fault.Unavailable, Op: op, Message: "the connection pool is closed", Err: err}
	case isNetwork(err):
		return &fault.Error{Code: fault.Unavailable, Op: op, Message: "the connection to Postgres was lost",
			Hint: "check whether Postgres was stopped or restarted; the next attempt reconnects", Err: err}
	}
	return &fault.Error{Code: fault.Internal, Op: op, Err: err}
}

// connectFault converts the error of a failed connection attempt. It drops the ConnectError, which contains the whole configuration, and
// keeps its cause.
func connectFault(op string, e *pgconn.ConnectError) error {
	cause := e.Unwrap()
	at := address(e.Config)
	f := &fault.Error{Code: fault.Unavailable, Op: op, Err: cause, Private: true}
	var server *pgconn.PgError
	var dns *net.DNSError
	switch {
	case errors.As(cause, &server):
		f.Message = fmt.Sprintf("Postgres at %s: %s", at, serverMessage(server))
		f.Hint = connectHint(server, e.Config)
	case errors.Is(cause, context.Canceled):
		f.Code, f.Message = fault.Canceled, "interrupted"
	case errors.As(cause, &dns) && dns.IsNotFound:
		f.Message = fmt.Sprintf("unknown host %q", dns.Name)
		f.Hint = "check the host in the database URL"
	case isTimeout(cause):
		f.Code, f.Err = fault.Timeout, timedOut{cause}
		f.Message = fmt.Sprintf("Postgres at %s did not respond in time", at)
		f.Hint = "check the address and any firewalls"
	default:
		f.Message = fmt.Sprintf("Postgres at %s cannot be reached: %s", at, lastCause(cause))
		f.Hint = fmt.Sprintf("check whether Postgres is running at %s; `krowoc dev` starts one", at)
	}
	return f
}

// address returns the first address of a configuration: host:port, or the path of a socket.
func address(c *pgconn.Config) string {
	if strings.HasPrefix(c.Host, "/") {
		return fmt.Sprintf("%s/.s.PGSQL.%d", c.Host, c.Port)
	}
	return net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}

func connectHint(e *pgconn.PgError, c *pgconn.Config) string {
	switch {
	case e.Hint != "":
		return e.Hint
	case e.Code == "3D000":
		return fmt.Sprintf("create it: createdb -h %s -p %d -U %s %s", c.Host, c.Port, c.User, c.Database)
	case strings.HasPrefix(e.Code, "28"):
		return "check the user and password in the database URL, and the server's pg_hba.conf"
	}
	return serverHints[e.Code]
}

// serverFault converts an error that Postgres itself reported.
func serverFault(op string, e *pgconn.PgError, err error) error {
	f := &fault.Error{Code: codeOf(e), Op: op, Message: serverMessage(e), Hint: e.Hint, Err: err, Private: true}
	if f.Hint == "" {
		f.Hint = serverHints[e.Code]
	}
	return f
}

// serverMessage returns Postgres's message and its detail, which often names the row or object.
func serverMessage(e *pgconn.PgError) string {
	if e.Detail == "" {
		return e.Message
	}
	return e.Message + ": " + e.Detail
}

// lastCause returns the innermost error, such as `connection refused`.
func lastCause(err error) string {
	for {
		switch e := err.(type) { //nolint:errorlint // it walks the chain by hand
		case interface{ Unwrap() error }:
			next := e.Unwrap()
			if next == nil {
				return err.Error()
			}
			err = next
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			if len(all) == 0 {
				return err.Error()
			}
			err = all[len(all)-1]
		default:
			return err.Error()
		}
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &network) && network.Timeout())
}

// timedOut is a time-out of a context or of a connection. The driver gives a connection the deadline of its context, so it depends on chance
// which of them is reported first. Either counts as the context's.
type timedOut struct{ error }

func (t timedOut) Is(target error) bool { return target == context.DeadlineExceeded }

func (t timedOut) Unwrap() error { return t.error }

func isNetwork(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed)
}
