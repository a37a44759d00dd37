package local

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// keepLines is the number of last log lines kept for the error about an unexpected exit.
const keepLines = 50

// graceForLastWords is how long the processes of an exited server may keep its log open.
const graceForLastWords = 2 * time.Second

// serverLog passes the server's output on to a logger, one record per line.
type serverLog struct {
	from   *os.File
	logger *slog.Logger
	done   chan struct{}

	mu    sync.Mutex
	lines []logLine
}

type logLine struct{ severity, text string }

func readLog(from *os.File, logger *slog.Logger) *serverLog {
	l := &serverLog{from: from, logger: logger, done: make(chan struct{})}
	go l.read()
	return l
}

func (l *serverLog) read() {
	defer close(l.done)
	level := slog.LevelDebug
	for in := bufio.NewReader(l.from); ; {
		text, err := in.ReadString('\n') // not a Scanner, which limits the length of lines
		if line := parseLogLine(strings.TrimRight(text, "\r\n")); line.text != "" {
			if known, ok := logLevels[line.severity]; ok {
				level = known
			}
			if line.text == endedByOrder {
				level = slog.LevelDebug
			}
			l.keep(line)
			shown := level
			if line.isForAdministrators() {
				shown = slog.LevelDebug
			}
			l.logger.Log(context.Background(), shown, line.text, "severity", line.severity)
		}
		if err != nil {
			return
		}
	}
}

// endedByOrder is the message of a connection that was ended on purpose. It does not indicate a problem of the server.
const endedByOrder = "terminating connection due to administrator command"

// logLevels are the levels of the severities that start a message. DETAIL, HINT and similar lines have the level of the message before
// them.
var logLevels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "LOG": slog.LevelDebug, "INFO": slog.LevelInfo, "NOTICE": slog.LevelInfo,
	"WARNING": slog.LevelWarn, "ERROR": slog.LevelWarn, "FATAL": slog.LevelError, "PANIC": slog.LevelError,
}

// parseLogLine splits a line such as "LOG:  database system is ready". The server runs with an empty log_line_prefix. A line without a
// severity continues the previous line.
func parseLogLine(line string) logLine {
	if severity, text, ok := strings.Cut(line, ":  "); ok && severity != "" && strings.ToUpper(severity) == severity {
		return logLine{strings.TrimRight(severity, "12345"), text}
	}
	return logLine{"", line}
}

func (l *serverLog) keep(line logLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == keepLines {
		l.lines = append(l.lines[:0], l.lines[1:]...)
	}
	l.lines = append(l.lines, line)
}

// reason returns the server's messages about its exit: the fatal ones or, without any, the last lines.
func (l *serverLog) reason() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var fatal, last []string
	for i, line := range l.lines {
		if line.severity == "FATAL" || line.severity == "PANIC" {
			fatal = append(fatal, line.text)
		}
		if i >= len(l.lines)-5 {
			last = append(last, line.text)
		}
	}
	if len(fatal) > 0 {
		return strings.Join(fatal[max(0, len(fatal)-3):], "; ")
	}
	return strings.Join(last, "; ")
}

// diskFull is the message of the operating system in those of the server.
const diskFull = "No space left on device"

// contains reports whether one of the last lines contains a text.
func (l *serverLog) contains(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lines, func(line logLine) bool { return strings.Contains(line.text, text) })
}

// forAdministrators are parts of hints that do not help with a development database. It has no backup, and its log is the session's.
var forAdministrators = regexp.MustCompile(`(?i)backup|recovery target|server log|recent messages`)

func (line logLine) isForAdministrators() bool {
	return line.severity == "HINT" && forAdministrators.MatchString(line.text)
}

// hint returns the server's last hint that helps.
func (l *serverLog) hint() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.lines) - 1; i >= 0; i-- {
		if l.lines[i].severity == "HINT" && !l.lines[i].isForAdministrators() {
			return l.lines[i].text
		}
	}
	return ""
}

// close waits for the last output of the server, which ends with its last process.
func (l *serverLog) close() {
	timer := time.NewTimer(graceForLastWords)
	defer timer.Stop()
	select {
	case <-l.done:
	case <-timer.C:
	}
	_ = l.from.Close()
	<-l.done
}
