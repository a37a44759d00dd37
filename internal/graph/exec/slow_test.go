package exec_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

// Operations above the threshold are logged, without their document and variables.
func TestSlowOperationsAreLogged(t *testing.T) {
	for _, threshold := range []time.Duration{time.Nanosecond, time.Hour} {
		var log bytes.Buffer
		c := newClient(t, func(o *execOptions) {
			o.Observers = []exec.Observer{exec.SlowLog{Logger: slog.New(slog.NewJSONHandler(&log, nil)), Threshold: threshold}}
		})
		const query = `query Find($t: String!) {prompts(first: 1, where: {title: {eq: $t}}) {nodes {title}}}`
		sent := c.send(t, query, map[string]any{"t": "s3cr3t"})
		if threshold == time.Hour {
			if log.Len() > 0 {
				t.Errorf("a fast operation is logged: %s", &log)
			}
			continue
		}
		var record map[string]any
		if err := json.Unmarshal(log.Bytes(), &record); err != nil {
			t.Fatalf("%v: %s", err, &log)
		}
		data := len(strings.TrimSpace(sent.Body.String())) - len(`{"data":}`)
		for name, want := range map[string]any{
			"level": "WARN", "msg": "slow operation", "document_hash": hashOf(query), "root_fields": "query prompts", "cost": 2.0, "bytes": float64(data),
		} {
			if record[name] != want {
				t.Errorf("%s is %v, not %v", name, record[name], want)
			}
		}
		if took, _ := record["duration_ms"].(float64); took <= 0 || strings.Contains(log.String(), "s3cr3t") || strings.Contains(log.String(), "Find(") {
			t.Errorf("%s", &log)
		}
	}
}
