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

	"github.com/krowoc/krowoc/internal/fault"
)

// maxKeys is how many keys are kept: tokens of older ones have long expired.
const maxKeys = 4

// keys sign tokens: the last one signs, and those before it are still good.
type keys struct {
	path string
	mu   sync.Mutex
	set  jwk.Set
}

// openKeys reads the keys of a file, or makes the first one.
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
		return nil, fault.New(fault.Invalid, "read the keys of the identity provider", path+" holds none", "Remove it: people log in again.")
	}
	return k, nil
}

// rotate makes the key that signs from now on.
func (k *keys) rotate() error {
	const op = "make a key"
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

// signing is the key that signs.
func (k *keys) signing() jwk.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, _ := k.set.Key(k.set.Len() - 1)
	return key
}

// public are the keys with which tokens are verified.
func (k *keys) public() (jwk.Set, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return jwk.PublicSetOf(k.set)
}

func (p *Provider) jwks(*http.Request) (any, error) { return p.keys.public() }

// writeFile replaces a file that only its owner may read, in one step.
func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
