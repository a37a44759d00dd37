package factory

import (
	"io"
	"os"
	"path/filepath"

	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/krowoc/krowoc/internal/fault"
)

// When the file of the log rotates, and how long the old ones are kept.
const (
	maxLogMegabytes = 100
	maxLogDays      = 14
)

// logFile is a log in a file that rotates. Lines that cannot be written there go to another writer, so that none is lost when the disk is
// full.
type logFile struct {
	file     io.WriteCloser
	fallback io.Writer
}

// openLogFile opens a log that rotates at a size, for its user alone. The folder of the file is created if necessary.
func openLogFile(path string, megabytes int, fallback io.Writer) (*logFile, error) {
	const op, hint = "open the log", "allow this user to write it, or set log.file to another path"
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Message: "log.file: " + err.Error(), Err: err, Hint: hint}
	}
	// Lumberjack opens the file at the first line, which would be too late for an error.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Op: op, Message: "log.file: " + err.Error(), Err: err, Hint: hint}
	}
	if err := f.Close(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return &logFile{&lumberjack.Logger{Filename: path, MaxSize: megabytes, MaxAge: maxLogDays}, fallback}, nil
}

// Write implements io.Writer.
func (l *logFile) Write(line []byte) (int, error) {
	if n, err := l.file.Write(line); err == nil {
		return n, nil
	}
	return l.fallback.Write(line)
}

// Close closes the file.
func (l *logFile) Close() error { return l.file.Close() }

// LogToFile makes Logger log to the configured file, if there is one, until the returned function is called.
func (f *Factory) LogToFile() (closeFile func() error, err error) {
	c, err := f.Config()
	if err != nil {
		return nil, err
	}
	if c.Log.File == "" {
		return func() error { return nil }, nil
	}
	if f.logFile, err = openLogFile(c.Path(c.Log.File), maxLogMegabytes, f.Term.Err); err != nil {
		return nil, &UsageError{err}
	}
	return f.logFile.Close, nil
}
