package exec

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// minEncoded is the length in bytes from which a response is compressed. A shorter one fits into one packet anyway.
const minEncoded = 1400

// encoding is a content coding of RFC 9110. Levels are chosen for speed: the time to compress is less than that on most networks.
type encoding struct {
	name    string
	writers *sync.Pool
}

type resetter interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// encodings are what clients can accept, the best first.
var encodings = []encoding{
	{"br", &sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, 3) }}},
	{"gzip", &sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // it is a valid level
		return w
	}}},
}

// acceptedEncoding returns the first encoding that a client accepts, or nil. See https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding.
func acceptedEncoding(r *http.Request) *encoding {
	accepted := map[string]bool{}
	for name, quality := range preferences(r.Header.Values("Accept-Encoding")) {
		accepted[name] = quality > 0
	}
	for i, e := range encodings {
		if ok, named := accepted[e.name]; ok || (!named && accepted["*"]) {
			return &encodings[i]
		}
	}
	return nil
}

// encode compresses a body.
func (e *encoding) encode(parts [][]byte) []byte {
	w := e.writers.Get().(resetter)
	defer e.writers.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	for _, p := range parts {
		_, _ = w.Write(p) // to memory
	}
	_ = w.Close()
	return out.Bytes()
}
