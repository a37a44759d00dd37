package local

import (
	"bufio"
	"log/slog"
	"os"
	"sync"
)

// serverLog passes what the server writes on to a logger, line by line, and keeps the last lines for errors.
type serverLog struct {
	w    *os.File // the server's end
	r    *os.File
	done chan struct{}

	mu    sync.Mutex
	lines []string
}

func newServerLog(logger *slog.Logger) (*serverLog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l := &serverLog{w: w, r: r, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for in := bufio.NewScanner(r); in.Scan(); {
			logger.Debug(in.Text())
			l.mu.Lock()
			l.lines = append(l.lines, in.Text())
			if len(l.lines) > 20 {
				l.lines = l.lines[1:]
			}
			l.mu.Unlock()
		}
	}()
	return l, nil
}

// last returns the last n lines.
func (l *serverLog) last(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines[max(0, len(l.lines)-n):]
}

// close waits for the server's last words, which end when the last of its processes does.
func (l *serverLog) close() {
	<-l.done
	_ = l.r.Close()
}
