package make

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// chunkRows is the number of rows that a worker generates at once.
const chunkRows = 2048

// chunk contains rows in the binary format of COPY.
type chunk struct {
	data []byte
	rows int64
	kept [][]datum
	err  error
}

// signature is the start of a binary COPY: the signature, no flags, no extension.
var signature = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// written returns the columns to which values are written.
func (t *blueprint) written() (slots []int) {
	for _, m := range t.makers {
		if m.filled {
			slots = append(slots, m.slots...)
		}
	}
	return slots
}

// copyRows generates rows and sends them to Postgres. It calls sent with the number of further rows that have been sent.
func (t *blueprint) copyRows(ctx context.Context, conn *pgconn.PgConn, from, to int64, freeze bool, sent func(rows int64)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slots := t.written()
	names := make([]string, len(slots))
	for i, c := range slots {
		names[i] = pg.QuoteIdent(t.slots[c].name)
	}
	options := "FORMAT binary"
	if freeze {
		options += ", FREEZE"
	}
	var workers sync.WaitGroup
	reader := &chunkReader{ctx: ctx, chunks: t.produce(ctx, &workers, slots, from, to), sent: sent, buffer: signature}
	tag, err := conn.CopyFrom(ctx, reader, fmt.Sprintf("COPY %s (%s) FROM STDIN (%s)", t.quoted(), strings.Join(names, ", "), options))
	cancel()
	reader.close()
	workers.Wait()
	if reader.err != nil {
		return reader.err
	}
	t.came += tag.RowsAffected() // a trigger may have skipped some
	if err == nil {
		t.rows.made = append(t.rows.made, reader.kept...)
	}
	return err
}

// produce generates rows and returns them in order. It uses several workers if the rows do not depend on each other.
func (t *blueprint) produce(ctx context.Context, running *sync.WaitGroup, slots []int, from, to int64) <-chan chan chunk {
	workers := max(1, runtime.GOMAXPROCS(0))
	if t.stateful() || t.remembers() {
		workers = 1
	}
	type task struct {
		from, to int64
		result   chan chunk
	}
	tasks, ordered := make(chan task, workers), make(chan chan chunk, 2*workers)
	go func() {
		defer close(ordered)
		defer close(tasks)
		for at := from; at < to; at += chunkRows {
			result := make(chan chunk, 1)
			select {
			case ordered <- result:
				tasks <- task{at, min(at+chunkRows, to), result}
			case <-ctx.Done():
				return
			}
		}
	}()
	for range workers {
		running.Go(func() {
			r := t.newSample()
			for task := range tasks {
				task.result <- t.chunk(ctx, r, slots, task.from, task.to)
			}
		})
	}
	return ordered
}

// chunk generates rows.
func (t *blueprint) chunk(ctx context.Context, r *sample, slots []int, from, to int64) (c chunk) {
	if ctx.Err() != nil {
		return chunk{err: ctx.Err()}
	}
	keep, remember := len(t.rows.slots) > 0 && t.count-t.done <= keptRows, t.remembers()
	c.data = make([]byte, 0, 256<<10)
	for number := from; number < to; number++ {
		failure := t.make(r, number)
		if repeats := func(u *uniqueness) bool { return failure == u.String() }; failure != "" && slices.ContainsFunc(t.uniques, repeats) {
			return chunk{err: t.onlySo(number, failure)}
		}
		if failure != "" {
			return chunk{err: fault.New(fault.Invalid, "", fmt.Sprintf("row %d of %s cannot be generated: %s", number+1, t.typ.Table, failure),
				"Specify how its fields are generated under generate: "+t.typ.Name+", or ask for fewer rows.")}
		}
		c.data = binary.BigEndian.AppendUint16(c.data, uint16(len(slots))) //nolint:gosec // a table has at most 1600
		for _, at := range slots {
			c.data = t.slots[at].appendDatum(c.data, &r.values[at])
		}
		switch {
		case remember:
			t.rows.made = append(t.rows.made, t.rows.pick(r.values))
		case keep:
			c.kept = append(c.kept, t.rows.pick(r.values))
		}
		c.rows++
	}
	return c
}

// chunkReader is the reader for COPY.
type chunkReader struct {
	ctx    context.Context //nolint:containedctx // the context of the COPY
	chunks <-chan chan chunk
	sent   func(rows int64)
	buffer []byte
	kept   [][]datum
	err    error

	mu    sync.Mutex // CopyFrom may return while a read is in progress
	ended bool
}

// close ends the input, and waits for a read in progress.
func (c *chunkReader) close() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	for range c.chunks { // so that no worker blocks
	}
}

func (c *chunkReader) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.buffer) == 0 {
		if c.ended {
			return 0, io.EOF
		}
		next, ok := <-c.chunks
		if c.err = c.ctx.Err(); c.err != nil { // the rows are incomplete
			return 0, c.err
		}
		if !ok {
			c.ended, c.buffer = true, []byte{0xff, 0xff}
			break
		}
		made := <-next
		if c.err = made.err; c.err != nil {
			return 0, c.err
		}
		c.buffer, c.kept = made.data, append(c.kept, made.kept...)
		c.sent(made.rows)
	}
	n := copy(p, c.buffer)
	c.buffer = c.buffer[n:]
	return n, nil
}
