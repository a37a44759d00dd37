// Package analytics sends product events to PostHog. A request only adds events to a queue in memory, or to a table in the transaction of its
// mutation; the sending happens in the background. What cannot be sent is counted, and slows nothing down.
package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
)

// Event is something that happened. Its properties must not change once it is captured.
type Event struct {
	UUID       string // PostHog keeps one event of each; a new one of version 7 if it is empty
	Name       string // snake_case; PostHog's own begin with $
	DistinctID string // of the person or, without consent, of nobody
	Time       time.Time
	Properties map[string]any
}

// Record is an event as it is sent.
type Record struct {
	Event
	JSON []byte
}

// Fate is what became of a record.
type Fate uint8

// The fates.
const (
	Waiting   Fate = iota // it can be sent again
	Delivered             // PostHog has confirmed it
	Refused               // PostHog does not take it, now or later
)

// Sender sends records. It returns the fate of each. An error tells why some wait; it can be a *Delay.
type Sender interface {
	Send(ctx context.Context, batch []Record) ([]Fate, error)
}

// Delay is an error with the time to wait before the next attempt. 0 leaves it to the caller.
type Delay struct {
	After  time.Duration
	Denied bool // the key or the host is wrong; the same request fails again
	Err    error
}

func (d *Delay) Error() string { return d.Err.Error() }

func (d *Delay) Unwrap() error { return d.Err }

// maxEvent is how many bytes an event may have. PostHog takes 1 MB.
const maxEvent = 900 << 10

// wireTime is how times are sent: RFC 3339 in UTC.
const wireTime = "2006-01-02T15:04:05.000Z"

// encode returns the record of an event. Common properties yield to those of the event.
func encode(e Event, common map[string]any) (Record, error) {
	if e.UUID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return Record{}, err
		}
		e.UUID = id.String()
	}
	properties := make(map[string]any, len(common)+len(e.Properties))
	maps.Copy(properties, common)
	maps.Copy(properties, e.Properties)
	text, err := json.Marshal(struct {
		Event      string         `json:"event"`
		UUID       string         `json:"uuid"`
		DistinctID string         `json:"distinct_id"`
		Timestamp  string         `json:"timestamp"`
		Properties map[string]any `json:"properties"`
	}{e.Name, e.UUID, e.DistinctID, e.Time.UTC().Format(wireTime), properties})
	switch {
	case err != nil:
		return Record{}, err
	case len(text) > maxEvent:
		return Record{}, fmt.Errorf("the event %s has %d bytes; at most %d are sent", e.Name, len(text), maxEvent)
	}
	e.Properties = properties
	return Record{e, text}, nil
}
