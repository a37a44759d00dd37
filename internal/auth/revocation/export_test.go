package revocation

import "context"

// Poll polls once, without Start.
func (r *Reader) Poll(ctx context.Context) error { return r.poll(ctx) }
