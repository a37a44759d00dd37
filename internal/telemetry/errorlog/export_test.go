package errorlog

import "context"

// Fingerprint returns the fingerprint of an event.
func Fingerprint(e Event) string {
	k, _ := kindOf(&e)
	return k.fingerprint()
}

// QueueSize is how many events can wait.
const QueueSize = queueSize

// Waiting is how many events wait to be aggregated.
func (r *Recorder) Waiting() int { return len(r.queue) }

// Tidy removes what is old.
func Tidy(ctx context.Context, db DB) error { return tidy(ctx, db, true) }

// Empty forgets the events that wait.
func (r *Recorder) Empty() {
	for range len(r.queue) {
		<-r.queue
	}
}

// Aggregator returns what the loop does with an event.
func (r *Recorder) Aggregator() func(Event) {
	w := writer{Recorder: r, pending: aggregates{}}
	return func(e Event) { w.take(&e) }
}
