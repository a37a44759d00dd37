package exec

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// PersistedOptions say which documents requests can name instead of sending them.
type PersistedOptions struct {
	// Automatic keeps documents that clients send with their hash, by Apollo's protocol of automatic persisted queries:
	// https://www.apollographql.com/docs/apollo-server/performance/apq. Bytes limits their memory; default 8 MiB.
	Automatic bool
	Bytes     int64

	// Trusted are documents by their IDs. OnlyTrusted refuses all others.
	Trusted     map[string]string
	OnlyTrusted bool
}

// Persisted turns the hash or the ID in a request into a document. It is used as Documents, which finds the document, and as an Observer, which
// keeps it once it is known to be valid: otherwise, anybody could fill the memory with garbage.
type Persisted struct {
	options PersistedOptions
	texts   map[string]bool // of the trusted documents
	kept    *cache[string]
}

var (
	_ Documents = (*Persisted)(nil)
	_ Observer  = (*Persisted)(nil)
)

// NewPersisted returns the documents that requests can name.
func NewPersisted(o PersistedOptions) *Persisted {
	if o.Bytes <= 0 {
		o.Bytes = 8 << 20
	}
	o.Automatic = o.Automatic && !o.OnlyTrusted
	p := &Persisted{options: o, texts: map[string]bool{}, kept: newCache[string](o.Bytes)}
	for _, text := range o.Trusted {
		p.texts[text] = true
	}
	return p
}

// Name implements Documents and Observer.
func (*Persisted) Name() string { return "persisted documents" }

// Document implements Documents.
func (p *Persisted) Document(_ context.Context, op *Operation) (string, error) {
	id, err := named(op)
	if err != nil {
		return "", err
	}
	text, trusted := p.options.Trusted[id]
	switch {
	case trusted && id != "":
		return text, nil
	case p.options.OnlyTrusted:
		return p.onlyTrusted(op, id)
	case op.DocumentID != "":
		return "", fault.New(fault.NotFound, "", "no trusted document has this documentId", "publish the manifest of the client: graphql.trustedDocuments")
	case op.hash == "":
		return op.Document, nil
	case !p.options.Automatic:
		return "", errNotSupported
	case op.Document != "":
		return op.Document, nil
	}
	if text, ok := p.kept.get(id); ok {
		return text, nil
	}
	return "", errNotFound
}

// onlyTrusted returns a document that the server trusts word for word, or refuses it.
func (p *Persisted) onlyTrusted(op *Operation, id string) (string, error) {
	if p.texts[op.Document] {
		return op.Document, nil
	}
	if op.hash != "" && op.Document == "" {
		return "", errNotFound
	}
	what := "the document is not one of the trusted documents"
	if id != "" {
		what = "no trusted document has this ID"
	}
	return "", fault.New(fault.Forbidden, "", what, "add it to the manifest with `krowoc schema persist`, and deploy the manifest first")
}

// Settle implements Observer.
func (p *Persisted) Settle(_ context.Context, op *Operation) {
	isValid := op.hash != "" && op.Plan != nil
	if p.options.Automatic && isValid && !p.kept.Contains(op.hash) {
		p.kept.add(op.hash, strings.Clone(op.Document), int64(len(op.Document)))
	}
}

// The errors of Apollo's protocol, whose texts and codes clients compare. Whoever gets the first sends the document with the hash, and
// whoever gets the second sends documents from then on.
var (
	errNotFound     = &protocolError{fault.New(fault.NotFound, "", "PersistedQueryNotFound"), "PERSISTED_QUERY_NOT_FOUND"}
	errNotSupported = &protocolError{fault.New(fault.Invalid, "", "PersistedQueryNotSupported"), "PERSISTED_QUERY_NOT_SUPPORTED"}
)

// protocolError is an error with a code of a protocol of clients.
type protocolError struct {
	error
	code string
}

// Unwrap returns the fault.
func (e *protocolError) Unwrap() error { return e.error }

// persistedQuery is the extension of Apollo's protocol.
type persistedQuery struct {
	Version json.Number `json:"version"`
	Hash    string      `json:"sha256Hash"`
}

// named returns the ID of the document that a request names, or "" if it names none. A hash that is not that of the document is refused: it would
// give others another document than they expect.
func named(op *Operation) (id string, err error) {
	q, err := extensionOf(op)
	switch {
	case err != nil:
		return "", err
	case op.DocumentID != "":
		return strings.TrimPrefix(op.DocumentID, "sha256:"), nil
	case q == nil:
		return "", nil
	}
	if op.Document != "" && hashOf(op.Document) != q.Hash {
		return "", fault.New(fault.Invalid, "", "sha256Hash is not the SHA-256 hash of the query", "send the hash of the query as UTF-8, in lower-case hexadecimal digits")
	}
	op.hash = q.Hash
	return q.Hash, nil
}

// extensionOf returns the extension persistedQuery of a request, or nil.
func extensionOf(op *Operation) (*persistedQuery, error) {
	value := op.Extensions["persistedQuery"]
	if value == nil {
		return nil, nil //nolint:nilnil // most requests have none
	}
	var q persistedQuery
	text, err := json.Marshal(value)
	isRead := err == nil && json.Unmarshal(text, &q) == nil
	if isVersion := isRead && q.Version == "1"; !isVersion || !isHash(q.Hash) {
		return nil, fault.New(fault.Invalid, "", "extensions.persistedQuery is not valid", `send {"version": 1, "sha256Hash": "…"} with 64 lower-case hexadecimal digits`)
	}
	return &q, nil
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// isHash reports whether a text is a SHA-256 hash as clients write it.
func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}
