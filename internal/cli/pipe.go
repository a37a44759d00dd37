package cli

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
)

// reader is who reads the output. When it goes away, as head does when it has enough, the command is asked to end: it
// puts everything back and stops what it has started, which the death by SIGPIPE that is usual would not.
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
