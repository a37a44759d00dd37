package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// Keyring encrypts the tokens of sessions with AES-256-GCM. The first key seals; all of them open what they have sealed, so that keys can
// be replaced without logging anybody out: put the new key first, and remove the old one when every session has been refreshed.
type Keyring struct{ keys []key }

type key struct {
	id  [keyIDSize]byte // a digest of the key, in front of what it has sealed
	gcm cipher.AEAD
	mac []byte // for signatures, derived from the key
}

const (
	keySize   = 32
	keyIDSize = 4
)

// NewKeyring reads keys of 32 bytes each, in base64 or hexadecimal, separated by commas.
func NewKeyring(text string) (*Keyring, error) {
	const op = "read the keys of sessions"
	const hint = "make a key with `openssl rand -base64 32`"
	r := &Keyring{}
	for item := range strings.SplitSeq(text, ",") {
		raw, ok := decodeKey(strings.TrimSpace(item))
		if !ok {
			return nil, fault.New(fault.Invalid, op, "auth.session.keys has a key that is not 32 bytes in base64 or hexadecimal", hint)
		}
		k, err := newKey(raw)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		r.keys = append(r.keys, k)
	}
	return r, nil
}

// OpenKeyring reads the key of a file, which it makes if it is missing. Only its owner can read it.
func OpenKeyring(path string) (*Keyring, error) {
	const op = "read the key of sessions"
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(random(keySize))
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return NewKeyring(strings.TrimSpace(string(text)))
}

func decodeKey(text string) ([]byte, bool) {
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if raw, err := decode(text); err == nil && len(raw) == keySize {
			return raw, true
		}
	}
	return nil, false
}

func newKey(raw []byte) (k key, err error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return k, err
	}
	if k.gcm, err = cipher.NewGCM(block); err != nil {
		return k, err
	}
	digest := sha256.Sum256(append([]byte("krowoc key id\x00"), raw...))
	copy(k.id[:], digest[:])
	mac := sha256.Sum256(append([]byte("krowoc signatures\x00"), raw...))
	k.mac = mac[:]
	return k, nil
}

// errSealed is the error of a text that no key of the ring has sealed for this purpose.
var errSealed = errors.New("it was not sealed with a key of auth.session.keys, or was changed")

// seal encrypts a text for a purpose: what is sealed for another one does not open, so that a value cannot be moved elsewhere.
func (r *Keyring) seal(text []byte, purpose string) []byte {
	k := r.keys[0]
	out := make([]byte, keyIDSize+k.gcm.NonceSize(), keyIDSize+k.gcm.NonceSize()+len(text)+k.gcm.Overhead())
	copy(out, k.id[:])
	_, _ = rand.Read(out[keyIDSize:]) // it never fails
	return k.gcm.Seal(out, out[keyIDSize:], text, []byte(purpose))
}

// open decrypts what seal has encrypted for the same purpose.
func (r *Keyring) open(sealed []byte, purpose string) ([]byte, error) {
	for _, k := range r.keys {
		head := keyIDSize + k.gcm.NonceSize()
		if len(sealed) < head || [keyIDSize]byte(sealed[:keyIDSize]) != k.id {
			continue
		}
		if text, err := k.gcm.Open(nil, sealed[keyIDSize:head], sealed[head:], []byte(purpose)); err == nil {
			return text, nil
		}
	}
	return nil, errSealed
}
