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

// policy allows a page its own styles and scripts, and nothing from other origins.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"

// Parse parses a page: the layout with the templates "title" and "main" of the file.
func Parse(name string, files fs.FS) *template.Template {
	layout := template.Must(template.New("layout.html").ParseFS(pages, "page/layout.html"))
	return template.Must(layout.ParseFS(files, name))
}

// Render writes a page as the response.
func Render(w http.ResponseWriter, page *template.Template, data any) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "layout.html", data); err != nil {
		http.Error(w, "cannot render the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // without a referrer, our own forms would send Origin: null
	_, _ = w.Write(b.Bytes())               // the client may have disconnected
}

// JSON writes a value as a JSON response.
func JSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(value) // the client may have disconnected
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
		_, _ = w.Write(text) // the client may have disconnected
	})
}

// SameOrigin rejects requests from pages of other origins, for routes that change something.
func SameOrigin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		site := r.Header.Get("Sec-Fetch-Site")
		foreignOrigin := origin != "" && strings.TrimPrefix(origin, "http://") != r.Host
		foreignSite := site != "" && site != "same-origin" && site != "none"
		if foreignOrigin || foreignSite {
			problem.Write(w, r, fault.New(fault.Forbidden, "use the development console", "cross-origin requests are not allowed"))
			return
		}
		next(w, r)
	}
}
