package dev

import (
	"log/slog"
	"testing"
)

func TestOutputEvent(t *testing.T) {
	for line, want := range map[string]Event{
		"plain":    {Text: "plain"},
		"{no json": {Text: "{no json"},
		`{"a":1}`:  {Text: `{"a":1}`},
		`{"level":"WARN","time":"2026-01-02T03:04:05Z","msg":"slow query","ms":1200,"b":{"c":[1]},"a":"x"}`: {Level: slog.LevelWarn, Text: `slow query ms=1200 b={"c":[1]} a=x`},
		`{"level":50,"time":1767323045,"pid":7,"reqId":"r-1","msg":"failed"}`:                               {Level: slog.LevelError, Request: "r-1", Text: "failed pid=7"},
		`{"levelname":"DEBUG","message":"m"}`:                                                               {Level: slog.LevelDebug, Text: "m"},
		`{"severity":"nonsense","message":"m","request_id":"1"}`:                                            {Request: "1", Text: "m"},
	} {
		want.Part = "p"
		if got := outputEvent("p", line); got.Text != want.Text || got.Level != want.Level || got.Request != want.Request || got.Part != want.Part {
			t.Errorf("%s\n got %+v\nwant %+v", line, got, want)
		}
	}
}

func FuzzOutputEvent(f *testing.F) {
	f.Add(`{"level":"info","msg":"x","a":{"b":null}}`)
	f.Fuzz(func(t *testing.T, line string) {
		if e := outputEvent("p", line); e.Part != "p" {
			t.Error("the part is lost")
		}
	})
}
