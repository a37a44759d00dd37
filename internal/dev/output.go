package dev

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// The usual names of the standard fields in structured logs. The first existing one counts.
var (
	levelNames   = []string{"level", "severity", "lvl", "levelname"}
	messageNames = []string{"msg", "message", "event"}
	timeNames    = []string{"time", "timestamp", "ts", "@timestamp", "asctime"}
	requestNames = []string{"request_id", "requestId", "req_id", "reqId", "request-id", "x-request-id"}
)

// outputEvent returns the event for a line of a program's output. A line of JSON is parsed as a structured log record.
func outputEvent(part, line string) Event {
	e := Event{Part: part, Text: line}
	if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}") {
		return e
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &fields) != nil {
		return e
	}
	message := take(fields, messageNames)
	if message == "" {
		return e
	}
	e.Level = level(take(fields, levelNames))
	take(fields, timeNames)
	e.Request = take(fields, requestNames)
	var text strings.Builder
	text.WriteString(message)
	for _, name := range inOrder(line, fields) {
		fmt.Fprintf(&text, " %s=%s", name, plain(fields[name]))
	}
	e.Text = text.String()
	return e
}

// take removes the first existing field of these names and returns its value.
func take(fields map[string]json.RawMessage, names []string) string {
	for _, name := range names {
		if value, there := fields[name]; there {
			delete(fields, name)
			return plain(value)
		}
	}
	return ""
}

// plain formats a value, with text unquoted.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// inOrder returns the names of the fields in the order of the line.
func inOrder(line string, fields map[string]json.RawMessage) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	at := func(name string) int {
		quoted, _ := json.Marshal(name) // encoding a string cannot fail
		return strings.Index(line, string(quoted)+":")
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := at(a) - at(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return names
}

// level parses the names of levels in slog, zap, logrus and Python, and the numbers of levels in pino.
func level(text string) slog.Level {
	switch strings.ToLower(text) {
	case "debug", "trace", "10", "20":
		return slog.LevelDebug
	case "warn", "warning", "40":
		return slog.LevelWarn
	case "error", "err", "fatal", "panic", "critical", "dpanic", "50", "60":
		return slog.LevelError
	}
	return slog.LevelInfo
}
