package health_test

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// only runs a check by itself and returns its one measurement.
func only(t *testing.T, c health.Check) health.Measurement {
	t.Helper()
	measurements := c.Run(t.Context())
	if len(measurements) != 1 {
		t.Fatalf("%s observed %d things", c.Name, len(measurements))
	}
	return measurements[0]
}

func TestMigrations(t *testing.T) {
	for name, tc := range map[string]struct {
		pending int
		err     error
		want    health.Status
		output  string
	}{
		"up to date": {0, nil, health.Pass, ""},
		"behind":     {3, nil, health.Fail, "3 pending migrations: run krowoc migrate up"},
		"unknown":    {0, errors.New("no database"), health.Fail, "no database"},
	} {
		m := only(t, health.Migrations(func(context.Context) (int, error) { return tc.pending, tc.err }))
		if m.Status != tc.want || m.Output != tc.output || (tc.err == nil) != (m.ObservedValue == tc.pending) {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	m := only(t, health.Disk(dir, 1))
	free, ok := m.ObservedValue.(uint64)
	if m.Status != health.Pass || !ok || free < 1<<20 || m.ObservedUnit != "bytes" || m.ComponentID != dir {
		t.Errorf("got %+v", m)
	}
	for name, tc := range map[string]struct {
		path string
		min  uint64
		want health.Status
	}{
		"too little":       {dir, math.MaxUint64, health.Fail},
		"soon too little":  {dir, free - free/4, health.Warn},
		"a missing folder": {filepath.Join(dir, "missing"), 1, health.Fail},
	} {
		if m := only(t, health.Disk(tc.path, tc.min)); m.Status != tc.want || m.Output == "" {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestURL(t *testing.T) {
	address, client := serve(t, 200, health.MediaType, `{"status":"warn","output":"late"}`)
	m := only(t, health.URL(client, "mail", address+"/healthz?token=hunter2"))
	if took, ok := m.ObservedValue.(float64); m.Status != health.Warn || m.Output != "late" || !ok || took <= 0 {
		t.Errorf("got %+v", m)
	}
	if m.ComponentID != address+"/healthz" {
		t.Errorf("the component is %q", m.ComponentID)
	}

	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	c := health.URL(&http.Client{Transport: &http.Transport{}}, "mail", "http://me:hunter2@"+closed.Addr().String())
	if m := only(t, c); m.Status != health.Fail || strings.Contains(m.Output+m.ComponentID, "hunter2") {
		t.Errorf("got %+v", m)
	}
}
