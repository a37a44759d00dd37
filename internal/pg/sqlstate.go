package pg

import (
	"errors"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
)

// The fault codes of SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html). A specific code takes precedence over its
// class, which is the first two characters.
var (
	sqlstates = map[string]fault.Code{
		"23001": fault.Conflict, // restrict_violation
		"23503": fault.Conflict, // foreign_key_violation
		"23505": fault.Conflict, // unique_violation
		"23P01": fault.Conflict, // exclusion_violation
		"25006": fault.Forbidden,
		"25P03": fault.Timeout, // idle_in_transaction_session_timeout
		"25P04": fault.Timeout, // transaction_timeout
		"42501": fault.Forbidden,
		"42P04": fault.Conflict, // duplicate_database
		"57014": fault.Timeout,  // query_canceled: by statement_timeout, see codeOf
		"57P04": fault.NotFound, // database_dropped
		"P0002": fault.NotFound, // no_data_found
	}
	sqlstateClasses = map[string]fault.Code{
		"08": fault.Unavailable, // connection exception
		"0A": fault.Invalid,     // feature not supported
		"21": fault.Invalid,     // cardinality violation
		"22": fault.Invalid,     // data exception
		"23": fault.Invalid,     // integrity constraint violation: not null, check
		"28": fault.Forbidden,   // invalid authorization
		"2B": fault.Conflict,    // dependent objects still exist
		"3D": fault.NotFound,    // no such database
		"3F": fault.Invalid,     // no such schema
		"40": fault.Conflict,    // serialization failure, deadlock
		"42": fault.Invalid,     // syntax error or access rule violation
		"44": fault.Invalid,     // WITH CHECK OPTION
		"53": fault.Unavailable, // insufficient resources
		"54": fault.Invalid,     // program limit exceeded
		"55": fault.Conflict,    // object not in prerequisite state
		"57": fault.Unavailable, // operator intervention: shutdown, crash, starting up
		"58": fault.Unavailable, // system error
		"P0": fault.Invalid,     // RAISE EXCEPTION
	}
	serverHints = map[string]string{
		"25006": "connect to the primary, or do not use read-only transactions",
		"40001": "try again: another transaction changed the same rows",
		"40P01": "try again: two transactions were waiting for each other",
		"42501": "grant the permission to the role, or connect as another role",
		"53100": "free some disk space on the database server",
		"53300": "use fewer connections, or increase max_connections on the server",
		"57P01": "Postgres is shutting down; try again when it is back",
		"57P02": "Postgres crashed and is recovering; try again in a moment",
		"57P03": "Postgres is starting up; try again in a moment",
	}
)

// IsAboutRow reports whether an error may be caused by the values of a row, so that other values may help. Other causes are the statement, the
// server, a missing permission or another transaction. The class of the SQLSTATE tells.
func IsAboutRow(err error) bool {
	server := new(pgconn.PgError)
	elsewhere := []string{"08", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "XX"}
	return errors.As(err, &server) && len(server.Code) == 5 && !slices.Contains(elsewhere, server.Code[:2])
}

func codeOf(e *pgconn.PgError) fault.Code {
	switch {
	case e.Code == "57014" && strings.Contains(e.Message, "user request"):
		return fault.Canceled
	case e.Code == "55P03" && strings.Contains(e.Message, "timeout"): // lock_timeout, rather than NOWAIT
		return fault.Timeout
	case len(e.Code) != 5:
		return fault.Internal
	}
	if code, ok := sqlstates[e.Code]; ok {
		return code
	}
	if code, ok := sqlstateClasses[e.Code[:2]]; ok {
		return code
	}
	return fault.Internal
}

// IsForeignKeyViolation reports whether a SQLSTATE says that a row refers to none, or is referred to. Since version 18, RESTRICT has its own.
func IsForeignKeyViolation(state string) bool { return state == "23503" || state == "23001" }

const diskFull = "53100" // https://www.postgresql.org/docs/current/errcodes-appendix.html

// IsDiskFull reports whether an error of Postgres or of the operating system says that a disk is full.
func IsDiskFull(err error) bool {
	var server *pgconn.PgError
	return errors.Is(err, syscall.ENOSPC) || (errors.As(err, &server) && server.Code == diskFull)
}
