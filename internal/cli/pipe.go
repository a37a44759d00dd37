package cli

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
)

// reader writes to whoever reads the output. When that reader goes away, as head does after enough lines, reader cancels the
// command. The command then restores everything and stops what it started, which it could not do if SIGPIPE killed it.
type reader struct {
	io.Writer
	leave context.CancelFunc
	gone  atomic.Bool
}

// Write implements io.Writer.
func (r *reader) Write(p []byte) (int, error) {
	n, err := r.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		r.gone.Store(true)
		r.leave()
	}
	return n, err
}
