// Package fault defines the errors that packages of Krowoc return to each other. A fault contains the operation, the cause and a hint, and
// its code is one of a few categories. The package does not depend on a transport: cli and server map codes to exit codes, HTTP statuses
// and GraphQL extensions.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code is the category of an error.
type Code string

// The categories.
const (
	Invalid         Code = "invalid"         // the caller's input or configuration is wrong
	Unauthenticated Code = "unauthenticated" // the caller is unknown
	Forbidden       Code = "forbidden"       // the caller is known, but does not have the permission
	Reauthenticate  Code = "reauthenticate"  // the caller is known, but has to log in again first
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"     // the current state does not allow it: a duplicate, a lock, a dirty tree
	RateLimited     Code = "rate_limited" // too many requests
	Upstream        Code = "upstream"     // another service returned an invalid response
	Unavailable     Code = "unavailable"  // this service or another one does not respond
	Timeout         Code = "timeout"
	Canceled        Code = "canceled" // the caller gave up: Ctrl-C, a closed connection
	CheckFailed     Code = "check_failed"
	Internal        Code = "internal" // a bug or an unexpected error
)

// Retryable reports whether the same call may succeed later.
func (c Code) Retryable() bool {
	switch c {
	case RateLimited, Upstream, Unavailable, Timeout:
		return true
	}
	return false
}

// OfServer reports whether the fault is the server's or of what it needs, and not a mistake of the caller.
func (c Code) OfServer() bool {
	switch c {
	case Internal, Upstream, Unavailable, Timeout:
		return true
	}
	return false
}

// Error is a fault. Message and Hint are for users and never contain secrets. Err is the cause, for logs, errors.Is and errors.As.
type Error struct {
	Code    Code
	Op      string // the operation and its object: `apply migration 00003_votes.sql`
	Message string // why it failed; empty uses the message of Err
	Hint    string // what to do next; may be empty
	Err     error

	// Private hides Message and Hint from clients of the API, since they may name hosts, roles, databases or folders. The command
	// line and the log show them.
	Private bool

	// RetryAfter is how long the caller should wait before a retry; 0 if unknown. It applies only if the code is Retryable.
	RetryAfter time.Duration
}

// Error returns "op: message" on one line. Without a message, it uses the cause.
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

// Panic is the cause of a fault that was a panic. Its text has the value, so it is for logs only.
type Panic struct {
	Value any
	Stack []byte // as debug.Stack returns it
}

// Error implements error.
func (p *Panic) Error() string { return fmt.Sprint("panic: ", p.Value) }

// New returns a fault with a message and, optionally, a hint.
func New(code Code, op, message string, hint ...string) *Error {
	return &Error{Code: code, Op: op, Message: message, Hint: strings.Join(hint, " ")}
}

// Wrap adds the operation to err. It keeps the code, hint and privacy of a fault in err; any other error gets the code canceled, timeout
// or internal. Wrap(op, nil) is nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: CodeOf(err), Op: op, Hint: HintOf(err), Err: err, Private: isPrivate(err)}
}

// isPrivate reports whether the outermost fault in err's chain is private.
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

// RetryAfterOf returns the outermost RetryAfter in err's chain, or 0.
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
