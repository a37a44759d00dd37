package tracing

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/request"
)

// Attributes that the process keeps to itself, and those that are sent instead.
const (
	queryText        = attribute.Key("db.query.text")
	queryOperation   = attribute.Key("db.operation.name")
	querySummary     = attribute.Key("db.query.summary")
	queryFingerprint = attribute.Key("krowoc.sql.fingerprint")
	documentText     = attribute.Key("graphql.document")
	documentHash     = attribute.Key("graphql.document.hash")
	errorType        = attribute.Key("error.type")
)

const (
	maxStatement = 16 << 10 // bytes of a statement whose text is sent, without values
	maxText      = 2 << 10  // bytes of an attribute
	statements   = 512      // that are remembered
	preparing    = "prepare "
)

// cleaner makes spans fit to be sent: without values, and bounded. It works on the way to the collector, because most spans are not sent.
type cleaner struct{ known *lru.Cache[string, statement] }

// statement is an SQL statement without its values.
type statement struct{ text, summary, fingerprint string }

func newCleaner() *cleaner {
	known, err := lru.New[string, statement](statements)
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return &cleaner{known}
}

// cleaned is a span with other attributes.
type cleaned struct {
	sdk.ReadOnlySpan
	name       string
	attributes []attribute.KeyValue
	events     []sdk.Event
	status     sdk.Status
}

func (c *cleaned) Name() string                     { return c.name }
func (c *cleaned) Attributes() []attribute.KeyValue { return c.attributes }
func (c *cleaned) Events() []sdk.Event              { return c.events }
func (c *cleaned) Status() sdk.Status               { return c.status }

// span returns a span that can be sent.
func (c *cleaner) span(s sdk.ReadOnlySpan) sdk.ReadOnlySpan {
	out := &cleaned{ReadOnlySpan: s, name: s.Name(), events: s.Events(), status: s.Status()}
	for _, a := range s.Attributes() {
		switch a.Key {
		case queryText:
			c.addStatement(out, a.Value.AsString())
		case queryOperation: // it comes with the text
		case documentText:
			sum := sha256.Sum256([]byte(a.Value.AsString()))
			out.attributes = append(out.attributes, documentHash.String(hex.EncodeToString(sum[:])))
		default:
			if a.Value.Type() == attribute.STRING {
				a.Value = attribute.StringValue(request.Clip(a.Value.AsString(), maxText))
			}
			out.attributes = append(out.attributes, a)
		}
	}
	if out.status.Code == codes.Error {
		hideError(out)
	}
	return out
}

// addStatement adds what can be told of a statement.
func (c *cleaner) addStatement(out *cleaned, sql string) {
	st := c.statement(sql)
	prefix := ""
	if strings.HasPrefix(out.name, preparing) {
		prefix = preparing
	}
	out.name = prefix + cmp.Or(st.summary, "SQL")
	operation, _, _ := strings.Cut(st.summary, " ")
	for _, a := range []attribute.KeyValue{
		queryOperation.String(operation), querySummary.String(st.summary), queryText.String(st.text), queryFingerprint.String(st.fingerprint),
	} {
		if a.Value.AsString() != "" {
			out.attributes = append(out.attributes, a)
		}
	}
}

func (c *cleaner) statement(sql string) statement {
	if len(sql) > maxStatement {
		return statement{}
	}
	if st, ok := c.known.Get(sql); ok {
		return st
	}
	st := statement{text: sqltext.Redact(sql)}
	if st.text != "" {
		sum := sha256.Sum256([]byte(st.text))
		st.fingerprint, st.summary = hex.EncodeToString(sum[:8]), request.Clip(sqltext.Summary(st.text), 100)
		st.text = request.Clip(st.text, maxText)
	}
	c.known.Add(strings.Clone(sql), st)
	return st
}

// hideError drops the texts of an error, which can quote values. What kind of error it was stays.
func hideError(out *cleaned) {
	kind := ""
	for _, a := range out.attributes {
		if a.Key == errorType {
			kind = a.Value.AsString()
		}
	}
	out.status.Description = kind
	out.events = nil
}
