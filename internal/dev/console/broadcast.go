package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Event is a server-sent event (WHATWG HTML, section 9.2); Data is sent as JSON.
type Event struct{ Name, Data string }

// Broadcast sends events to all followers. Its zero value is ready to use.
type Broadcast struct {
	mu   sync.Mutex
	open map[chan Event]bool
}

// backlog is the number of events that may wait for a slow follower. Further events are dropped, since each one makes the follower
// reload anyway.
const backlog = 16

// keepAlive is the interval of writes to idle connections, which detect closed ones.
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

// Follow returns a channel of events, and a function that ends it.
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

// Serve writes the given events, and then new ones until the client disconnects.
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
