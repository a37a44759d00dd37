package exec

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

// A client that does not know whether its mutation took effect sends it again under the same key, and gets the answer of the first time. See
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/.

// maxKey is the number of characters that a key can have.
const maxKey = 255

// idempotent is a key of a caller, and what it stands for.
type idempotent struct {
	key     string // as the client sent it
	id      []byte // a hash of the caller and the key
	request []byte // a hash of the operation
}

// readKey returns the key of a request, or nil if it has none. Queries need none.
func readKey(r *http.Request, op *Operation, who caller.Caller) (*idempotent, *problem.Details) {
	values := r.Header.Values(request.IdempotencyHeader)
	if len(values) == 0 || op.Safe {
		return nil, nil
	}
	key, ok := keyOf(values)
	if !ok {
		return nil, invalid("the header "+request.IdempotencyHeader+" is not valid",
			fmt.Sprintf(`send one key of 1 to %d printable ASCII characters, as %s: "8e03978e-40d5"`, maxKey, request.IdempotencyHeader))
	}
	content, err := json.Marshal([]any{op.Document, op.DocumentID, op.Name, op.Variables, op.Extensions})
	if err != nil {
		return nil, invalid("the body is not a GraphQL request: "+err.Error(), "")
	}
	owner := "user " + who.UID
	switch {
	case who.Service:
		owner = "service"
	case who.Key != "":
		owner = "API key " + who.Key
	case who.UID == "":
		const message = request.IdempotencyHeader + " needs a caller who is signed in"
		details := problem.From(fault.New(fault.Unauthenticated, "", message, "sign in, or leave the header out"))
		return nil, &details
	}
	return &idempotent{key: key, id: hash(owner + "\x00" + key), request: hash(string(content))}, nil
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// keyOf reads a key: a string in double quotes (RFC 9651, section 3.3.3) or, as many clients send it, without them.
func keyOf(values []string) (key string, ok bool) {
	if len(values) != 1 {
		return "", false
	}
	key = strings.TrimSpace(values[0])
	if quoted, isQuoted := strings.CutPrefix(key, `"`); isQuoted {
		if key, ok = strings.CutSuffix(quoted, `"`); !ok {
			return "", false
		}
		if strings.ContainsAny(withoutEscapes.Replace(key), `\"`) {
			return "", false
		}
		key = unescaped.Replace(key)
	}
	isOther := func(c rune) bool { return c < ' ' || c > '~' }
	fits := key != "" && len(key) <= maxKey
	return key, fits && !strings.ContainsFunc(key, isOther)
}

// The escapes of RFC 9651, section 3.3.3.
var (
	withoutEscapes = strings.NewReplacer(`\\`, "", `\"`, "")
	unescaped      = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
)

// keyMisuse is a refusal of a key, which the draft wants to be a status of HTTP.
type keyMisuse struct {
	error
	status int
}

// Unwrap returns the fault.
func (e *keyMisuse) Unwrap() error { return e.error }

var (
	errOtherRequest = &keyMisuse{
		fault.New(fault.Invalid, "", "the "+request.IdempotencyHeader+" was used for another request", "use a new key for each operation"),
		http.StatusUnprocessableEntity,
	}
	errStillRuns = &keyMisuse{
		fault.New(fault.Conflict, "", "an operation with this "+request.IdempotencyHeader+" is still running", "try again later"),
		http.StatusConflict,
	}
)

// misused returns the problem that a refused key is, or nil.
func misused(failure error) *problem.Details {
	var misuse *keyMisuse
	if !errors.As(failure, &misuse) {
		return nil
	}
	details := problem.From(misuse)
	details.Status, details.Title = misuse.status, http.StatusText(misuse.status)
	return &details
}
