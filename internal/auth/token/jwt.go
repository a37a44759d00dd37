package token

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// header is what counts of the header of a token. What it says about keys (jwk, jku, x5c, x5u) does not count.
type header struct {
	Algorithm string          `json:"alg"`
	Key       string          `json:"kid"`
	Type      string          `json:"typ"`
	Critical  json.RawMessage `json:"crit"`
}

// unverified is a token as it was sent.
type unverified struct {
	text   []byte
	header header
	claims registered
	all    map[string]any // all claims
}

// types are the values of `typ` that an access token may have (RFC 9068; most issuers say JWT). RFC 8725 section 3.11: a token of another
// type, such as a logout token, is for another purpose.
var types = []string{"", "jwt", "at+jwt", "application/at+jwt", "application/jwt"}

var errNotJWT = invalid("the token is not a JSON Web Token")

// parse reads the parts of a token. Nothing of it can be trusted yet.
func parse(text string) (unverified, error) {
	t := unverified{text: []byte(text)}
	if len(text) > maxToken {
		return t, invalid("the token is too long")
	}
	parts := strings.Split(text, ".")
	hasBreaks := strings.ContainsAny(text, "\r\n") // the decoder skips them
	if hasBreaks || len(parts) != 3 {
		return t, errNotJWT
	}
	if !decode(parts[0], &t.header) || !decode(parts[1], &t.claims) || !decode(parts[1], &t.all) {
		return t, errNotJWT
	}
	switch {
	case !slices.Contains(types, strings.ToLower(t.header.Type)):
		return t, invalid("the token is not an access token")
	case t.header.Critical != nil:
		return t, invalid("the token requires an extension that is not supported")
	}
	return t, nil
}

// decode decodes base64url (RFC 7515) and JSON.
func decode(part string, into any) bool {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return false
	}
	return json.Unmarshal(text, into) == nil
}

// The algorithms. The header of a token picks one of those for which the issuer has a key.
var algorithms = map[string]jwa.SignatureAlgorithm{"ES256": jwa.ES256(), "RS256": jwa.RS256(), "EdDSA": jwa.EdDSA(), hmacName: jwa.HS256()}

const hmacName = "HS256"

// verify checks the signature with a key that is for the algorithm of the token.
func (t unverified) verify(key any) error {
	if _, err := jws.Verify(t.text, jws.WithKey(algorithms[t.header.Algorithm], key), jws.WithCompact()); err != nil {
		return invalid("the signature is wrong")
	}
	return nil
}
