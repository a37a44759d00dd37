package health

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Migrations checks that no migrations are pending. If some are, the code is newer than the database and the service is not ready. Code
// that is older than the database has no pending migrations and stays ready.
func Migrations(pending func(ctx context.Context) (int, error)) Check {
	return Check{Name: "migrations", Critical: true, Run: func(ctx context.Context) []Measurement {
		n, err := pending(ctx)
		m := Measurement{Name: "pending", ComponentType: "component", ObservedValue: n, Status: Pass}
		switch {
		case err != nil:
			m.Status, m.ObservedValue, m.Output = Fail, nil, err.Error()
		case n > 0:
			m.Status, m.Output, m.Public = Fail, fmt.Sprintf("%d pending migrations: run krowoc migrate up", n), true
		}
		return []Measurement{m}
	}}
}

// OwnSchema checks that the database has the version of the schema krowoc that this release needs, or a newer one.
func OwnSchema(db own.DB) Check {
	return Check{Name: own.Schema, Critical: true, Run: func(ctx context.Context) []Measurement {
		version, err := own.Check(ctx, db)
		m := Measurement{Name: "schemaVersion", ComponentType: "component", ObservedValue: version, Status: Pass}
		if err != nil {
			m.Status, m.Output = Fail, err.Error()
			if hint := fault.HintOf(err); hint != "" {
				m.Output += "; " + hint
			}
			m.Public = fault.CodeOf(err) == fault.Conflict // the message about an older version contains no names
		}
		return []Measurement{m}
	}}
}

// Disk checks that the file system of path has minFree bytes free. It warns below twice that amount.
func Disk(path string, minFree uint64) Check {
	return Check{Name: "disk", Run: func(context.Context) []Measurement {
		free, err := freeBytes(path)
		m := Measurement{
			Name: "free", ComponentID: path, ComponentType: "system", Status: Pass,
			ObservedValue: free, ObservedUnit: "bytes",
		}
		switch {
		case err != nil:
			m.Status, m.ObservedValue, m.ObservedUnit, m.Output = Fail, nil, "", err.Error()
		case free < minFree:
			m.Status, m.Output, m.Public = Fail, fmt.Sprintf("%d MiB left, below %d", free>>20, minFree>>20), true
		case free/2 < minFree:
			m.Status, m.Output, m.Public = Warn, fmt.Sprintf("%d MiB left", free>>20), true
		}
		return []Measurement{m}
	}}
}

// URL checks that a service responds at address. If the response is a health report, it uses the status of the report.
func URL(client *http.Client, name, address string) Check {
	return Check{Name: name, Run: func(ctx context.Context) []Measurement {
		began := time.Now()
		report, err := Fetch(ctx, client, address)
		m := Measurement{
			Name: "responseTime", ComponentID: bare(address), ComponentType: "component",
			ObservedValue: milliseconds(time.Since(began)), ObservedUnit: "ms",
			Status: report.Status, Output: report.Output,
		}
		if err != nil {
			m.Status, m.Output = Fail, err.Error()
		}
		return []Measurement{m}
	}}
}

// bare returns an address without the parts that may contain secrets: the user, the query and the fragment.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// cause unwraps a url.Error, whose message contains the whole address.
func cause(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
