package errorlog

import (
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
)

// describe returns the text of an error without values: what was done, and why it failed. Errors whose text is known to contain values are
// described by their other properties.
func describe(err error) string {
	var parts []string
	add := func(text string) {
		if text != "" && (len(parts) == 0 || parts[len(parts)-1] != text) {
			parts = append(parts, text)
		}
	}
	var f *fault.Error
	for rest := err; errors.As(rest, &f); rest = f.Err {
		add(Normalise(f.Op))
	}
	add(reason(err))
	return clip(strings.Join(parts, ": "), maxMessage)
}

// reason returns why an operation failed, normalised. SQLSTATEs and names of the schema have digits that are no values.
func reason(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return ofPostgres(server)
	}
	return Normalise(otherReason(err))
}

func otherReason(err error) string {
	var panicked *fault.Panic
	var invalid gqlerror.List
	var several graph.Mistakes
	switch {
	case errors.As(err, &panicked):
		return ofPanic(panicked.Value)
	case errors.As(err, &invalid) && len(invalid) > 0:
		return ofDocument(invalid[0])
	case errors.As(err, &several) && len(several) > 0:
		return message(several[0])
	}
	if network := ofNetwork(err); network != "" {
		return network
	}
	return message(err)
}

// message returns the outermost message of the faults in err's chain, or the text of the error that is not a fault.
func message(err error) string {
	var value *graph.ValueError
	field := ""
	if errors.As(err, &value) && value.Field != "" {
		field = value.Field + ": "
	}
	for {
		var f *fault.Error
		switch {
		case err == nil:
			return strings.TrimSuffix(field, ": ")
		case !errors.As(err, &f):
			return field + err.Error()
		case f.Message != "":
			return field + f.Message
		}
		err = f.Err
	}
}

// ofPostgres describes an error of Postgres, without its detail, which contains values, without what a function of the project raises, and
// without messages in other languages, whose quotes are unknown.
func ofPostgres(e *pgconn.PgError) string {
	var b strings.Builder
	text := Normalise(outsideQuotes(e.Message))
	switch {
	case isRaised(e):
		b.WriteString("a function raised an exception")
	case isTranslated(e, text):
		b.WriteString("Postgres failed")
	default:
		b.WriteString(text)
	}
	b.WriteString(" (SQLSTATE " + e.Code)
	for _, name := range []string{e.TableName, e.ColumnName, e.ConstraintName} {
		if name != "" {
			b.WriteString(", " + name)
		}
	}
	return b.String() + ")"
}

// raisingFiles begin the names of the source files of Postgres with which functions in other languages than PL/pgSQL raise errors.
var raisingFiles = []string{"plperl", "plpy_", "pltcl", "plv8"}

// isRaised reports whether a function of the project chose the message.
func isRaised(e *pgconn.PgError) bool {
	isOther := slices.ContainsFunc(raisingFiles, func(file string) bool { return strings.HasPrefix(e.File, file) })
	return isOther || strings.HasPrefix(e.Code, "P0") || e.Routine == "exec_stmt_raise"
}

// isTranslated reports whether a message is in another language than English. Some languages keep the severity.
func isTranslated(e *pgconn.PgError, outside string) bool {
	isForeign := func(r rune) bool { return r > unicode.MaxASCII && !strings.ContainsRune(replacements, r) }
	hasOtherSeverity := e.SeverityUnlocalized != "" && e.Severity != e.SeverityUnlocalized
	return hasOtherSeverity || strings.ContainsFunc(outside, isForeign)
}

// outsideQuotes replaces everything from the first quote to the last: Postgres does not escape quotes in the values that it quotes.
func outsideQuotes(message string) string {
	first, last := strings.IndexByte(message, '"'), strings.LastIndexByte(message, '"')
	if first == last {
		return message
	}
	return message[:first+1] + "…" + message[last:]
}

// ofPanic describes a panic. Only what the Go runtime writes is known to contain no values but numbers.
func ofPanic(value any) string {
	if err, ok := value.(runtime.Error); ok {
		return "panic: " + err.Error()
	}
	return "panic"
}

// ofDocument describes a document that is not valid: the rule of the GraphQL specification that it breaks, and the first mistake.
func ofDocument(e *gqlerror.Error) string {
	if e.Rule == "" {
		return "the document cannot be parsed"
	}
	return e.Rule + ": " + e.Message
}

// ofNetwork describes a failed connection without its addresses, or returns "".
func ofNetwork(err error) string {
	var dns *net.DNSError
	var operation *net.OpError
	var number syscall.Errno
	switch {
	case errors.As(err, &dns):
		return "look up a host: " + strings.ToLower(dns.Err)
	case !errors.As(err, &operation):
		return ""
	case errors.As(err, &number):
		return operation.Op + " " + operation.Net + ": " + number.Error()
	case operation.Timeout():
		return operation.Op + " " + operation.Net + ": time-out"
	}
	return operation.Op + " " + operation.Net + ": failed"
}
