package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Event is one of Server-Sent Events (WHATWG HTML, section 9.2); Data is sent as JSON.
type Event struct{ Name, Data string }

// Broadcast sends events to all who follow. Its zero value is ready.
type Broadcast struct {
	mu   sync.Mutex
	open map[chan Event]bool
}

// backlog is how many events may wait for one who is slow; what is more is lost, since each says to look again.
const backlog = 16

// keepAlive is how often a connection without news is written to, so that one that is gone is noticed.
const keepAlive = 30 * time.Second

// Send sends an event.
func (b *Broadcast) Send(name, data string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		select {
		case c <- Event{name, data}:
		default:
		}
	}
}

// Follow returns a channel of events, and what ends it.
func (b *Broadcast) Follow() (events <-chan Event, end func()) {
	c := make(chan Event, backlog)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		b.open = map[chan Event]bool{}
	}
	b.open[c] = true
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.open, c)
	}
}

// Serve writes events until the client leaves; first come those given.
func (b *Broadcast) Serve(w http.ResponseWriter, r *http.Request, first ...Event) {
	events, end := b.Follow()
	defer end()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w).Flush
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	if _, err := fmt.Fprint(w, ": welcome\n\n"); err != nil {
		return
	}
	for _, e := range first {
		if e.write(w) != nil {
			return
		}
	}
	for flush() == nil {
		var err error
		select {
		case e := <-events:
			err = e.write(w)
		case <-tick.C:
			_, err = fmt.Fprint(w, ":\n\n")
		case <-r.Context().Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (e Event) write(w http.ResponseWriter) error {
	data, err := json.Marshal(e.Data)
	if err == nil {
		_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Name, data)
	}
	return err
}
