// Package manifest reads and writes lists of the GraphQL documents of clients, each with an ID that requests can send instead of the document.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/krowoc/krowoc/internal/fault"
)

// Manifest is the list in the format of Apollo's persisted query manifests:
// https://www.apollographql.com/docs/graphos/platform/security/persisted-queries#manifest-format.
type Manifest struct {
	Format     string      `json:"format"`
	Version    int         `json:"version"`
	Operations []Operation `json:"operations"`
}

// Operation is a document with one operation and its fragments.
type Operation struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Body string `json:"body"`
}

const (
	apolloFormat  = "apollo-persisted-query-manifest"
	apolloVersion = 1
)

// New returns a manifest.
func New(operations []Operation) Manifest { return Manifest{apolloFormat, apolloVersion, operations} }

// JSON returns the manifest as a file. Equal manifests are equal files.
func (m Manifest) JSON() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(m)
	return out.Bytes(), err
}

// Read returns the documents of a manifest by their IDs. It also reads an object of documents by ID, which the compiler of Relay and GraphQL Code
// Generator write.
func Read(text []byte) (map[string]string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, invalid("the file is not a JSON object: " + err.Error())
	}
	if object["format"] != nil && object["operations"] != nil {
		return readApollo(text)
	}
	documents := make(map[string]string, len(object))
	for id, value := range object {
		var body string
		if err := json.Unmarshal(value, &body); err != nil {
			return nil, invalid(fmt.Sprintf("the document %q is not a string", id))
		}
		documents[id] = body
	}
	return documents, checked(documents)
}

func readApollo(text []byte) (map[string]string, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, invalid(err.Error())
	}
	if m.Format != apolloFormat || m.Version != apolloVersion {
		return nil, invalid(fmt.Sprintf("the format %q of version %d is not known", m.Format, m.Version))
	}
	documents := make(map[string]string, len(m.Operations))
	for _, o := range m.Operations {
		if other, exists := documents[o.ID]; exists && other != o.Body {
			return nil, invalid(fmt.Sprintf("two documents have the ID %q", o.ID))
		}
		documents[o.ID] = o.Body
	}
	return documents, checked(documents)
}

// checked refuses documents that no request could name or run.
func checked(documents map[string]string) error {
	for id, body := range documents {
		if id == "" || body == "" {
			return invalid(fmt.Sprintf("the ID %q has the document %q", id, body))
		}
	}
	return nil
}

func invalid(message string) error {
	return fault.New(fault.Invalid, "read a manifest of documents", message, "write it with `krowoc schema persist`, or with the tool of the client for persisted queries")
}
