package analytics

import (
	"context"
	"encoding/json"
	"log/slog"
)

// Log writes events to the log instead of sending them, in development.
type Log struct{ Logger *slog.Logger }

// Send implements Sender.
func (l Log) Send(ctx context.Context, batch []Record) ([]Fate, error) {
	fates := make([]Fate, len(batch))
	for i, r := range batch {
		text, err := json.Marshal(r.Properties)
		if err != nil {
			return fates, err
		}
		l.Logger.LogAttrs(ctx, slog.LevelInfo, "event", slog.String("event", r.Name), slog.String("distinct_id", r.DistinctID), slog.String("properties", string(text)))
		fates[i] = Delivered
	}
	return fates, nil
}
