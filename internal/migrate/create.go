package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Style is a way to number versions.
type Style string

// The styles. Auto counts on in a folder that counts and begins to count in an empty one; after any other version, such as a date, it
// uses timestamps.
const (
	Auto       Style = ""
	Sequential Style = "sequential" // 00001
	Timestamp  Style = "timestamp"  // 20060102150405, in UTC
)

const (
	timestampFormat = "20060102150405"
	sequentialWidth = 5
	maxNameLength   = 100
)

const template = `-- +goose Up
-- End each statement with a semicolon. One that holds semicolons itself, such as a function, stands
-- between two more lines like the one above: StatementBegin and StatementEnd in place of Up.


-- +goose Down
-- What restores exactly what was before.

`

// Create writes an empty migration into dir and returns its path. It creates dir if it is missing, converts the name to lower
// case with underscores, and never overwrites a file.
func Create(dir, name string, now time.Time, style Style) (string, error) {
	op := fmt.Sprintf("create migration %q", name)
	slug := slugOf(name)
	if slug == "" || len(slug) > maxNameLength {
		return "", fault.New(fault.Invalid, op, fmt.Sprintf("the name must have 1 to %d letters or digits; it has %d", maxNameLength, len(slug)),
			"describe the change, for example: krowoc migrate create add_votes")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fileFault(op, err)
	}
	files, err := readFolder(os.DirFS(dir), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	version, err := nextVersion(files, now, style)
	if err != nil {
		return "", fault.Wrap(op, err)
	}
	path := filepath.Join(dir, version+"_"+slug+".sql")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", fileFault(op, err)
	}
	_, err = f.WriteString(template)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fileFault(op, err)
	}
	return path, nil
}

// nextVersion returns the version after that of the newest file, in the given style.
func nextVersion(files []*file, now time.Time, style Style) (string, error) {
	var newest int64
	width := sequentialWidth
	if n := len(files); n > 0 {
		newest = files[n-1].version
		digits, _, _ := strings.Cut(files[n-1].name, "_")
		width = len(digits)
	}
	if style == Auto {
		style = Sequential
		if newest > lastCounted {
			style = Timestamp
		}
	}
	switch style {
	case Sequential:
		return fmt.Sprintf("%0*d", width, newest+1), nil
	case Timestamp:
		stamp, err := strconv.ParseInt(now.UTC().Format(timestampFormat), 10, 64)
		if stamp <= newest {
			stamp = afterTimestamp(newest)
		}
		return strconv.FormatInt(stamp, 10), err
	}
	return "", fault.New(fault.Invalid, "number the migration", fmt.Sprintf("the numbering style %q is unknown", style), "use sequential or timestamp")
}

// lastCounted is the highest version that is a count: the shortest dates have eight digits.
const lastCounted = 9_999_999

// afterTimestamp returns the version one second later, or the next number if the version is not a timestamp.
func afterTimestamp(version int64) int64 {
	at, err := time.Parse(timestampFormat, strconv.FormatInt(version, 10))
	if err != nil {
		return version + 1
	}
	next, err := strconv.ParseInt(at.Add(time.Second).Format(timestampFormat), 10, 64)
	if err != nil {
		return version + 1
	}
	return next
}

var (
	wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	notName   = regexp.MustCompile(`[^a-z0-9]+`)
)

// slugOf converts a name to a file name: `Add Votes!` and `addVotes` become add_votes.
func slugOf(name string) string {
	name = strings.ToLower(wordStart.ReplaceAllString(strings.TrimSuffix(name, ".sql"), "${1}_${2}"))
	return strings.Trim(notName.ReplaceAllString(name, "_"), "_")
}

// fileFault converts an error of the file system.
func fileFault(op string, err error) error {
	code := fault.Internal
	switch {
	case errors.Is(err, fs.ErrExist):
		code = fault.Conflict
	case errors.Is(err, fs.ErrPermission):
		code = fault.Forbidden
	}
	return &fault.Error{Code: code, Op: op, Err: err}
}
