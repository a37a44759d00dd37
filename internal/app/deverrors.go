package app

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/errors"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

// devErrors is the list of errors of a development session, for its console.
type devErrors struct {
	recorder *errorlog.Recorder
	pool     *pgxpool.Pool
}

// shownErrors is how many errors the console lists.
const shownErrors = 100

// List implements errors.Source.
func (d *devErrors) List(ctx context.Context, since time.Time, category string) ([]errors.Category, []errors.Error, error) {
	found, err := errorlog.List(ctx, d.pool, errorlog.Query{Since: since, Category: fault.Code(category), Limit: shownErrors})
	if err != nil {
		return nil, nil, err
	}
	var categories []errors.Category
	for _, c := range found.Categories {
		categories = append(categories, errors.Category{Name: string(c.Category), Count: c.Count})
	}
	var list []errors.Error
	for _, e := range found.Errors {
		list = append(list, shownError(e))
	}
	return categories, list, nil
}

// Find implements errors.Source.
func (d *devErrors) Find(ctx context.Context, fingerprint string) (errors.Error, error) {
	found, err := errorlog.Find(ctx, d.pool, fingerprint, time.Time{})
	return shownError(found), err
}

func shownError(e errorlog.Error) errors.Error {
	shown := errors.Error{
		Fingerprint: e.Fingerprint, Category: string(e.Category), Where: string(e.Edge) + " " + e.Place, Message: e.Message,
		Count: e.Count, Total: e.Total, FirstSeen: e.FirstSeen, LastSeen: e.LastSeen, FirstRelease: e.FirstRelease, LastRelease: e.LastRelease, Trend: e.Trend,
	}
	for _, s := range e.Samples {
		shown.Samples = append(shown.Samples, errors.Sample(s))
	}
	return shown
}

// errorPages returns the pages of the list in the console.
func (d *devConsole) errorPages() *errors.Pages {
	return &errors.Pages{Now: d.app.Now, Source: func() errors.Source {
		if list := d.errors.Load(); list != nil {
			return list
		}
		return nil
	}}
}

// recordEvent records an error of a part of the session, such as that of a saved migration. Nothing is recorded before the first API runs,
// since the database may not have the tables yet.
func (d *devConsole) recordEvent(e dev.Event) {
	list := d.errors.Load()
	if e.Err == nil || list == nil {
		return
	}
	list.recorder.Record(context.Background(), errorlog.Event{Edge: errorlog.CLI, Place: "krowoc dev: " + e.Part, Err: e.Err})
}
