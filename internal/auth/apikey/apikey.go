// Package apikey manages the API keys of machines. A key is a random secret that Postgres only knows by its hash, with what its owner may
// do: who they are, which operations they may send, and which types these may touch.
package apikey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Prefix is how every key begins. Secret scanners find keys by it.
const Prefix = "krowoc_key_"

const (
	secretBytes   = 32
	secretLetters = 43 // 62^43 > 2^256
	checkLetters  = 6  // 62^6 > 2^32
	keyLength     = len(Prefix) + secretLetters + checkLetters
	idBytes       = 6 // of the hash
)

// alphabet is base 62, in the order of math/big.
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// hash is the SHA-256 of a key. A slow hash is for secrets that people choose: nobody guesses 256 random bits.
type hash [sha256.Size]byte

// id returns the ID of a key. Whoever finds a key can compute it.
func (h hash) id() string { return hex.EncodeToString(h[:idBytes]) }

// newSecret returns a new key: the prefix, a random number and a checksum.
func newSecret() string {
	var random [secretBytes]byte
	_, _ = rand.Read(random[:]) // never fails
	body := Prefix + base62(new(big.Int).SetBytes(random[:]), secretLetters)
	return body + checksum(body)
}

// base62 writes a number with a fixed number of letters.
func base62(n *big.Int, letters int) string {
	text := n.Text(62)
	return strings.Repeat(alphabet[:1], letters-len(text)) + text
}

// checksum tells typing mistakes from unknown keys without the database. It protects nothing.
func checksum(body string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), checkLetters)
}

// check refuses what does not have the form of a key, so that it costs no query.
func check(text string) error {
	isLetter := func(r rune) bool { return strings.ContainsRune(alphabet, r) }
	body, ours := strings.CutPrefix(text, Prefix)
	switch {
	case !ours:
		return invalid("the API key does not begin with " + Prefix)
	case len(text) != keyLength:
		return invalid(fmt.Sprintf("the API key has %d characters instead of %d", len(text), keyLength))
	case strings.TrimFunc(body, isLetter) != "", checksum(text[:keyLength-checkLetters]) != text[keyLength-checkLetters:]:
		return invalid("the checksum of the API key is wrong: a character was changed")
	}
	return nil
}

// op is the operation in errors of requests.
const op = "read the API key"

func invalid(why string) *fault.Error {
	return fault.New(fault.Unauthenticated, op, why, "use a key of this service; `krowoc auth key list` shows their state")
}

// Grant is what a key is for.
type Grant struct {
	Name       string
	UID        string   // auth.uid in rules; may be empty
	Roles      []string // auth.roles in rules
	Tier       string   // of TIER rules; may be empty
	Service    bool     // no rule applies
	Operations []string // query, mutation, subscription; nil allows all
	Types      []string // that an operation may read or write; nil allows all
	Expires    *time.Time
}

// maxName is how many bytes the name of a key may have.
const maxName = 100

// Check refuses a grant that makes no sense.
func (g Grant) Check() error {
	const op = "create an API key"
	switch {
	case g.Name == "" || len(g.Name) > maxName:
		return fault.New(fault.Invalid, op, fmt.Sprintf("the name must have 1 to %d bytes; it has %d", maxName, len(g.Name)))
	case !g.Service && g.UID == "" && len(g.Roles) == 0 && g.Tier == "":
		return fault.New(fault.Invalid, op, "a key without a user ID, roles, a tier or the service role can do no more than no key", "add --uid, --roles, --tier or --service")
	}
	return nil
}

// Key is a key without its secret.
type Key struct {
	ID string
	Grant
	Created  time.Time
	LastUsed *time.Time // with a precision of a minute
	Revoked  *time.Time
}

// State is active, expired or revoked.
func (k Key) State(now time.Time) string {
	switch {
	case k.Revoked != nil:
		return "revoked"
	case k.Expires != nil && !now.Before(*k.Expires):
		return "expired"
	}
	return "active"
}

// Operations are the operations that a key can be limited to.
var Operations = []string{"query", "mutation", "subscription"}
