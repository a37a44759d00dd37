package traces

import (
	"compress/gzip"
	"embed"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/krowoc/krowoc/internal/dev/console"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

//go:embed page
var files embed.FS

var (
	listPage  = console.Parse("page/list.html", files)
	tracePage = console.Parse("page/trace.html", files)
)

// maxBody is the maximum size of a request in bytes, uncompressed.
const maxBody = 16 << 20

// Register adds the receiver at /v1/, the pages under /traces/, and their JSON API under /traces/api/.
func (s *Sink) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/traces", s.receive)
	for _, other := range []string{"logs", "metrics"} { // exporters send them too, and would log errors
		mux.HandleFunc("POST /v1/"+other, func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
				problem.TooLarge(maxBody).Write(w, r)
				return
			}
			w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		})
	}
	mux.HandleFunc("GET /traces/{$}", s.list)
	mux.HandleFunc("GET /traces/events", func(w http.ResponseWriter, r *http.Request) { s.changed.Serve(w, r) })
	mux.HandleFunc("GET /traces/{id}", s.show)
	mux.HandleFunc("GET /traces/api/traces", s.listJSON)
	mux.HandleFunc("GET /traces/api/traces/{id}", s.showJSON)
}

// receive accepts spans in either encoding.
func (s *Sink) receive(w http.ResponseWriter, r *http.Request) {
	const op = "receive traces"
	var body io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			problem.Write(w, r, fault.New(fault.Invalid, op, "the body is not compressed with gzip"))
			return
		}
		body = unpacked
	}
	text, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil || len(text) > maxBody {
		problem.TooLarge(maxBody).Write(w, r)
		return
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	request, answer := &collector.ExportTraceServiceRequest{}, []byte{}
	switch kind {
	case "application/x-protobuf":
		err = proto.Unmarshal(text, request)
	case "application/json":
		answer = []byte("{}")
		if text, err = hexToBase64(text); err == nil {
			err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, request)
		}
	default:
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	}
	if err != nil {
		problem.Write(w, r, &fault.Error{Code: fault.Invalid, Op: op, Message: "the body is not OTLP", Err: err})
		return
	}
	s.add(request)
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(answer) // the client may have disconnected
}

// filter parses the filter of a query.
func filter(r *http.Request) func(*Trace) bool {
	q := r.URL.Query()
	service, text, failed := q.Get("service"), strings.ToLower(q.Get("q")), q.Get("error") != ""
	least, _ := strconv.ParseFloat(strings.TrimSuffix(q.Get("minDuration"), "ms"), 64)
	return func(t *Trace) bool {
		if (failed && !t.Failed()) || t.Duration() < least {
			return false
		}
		if (service == "" && text == "") || text == t.ID {
			return true
		}
		for _, s := range t.Spans {
			if (service == "" || s.Service == service) && (text == "" || s.contains(text)) {
				return true
			}
		}
		return false
	}
}

func (s Span) contains(text string) bool {
	if strings.Contains(strings.ToLower(s.Name), text) {
		return true
	}
	for _, a := range s.Attributes {
		if strings.Contains(strings.ToLower(a.Value), text) {
			return true
		}
	}
	return false
}

// shown is the number of traces on a page.
const shown = 100

func (s *Sink) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	console.Render(w, listPage, struct {
		Query, Least string
		Error        bool
		Traces       []Trace
	}{q.Get("q"), q.Get("minDuration"), q.Get("error") != "", s.find(filter(r), shown)})
}

// row is a span in the diagram of a trace.
type row struct {
	Span
	Depth       int
	Left, Width float64 // percent
}

func (s *Sink) one(r *http.Request) (Trace, bool) {
	found := s.find(func(t *Trace) bool { return t.ID == r.PathValue("id") }, 1)
	if len(found) == 0 {
		return Trace{}, false
	}
	return found[0], true
}

func (s *Sink) show(w http.ResponseWriter, r *http.Request) {
	t, there := s.one(r)
	if !there {
		problem.NotFound().Write(w, r)
		return
	}
	console.Render(w, tracePage, struct {
		Trace *Trace
		Rows  []row
	}{&t, t.rows()})
}

// rows returns the spans, each after its parent.
func (t *Trace) rows() []row {
	children, known := map[string][]Span{}, map[string]bool{}
	for _, s := range t.Spans {
		known[s.ID] = true
	}
	for _, s := range t.Spans {
		parent := s.Parent
		if !known[parent] || parent == s.ID {
			parent = "" // the parent is in another trace or has not arrived
		}
		children[parent] = append(children[parent], s)
	}
	all, placed := []row{}, map[string]bool{}
	scale := 100 / max(t.Duration(), 0.001)
	var place func(parent string, depth int)
	place = func(parent string, depth int) {
		for _, s := range children[parent] {
			if !placed[s.ID] { // an invalid trace may contain a cycle
				placed[s.ID] = true
				all = append(all, row{s, depth, t.offset(s) * scale, max(s.DurationMS*scale, 0.3)})
				place(s.ID, depth+1)
			}
		}
	}
	place("", 0)
	return all
}

func (s *Sink) listJSON(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		limit = shown
	}
	console.JSON(w, map[string]any{"traces": s.find(filter(r), limit)})
}

func (s *Sink) showJSON(w http.ResponseWriter, r *http.Request) {
	t, there := s.one(r)
	if !there {
		problem.NotFound().Write(w, r)
		return
	}
	console.JSON(w, t)
}
