package dev

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Names under which programs log what every log has, the first that is there counts.
var (
	levelNames   = []string{"level", "severity", "lvl", "levelname"}
	messageNames = []string{"msg", "message", "event"}
	timeNames    = []string{"time", "timestamp", "ts", "@timestamp", "asctime"}
	requestNames = []string{"request_id", "requestId", "req_id", "reqId", "request-id", "x-request-id"}
)

// outputEvent is the event of a line that a program has written. One of JSON, as structured logs are, is taken apart.
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

// take removes the first field of a name and returns its value.
func take(fields map[string]json.RawMessage, names []string) string {
	for _, name := range names {
		if value, there := fields[name]; there {
			delete(fields, name)
			return plain(value)
		}
	}
	return ""
}

// plain is a value as people write it: text without quotes.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// inOrder returns the names in the order in which the line has them.
func inOrder(line string, fields map[string]json.RawMessage) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	at := func(name string) int {
		quoted, _ := json.Marshal(name) // a text always has a form
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

// level reads a level as slog, zap, logrus and Python name them, or as pino numbers them.
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
