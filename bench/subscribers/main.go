// Command subscribers is the load of bench/subscriptions: many WebSockets, each with one subscription to the same room.
//
//	subscribers URL DATABASE_URL IDLE ACTIVE WRITES PID
//
// It opens IDLE subscriptions to rooms that never change, and prints the memory of the process PID. Then it opens ACTIVE ones to a room whose name is
// changed WRITES times by the API and WRITES times by SQL, and prints how long the change takes to reach them.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 6 {
		return errors.New("usage: subscribers URL DATABASE_URL IDLE ACTIVE WRITES PID")
	}
	var n [4]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(args[i+2]); err != nil {
			return err
		}
	}
	b := &bench{url: args[0], idle: n[0], active: n[1], writes: n[2], pid: n[3]}
	var err error
	if b.db, err = pgx.Connect(ctx, args[1]); err != nil {
		return err
	}
	return errors.Join(b.measure(ctx), b.db.Close(ctx))
}

type bench struct {
	url                       string
	db                        *pgx.Conn
	idle, active, writes, pid int
}

// arrival is an answer that a subscriber has received.
type arrival struct {
	name string
	at   time.Time
}

func (b *bench) measure(ctx context.Context) error {
	if _, err := b.db.Exec(ctx, "TRUNCATE rooms CASCADE"); err != nil {
		return err
	}
	if _, err := b.db.Exec(ctx, "INSERT INTO rooms (id, name) VALUES ('0190b4a8-0000-7000-8000-000000000001', 'a')"); err != nil {
		return err
	}
	before := memory(b.pid)
	if err := b.open(ctx, b.idle, `subscription { rooms(where: {name: {eq: "none"}}) { totalCount } }`, nil); err != nil {
		return err
	}
	fmt.Printf("memory with %d idle subscribers: %d MB, %d MB before\n", b.idle, memory(b.pid), before)
	arrivals := make(chan arrival, b.active*2)
	if err := b.open(ctx, b.active, `subscription { room(id: "0190b4a8-0000-7000-8000-000000000001") { name } }`, arrivals); err != nil {
		return err
	}
	for _, w := range []struct {
		name  string
		write func(ctx context.Context, name string) error
	}{{"by the API", b.writeByAPI}, {"by SQL", b.writeBySQL}} {
		var took []time.Duration
		for i := range b.writes {
			name := fmt.Sprintf("%s %d", w.name, i)
			began := time.Now()
			if err := w.write(ctx, name); err != nil {
				return err
			}
			for range b.active {
				a := <-arrivals
				if a.name != name {
					return fmt.Errorf("a subscriber has received %q, want %q", a.name, name)
				}
				took = append(took, a.at.Sub(began))
			}
		}
		slices.Sort(took)
		fmt.Printf("a change %s reaches %d subscribers: p50 %d ms, p99 %d ms, last %d ms\n", w.name, b.active,
			took[len(took)/2].Milliseconds(), took[len(took)*99/100].Milliseconds(), took[len(took)-1].Milliseconds())
	}
	return nil
}

// memory returns the resident memory of a process in megabytes.
func memory(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return -1
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes, _ := strconv.Atoi(strings.Fields(rest)[0])
	return kilobytes / 1024
}

// open opens subscriptions and waits for the first answer of each.
func (b *bench) open(ctx context.Context, n int, query string, arrivals chan<- arrival) error {
	var opening sync.WaitGroup
	turns := make(chan struct{}, 50)
	failures := make(chan error, n)
	for range n {
		turns <- struct{}{}
		opening.Go(func() {
			defer func() { <-turns }()
			if err := b.subscribe(ctx, query, arrivals); err != nil {
				failures <- err
			}
		})
	}
	opening.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func (b *bench) subscribe(ctx context.Context, query string, arrivals chan<- arrival) error {
	conn, _, err := websocket.Dial(ctx, b.url, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}}) //nolint:bodyclose // the library closes it
	if err != nil {
		return err
	}
	subscribe, err := json.Marshal(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": query}})
	if err != nil {
		return err
	}
	for _, message := range [][]byte{[]byte(`{"type":"connection_init"}`), subscribe} {
		if err := conn.Write(ctx, websocket.MessageText, message); err != nil {
			return err
		}
		if _, _, err := conn.Read(ctx); err != nil { // the acknowledgement, then the first answer
			return err
		}
	}
	go receive(ctx, conn, arrivals)
	return nil
}

func receive(ctx context.Context, conn *websocket.Conn, arrivals chan<- arrival) {
	for {
		_, data, err := conn.Read(ctx)
		at := time.Now()
		if err != nil || arrivals == nil {
			return
		}
		var m struct {
			Payload struct {
				Data struct{ Room struct{ Name string } }
			}
		}
		if json.Unmarshal(data, &m) == nil {
			arrivals <- arrival{m.Payload.Data.Room.Name, at}
		}
	}
}

func (b *bench) writeByAPI(ctx context.Context, name string) error {
	body := fmt.Sprintf(`{"query": "mutation { updateRoom(id: \"0190b4a8-0000-7000-8000-000000000001\", data: {name: \"%s\"}) { name } }"}`, name)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && !bytes.Contains(answer, []byte(name)) {
		err = fmt.Errorf("the mutation is answered %s", answer)
	}
	return err
}

func (b *bench) writeBySQL(ctx context.Context, name string) error {
	_, err := b.db.Exec(ctx, "UPDATE rooms SET name = $1", name)
	return err
}
