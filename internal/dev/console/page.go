package console

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

//go:embed page
var pages embed.FS

// policy is what a page may do: its own style and script, and nothing from elsewhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"

// Parse returns the page of a file: the layout around its templates "title" and "main".
func Parse(name string, files fs.FS) *template.Template {
	layout := template.Must(template.New("layout.html").ParseFS(pages, "page/layout.html"))
	return template.Must(layout.ParseFS(files, name))
}

// Render answers with a page.
func Render(w http.ResponseWriter, page *template.Template, data any) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout.html", data); err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with none at all, a form of ours would say that it comes from nowhere
	_, _ = w.Write(b.Bytes())               // who is gone needs no page
}

// JSON answers with a value as JSON.
func JSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(value) // who is gone needs no answer
}

// types are the content types of assets.
var types = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

func asset(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := pages.ReadFile(name)
		if err != nil {
			problem.NotFound().Write(w, r)
			return
		}
		w.Header().Set("Content-Type", types[path.Ext(name)])
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(text) // who is gone needs no asset
	})
}

// SameOrigin refuses requests that a page of another origin has sent: they change something here.
func SameOrigin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		site := r.Header.Get("Sec-Fetch-Site")
		if origin != "" && strings.TrimPrefix(origin, "http://") != r.Host || site != "" && site != "same-origin" && site != "none" {
			problem.Write(w, r, fault.New(fault.Forbidden, "change something here", "the request comes from another page"))
			return
		}
		next(w, r)
	}
}
