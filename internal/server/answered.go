package server

import (
	"context"
	"net/http"
)

// Answered returns the status that the request of ctx was answered with, and how many bytes of body were sent. The status is 0 if no
// answer was sent, which means 200 once the handler has returned. Middleware calls it after the handler.
func Answered(ctx context.Context) (status int, sent int64) {
	w := responseOf(ctx)
	switch {
	case w == nil:
		return 0, 0
	case w.hijacked && w.status == 0:
		return http.StatusSwitchingProtocols, w.bytes
	}
	return w.status, w.bytes
}
