// Package graphiql serves GraphiQL, the GraphQL explorer, from files inside the binary: it works without a
// network and trusts no content delivery network.
package graphiql

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/server"
)

//go:embed assets/*.gz page
var files embed.FS

// policy lets the page run its own files and speak to its own server, nothing else. CodeMirror styles
// elements in place, and the typefaces are within the style sheet.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"

// mediaTypes are not left to the operating system's tables, which browsers may refuse.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
}

// asset is one file as it is embedded.
type asset struct {
	content    []byte
	compressed bool
	mediaType  string
	tag        string
}

// Routes returns those of the page, /graphiql, and of its files, and one that leads from / to the page.
func Routes() ([]server.Route, error) {
	routes := []server.Route{{Pattern: "GET /{$}", Handler: http.RedirectHandler("/graphiql", http.StatusFound)}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("load GraphiQL: %w", err)
		}
		base, compressed := strings.CutSuffix(path.Base(name), ".gz")
		pattern := "GET /graphiql/" + base
		if base == "index.html" {
			pattern = "GET /graphiql"
		}
		sum := sha256.Sum256(content)
		routes = append(routes, server.Route{Pattern: pattern, Handler: &asset{content, compressed, mediaTypes[path.Ext(base)], hex.EncodeToString(sum[:8])}})
		return nil
	})
	return routes, err
}

// ServeHTTP sends the file, compressed if it is and the client can read that.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, tag := a.content, a.tag
	h := w.Header()
	switch {
	case a.compressed && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
		h.Set("Content-Encoding", "gzip")
		tag += "-gzip"
	case a.compressed:
		var err error
		if content, err = inflate(content); err != nil {
			http.Error(w, "this file is damaged", http.StatusInternalServerError)
			return
		}
	}
	h.Set("Content-Type", a.mediaType)
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache") // ask again, with the tag: a new binary may have another version
	h.Set("Vary", "Accept-Encoding")
	h.Set("Etag", strconv.Quote(tag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func inflate(compressed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}
