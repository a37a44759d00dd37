package token

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

const (
	maxDocument  = 1 << 20 // bytes of what an issuer sends
	maxKeys      = 256
	maxRedirects = 3
)

// NewClient returns the client that fetches keys. It keeps no connection open, since it is used every few minutes.
func NewClient() *http.Client {
	return &http.Client{
		Timeout:   fetchTimeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true, ResponseHeaderTimeout: fetchTimeout},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects || !Secure(r.URL.String()) {
				return errors.New("the redirect to " + r.URL.Redacted() + " is not followed")
			}
			return nil
		},
	}
}

// fetchKeys fetches the keys of an issuer, and says how long they are fresh.
func fetchKeys(ctx context.Context, client *http.Client, i Issuer) (map[keyID]any, time.Duration, error) {
	address := i.KeysURL
	if address == "" {
		m, err := Discover(ctx, client, i.URL)
		if err != nil {
			return nil, 0, err
		}
		if address = m.Keys; address == "" {
			return nil, 0, errors.New("the metadata of " + i.URL + " names no keys")
		}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	fresh, err := get(ctx, client, address, &set)
	if err != nil {
		return nil, 0, err
	}
	keys := map[keyID]any{}
	for _, text := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if id, key, ok := usable(text); ok {
			id.issuer = ofTenant(i.URL, text)
			keys[id] = key
		}
	}
	if len(keys) == 0 && len(i.Secret) == 0 {
		return nil, 0, fmt.Errorf("%s has no key for ES256, RS256 or EdDSA", address)
	}
	return keys, fresh, nil
}

// Metadata is what an issuer says of itself (OpenID Connect Discovery 1.0, RFC 8414).
type Metadata struct {
	Issuer        string `json:"issuer"`
	Keys          string `json:"jwks_uri"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`

	// Introspection tells whether a token still counts (RFC 7662), to clients that authenticate by one of the methods.
	Introspection        string   `json:"introspection_endpoint"`
	IntrospectionMethods []string `json:"introspection_endpoint_auth_methods_supported"`
}

// Discover fetches the metadata of an issuer, as OpenID Connect places it or else as RFC 8414 does. It must name the issuer (section 3.3 of
// RFC 8414) and secure addresses. A nil client is one with timeouts.
func Discover(ctx context.Context, client *http.Client, issuer string) (m Metadata, err error) {
	if client == nil {
		client = NewClient()
	}
	var failed error
	for _, address := range metadataURLs(issuer) {
		m = Metadata{}
		if _, err := get(ctx, client, address, &m); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if !namesItself(issuer, m.Issuer) {
			return m, fmt.Errorf("%s is the metadata of another issuer, %.200q", address, m.Issuer)
		}
		for _, named := range []string{m.Keys, m.Authorization, m.Token, m.Introspection} {
			if named != "" && !Secure(named) {
				return m, fmt.Errorf("%s names an address that is not an https:// URL", address)
			}
		}
		return m, nil
	}
	return m, failed
}

// metadataURLs returns where the metadata of an issuer may be: OpenID Connect appends the well-known path, RFC 8414 inserts it.
func metadataURLs(issuer string) []string {
	trimmed := strings.TrimSuffix(issuer, "/")
	scheme, rest, _ := strings.Cut(trimmed, "://")
	host, path, _ := strings.Cut(rest, "/")
	inserted := scheme + "://" + host + "/.well-known/oauth-authorization-server"
	if path != "" {
		inserted += "/" + path
	}
	return []string{trimmed + "/.well-known/openid-configuration", inserted}
}

// get fetches a JSON document, and says how long it is fresh.
func get(ctx context.Context, client *http.Client, address string, into any) (fresh time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answered %s", address, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return 0, err
	}
	if len(text) > maxDocument {
		return 0, fmt.Errorf("%s sent more than %d bytes", address, maxDocument)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return 0, fmt.Errorf("%s did not send the expected JSON: %w", address, err)
	}
	return freshness(response.Header.Get("Cache-Control")), nil
}

// freshness returns how long a response is fresh by its Cache-Control (RFC 9111), at most a day.
func freshness(header string) time.Duration {
	for directive := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return attemptEvery
		case "max-age":
			n, err := strconv.Atoi(strings.Trim(value, `"`))
			if err != nil || n < 0 {
				return refreshEvery
			}
			return min(max(time.Duration(min(n, 86400))*time.Second, attemptEvery), 24*time.Hour)
		}
	}
	return refreshEvery
}

// usable returns a public key that verifies signatures of one of the algorithms. Others are skipped: a set may have keys for encryption
// and of newer kinds.
func usable(text []byte) (id keyID, raw any, ok bool) {
	key, err := jwk.ParseKey(text)
	if err != nil {
		return id, nil, false
	}
	id.name, _ = key.KeyID()
	if use, given := key.KeyUsage(); given && use != "sig" {
		return id, nil, false
	}
	if jwk.Export(key, &raw) != nil {
		return id, nil, false
	}
	switch k := raw.(type) {
	case *ecdsa.PublicKey:
		id.algorithm, ok = "ES256", k.Curve == elliptic.P256()
	case *rsa.PublicKey:
		id.algorithm, ok = "RS256", k.N.BitLen() >= 2048 && k.N.BitLen() <= 8192
	case ed25519.PublicKey:
		id.algorithm, ok = "EdDSA", true
	}
	if alg, given := key.Algorithm(); given && alg.String() != id.algorithm {
		ok = false
	}
	return id, raw, ok
}
