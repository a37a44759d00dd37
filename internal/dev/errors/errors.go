// Package errors shows the list of errors of a development session.
package errors

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/problem"
)

//go:embed page
var files embed.FS

var (
	listPage = console.Parse("page/list.html", files)
	showPage = console.Parse("page/error.html", files)
)

// Error is a kind of error.
type Error struct {
	Fingerprint, Category, Where, Message string
	Count, Total                          int64
	FirstSeen, LastSeen                   time.Time
	FirstRelease, LastRelease             string
	Trend                                 []int64
	Samples                               []Sample
}

// Sample is an occurrence of an error.
type Sample struct {
	Time                                                                            time.Time
	Release, Environment, Operation, Page, RequestID, CorrelationID, TraceID, Stack string
}

// Category is how often errors of a category occurred.
type Category struct {
	Name  string
	Count int64
}

// Source reads the list.
type Source interface {
	List(ctx context.Context, since time.Time, category string) ([]Category, []Error, error)
	Find(ctx context.Context, fingerprint string) (Error, error)
}

// Pages are the pages below /errors/.
type Pages struct {
	Source func() Source // nil before there is a list
	Now    func() time.Time

	changed console.Broadcast
}

// Changed tells the pages that there are new errors.
func (p *Pages) Changed() { p.changed.Send("change", "") }

// Register adds the pages.
func (p *Pages) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /errors/{$}", p.list)
	mux.HandleFunc("GET /errors/events", func(w http.ResponseWriter, r *http.Request) { p.changed.Serve(w, r) })
	mux.HandleFunc("GET /errors/{fingerprint}", p.show)
}

// spans are the periods that a page can show, by their names in its query.
var spans = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "14d": 14 * 24 * time.Hour}

func (p *Pages) list(w http.ResponseWriter, r *http.Request) {
	view := struct {
		Span, Category string
		Spans          []string
		Categories     []Category
		Errors         []Error
	}{Span: r.URL.Query().Get("since"), Category: r.URL.Query().Get("category"), Spans: []string{"1h", "24h", "14d"}}
	if spans[view.Span] == 0 {
		view.Span = "24h"
	}
	if source := p.Source(); source != nil {
		var err error
		view.Categories, view.Errors, err = source.List(r.Context(), p.Now().Add(-spans[view.Span]), view.Category)
		if err != nil {
			problem.Write(w, r, err)
			return
		}
	}
	console.Render(w, listPage, view)
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) {
	source := p.Source()
	if source == nil {
		problem.NotFound().Write(w, r)
		return
	}
	found, err := source.Find(r.Context(), r.PathValue("fingerprint"))
	if err != nil {
		problem.Write(w, r, err)
		return
	}
	console.Render(w, showPage, found)
}

// Bar is a bar of a sparkline, in a box of one unit for each bar and 20 units of height.
type Bar struct {
	X      int
	Y, Top float64
}

const sparkHeight = 20

// Bars returns the sparkline of the trend.
func (e Error) Bars() (bars []Bar) {
	most := slices.Max(append([]int64{1}, e.Trend...))
	for x, n := range e.Trend {
		if n > 0 {
			height := max(2, sparkHeight*float64(n)/float64(most))
			bars = append(bars, Bar{x, sparkHeight - height, height})
		}
	}
	return bars
}

// Width is the width of the sparkline.
func (e Error) Width() int { return max(1, len(e.Trend)) }

// TrendText is the sparkline for people who do not see it.
func (e Error) TrendText() string {
	return strings.Trim(fmt.Sprint(e.Trend), "[]")
}

// shownID is how many characters of a request ID the lines of a session's log end with.
const shownID = 8

// LogCommand prints the lines of the log that belong to the sample.
func (s Sample) LogCommand() string {
	return "krowoc dev logs | grep -F '[" + s.RequestID[max(0, len(s.RequestID)-shownID):] + "]'"
}
