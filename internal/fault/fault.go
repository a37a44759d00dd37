// Package fault is the error type that crosses Krowoc's package boundaries. A fault says what was being
// done, what went wrong, and what to do next; its code places it in one of a few categories. The package
// knows no transport: the edges (cli, server) map a code to an exit code, an HTTP status or a GraphQL
// extension.
package fault

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Code is the category of an error.
type Code string

// The categories.
const (
	Invalid         Code = "invalid"         // the caller's input or configuration is wrong
	Unauthenticated Code = "unauthenticated" // nobody knows who is asking
	Forbidden       Code = "forbidden"       // it is known, and may not
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"     // the state does not allow it: a duplicate, a lock, a dirty tree
	RateLimited     Code = "rate_limited" // too much, too fast
	Upstream        Code = "upstream"     // another service answered, wrongly
	Unavailable     Code = "unavailable"  // another service, or this one, does not answer now
	Timeout         Code = "timeout"
	Canceled        Code = "canceled" // the caller gave up: Ctrl-C, a closed connection
	CheckFailed     Code = "check_failed"
	Internal        Code = "internal" // a bug, or something nobody foresaw
)

// Retryable reports whether the same call may succeed later with nothing changed by the caller.
func (c Code) Retryable() bool {
	switch c {
	case RateLimited, Upstream, Unavailable, Timeout:
		return true
	}
	return false
}

// Error is a fault. Message and Hint are written for the person who meets the error and never hold a
// secret; Err holds the cause, for logs and for errors.Is and errors.As.
type Error struct {
	Code    Code
	Op      string // what was being done, to what: `apply migration 00003_votes.sql`
	Message string // why it failed; empty to say what Err says
	Hint    string // what to do next; may be empty
	Err     error

	// Private keeps Message and Hint from clients of the API, for they may name hosts, roles, databases or folders. The
	// command line and the log show them.
	Private bool

	// RetryAfter is how long the caller should wait before the same call; 0 when nobody knows. It means
	// something only where the code is Retryable.
	RetryAfter time.Duration
}

// Error returns "op: message" on one line, followed by the cause when there is no message.
func (e *Error) Error() string {
	parts := make([]string, 0, 2)
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	switch {
	case e.Message != "":
		parts = append(parts, e.Message)
	case e.Err != nil:
		parts = append(parts, e.Err.Error())
	default:
		parts = append(parts, string(e.Code))
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns a fault with a message and, optionally, a hint.
func New(code Code, op, message string, hint ...string) *Error {
	return &Error{Code: code, Op: op, Message: message, Hint: strings.Join(hint, " ")}
}

// Wrap adds what was being done to err and keeps the code, hint and privacy of the fault within it; an error that
// is no fault becomes canceled, timeout or internal. Wrap(op, nil) is nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: CodeOf(err), Op: op, Hint: HintOf(err), Err: err, Private: isPrivate(err)}
}

// isPrivate reports whether the outermost fault in err's chain is.
func isPrivate(err error) bool {
	var f *Error
	return errors.As(err, &f) && f.Private
}

// CodeOf returns the code of the outermost fault in err's chain: Canceled or Timeout for a bare context
// error, Internal for any other error, and "" for nil.
func CodeOf(err error) Code {
	var f *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f):
		return f.Code
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Internal
}

// HintOf returns the outermost hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		var f *Error
		if !errors.As(err, &f) {
			return ""
		}
		if f.Hint != "" {
			return f.Hint
		}
		err = f.Err
	}
	return ""
}

// RetryAfterOf returns the outermost wait in err's chain, or 0.
func RetryAfterOf(err error) time.Duration {
	for err != nil {
		var f *Error
		if !errors.As(err, &f) {
			return 0
		}
		if f.RetryAfter > 0 {
			return f.RetryAfter
		}
		err = f.Err
	}
	return 0
}
