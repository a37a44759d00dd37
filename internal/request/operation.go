package request

// Headers of GraphQL requests and of their answers.
const (
	// CostHeader asks for the cost of an operation in the extensions of its answer. Its value is 1.
	CostHeader = "Krowoc-Cost"
	// IdempotencyHeader has the key under which a mutation takes effect once.
	IdempotencyHeader = "Idempotency-Key"
	// ReplayedHeader marks an answer that is that of an earlier request with the same key.
	ReplayedHeader = "Idempotency-Replayed"
	// LastEventHeader names the last event that a client has got: https://html.spec.whatwg.org/multipage/server-sent-events.html.
	LastEventHeader = "Last-Event-ID"
)
