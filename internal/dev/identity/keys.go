package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/krowoc/krowoc/internal/atomicfile"
	"github.com/krowoc/krowoc/internal/fault"
)

// maxKeys is the number of keys kept. Tokens that were signed with older keys have expired.
const maxKeys = 4

// keys are the keys of tokens. The last one signs; all of them verify.
type keys struct {
	path string
	mu   sync.Mutex
	set  jwk.Set
}

// openKeys reads the keys from a file. It creates a missing file with a new key.
func openKeys(path string) (*keys, error) {
	k := &keys{path: path, set: jwk.NewSet()}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k, k.rotate()
	case err != nil:
		return nil, fault.Wrap("read the keys of the identity provider", err)
	}
	if k.set, err = jwk.Parse(text); err != nil || k.set.Len() == 0 {
		return nil, fault.New(fault.Invalid, "read the keys of the identity provider", path+" contains no keys", "remove the file; users have to log in again")
	}
	return k, nil
}

// rotate creates a new signing key.
func (k *keys) rotate() error {
	const op = "create a signing key"
	raw, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fault.Wrap(op, err)
	}
	key, err := jwk.Import(raw)
	if err == nil {
		err = errors.Join(jwk.AssignKeyID(key), key.Set(jwk.AlgorithmKey, jwa.ES256()), key.Set(jwk.KeyUsageKey, "sig"))
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	next := jwk.NewSet()
	for i := max(0, k.set.Len()-maxKeys+1); i < k.set.Len(); i++ {
		old, _ := k.set.Key(i)
		if err := next.AddKey(old); err != nil {
			return fault.Wrap(op, err)
		}
	}
	if err := next.AddKey(key); err != nil {
		return fault.Wrap(op, err)
	}
	text, err := json.Marshal(next)
	if err == nil {
		err = writeFile(k.path, text)
	}
	if err == nil {
		k.set = next
	}
	return fault.Wrap(op, err)
}

// signing returns the signing key.
func (k *keys) signing() jwk.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, _ := k.set.Key(k.set.Len() - 1)
	return key
}

// public returns the public keys, which verify tokens.
func (k *keys) public() (jwk.Set, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return jwk.PublicSetOf(k.set)
}

func (p *Provider) jwks(*http.Request) (any, error) { return p.keys.public() }

// writeFile replaces a file that only its owner can read.
func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, text, 0o600)
}
