package analytics

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// browserEvent is an event as posthog-js sends it.
type browserEvent struct {
	Event      string         `json:"event"`
	Properties map[string]any `json:"properties"`
}

// log logs the events of a request, in development.
func (b *Browser) log(w http.ResponseWriter, r *http.Request) {
	events, err := readEvents(r.Body)
	if err != nil {
		problem.Write(w, r, fault.New(fault.Invalid, "read events", "the body has no events of posthog-js"))
		return
	}
	for _, e := range events {
		text, err := json.Marshal(e.Properties)
		if err != nil {
			continue // it has just been read
		}
		id, _ := e.Properties["distinct_id"].(string)
		b.o.Logger.LogAttrs(r.Context(), slog.LevelInfo, "event", slog.String("event", e.Event), slog.String("distinct_id", id),
			slog.String("from", "browser"), slog.String("properties", string(text)))
	}
	acknowledge(w)
}

// readEvents reads one event, a list or a batch, compressed or in a form.
func readEvents(body io.Reader) ([]browserEvent, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if data, err = io.ReadAll(io.LimitReader(z, 16*MaxBrowserBody)); err != nil {
			return nil, err
		}
	}
	if form, ok := strings.CutPrefix(string(data), "data="); ok {
		values, err := url.ParseQuery("data=" + form)
		if err != nil {
			return nil, err
		}
		data = []byte(values.Get("data"))
	}
	var list []browserEvent
	if json.Unmarshal(data, &list) == nil {
		return list, nil
	}
	var one struct {
		browserEvent
		Batch []browserEvent `json:"batch"`
	}
	err = json.Unmarshal(data, &one)
	if one.Event != "" {
		one.Batch = append(one.Batch, one.browserEvent)
	}
	return one.Batch, err
}
