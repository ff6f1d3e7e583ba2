package fitconnect

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// minRSABits is the key length FIT-Connect requires (JWK schema: n has at least
// 683 base64url characters).
const minRSABits = 4096

// maxRSABits bounds the work a hostile key can cause.
const maxRSABits = 16384

// KeyUse is what a JWK is for.
type KeyUse int

// The two uses of FIT-Connect.
const (
	UseEncrypt KeyUse = iota + 1 // alg RSA-OAEP-256, key_ops ["wrapKey"]
	UseVerify                    // alg PS512, key_ops ["verify"]
)

// JWK is a public RSA key as FIT-Connect publishes it (RFC 7517).
type JWK struct {
	Kty    string   `json:"kty"`
	Alg    string   `json:"alg"`
	KeyOps []string `json:"key_ops,omitempty"`
	Kid    string   `json:"kid"`
	N      string   `json:"n"`             // modulus, base64url without padding
	E      string   `json:"e"`             // exponent, "AQAB"
	X5c    []string `json:"x5c,omitempty"` // certificate chain, base64 DER, leaf first
}

// JWKPolicy is how strict [JWK.Check] is. Nil means: certificate not required.
type JWKPolicy struct {
	// RequireX5C demands a certificate, as the schema does for keys of
	// destinations and of the routing service. Keys of a reply channel have none,
	// and the test environment allows keys without. The chain is not validated
	// here: which authority may sign is a decision of the operator.
	RequireX5C bool
}

// ParseJWK decodes one JWK. It refuses private keys, so that a leaked private
// half is noticed instead of used. Check is separate.
func ParseJWK(raw []byte) (JWK, error) {
	m, err := decodeObject(raw)
	if err != nil {
		return JWK{}, invalid("ParseJWK", "%w", err)
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
		if _, there := m[private]; there {
			return JWK{}, invalid("ParseJWK", "JWK holds private member %q", private)
		}
	}
	var k JWK
	if err := json.Unmarshal(raw, &k); err != nil {
		return JWK{}, invalid("ParseJWK", "%w", err)
	}
	return k, nil
}

// NewJWK makes the JWK of a public key for a use.
func NewJWK(kid string, pub *rsa.PublicKey, use KeyUse) JWK {
	k := JWK{Kty: "RSA", Kid: kid, N: base64.RawURLEncoding.EncodeToString(pub.N.Bytes()),
		E: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(pub.E)).Bytes())}
	k.Alg, k.KeyOps = use.alg()
	return k
}

func (u KeyUse) alg() (string, []string) {
	if u == UseVerify {
		return "PS512", []string{"verify"}
	}
	return "RSA-OAEP-256", []string{"wrapKey"}
}

// Check tests the JWK against the rules of FIT-Connect: kty RSA, alg and
// key_ops of its use, kid of 8 to 64 characters, 4096 bits or more, exponent
// 65537. A broken rule is an ErrInvalid error.
func (k JWK) Check(use KeyUse, p *JWKPolicy) error {
	if p == nil {
		p = &JWKPolicy{}
	}
	alg, ops := use.alg()
	switch {
	case k.Kty != "RSA":
		return invalid("JWK", "key %s: kty is not RSA", quoteKid(k.Kid))
	case k.Alg != alg:
		return invalid("JWK", "key %s: alg is not %s", quoteKid(k.Kid), alg)
	case !slices.Equal(k.KeyOps, ops):
		return invalid("JWK", "key %s: key_ops is not exactly %q", quoteKid(k.Kid), ops)
	case len(k.Kid) < 8 || len(k.Kid) > 64:
		return invalid("JWK", "key %s: kid has %d characters, want 8 to 64", quoteKid(k.Kid), len(k.Kid))
	case k.E != "AQAB":
		return invalid("JWK", "key %s: exponent is not AQAB", quoteKid(k.Kid))
	case p.RequireX5C && len(k.X5c) == 0:
		return invalid("JWK", "key %s: certificate (x5c) is missing", quoteKid(k.Kid))
	}
	pub, err := k.PublicKey()
	if err != nil {
		return err
	}
	return checkRSA("JWK", k.Kid, pub)
}

// PublicKey gives the RSA key. It does not check the length; Check does.
func (k JWK) PublicKey() (*rsa.PublicKey, error) {
	n, err := base64.RawURLEncoding.Strict().DecodeString(k.N)
	if err != nil || len(n) == 0 {
		return nil, invalid("JWK", "key %s: modulus is not base64url", quoteKid(k.Kid))
	}
	if len(n)*8 > maxRSABits {
		return nil, invalid("JWK", "key %s: modulus has more than %d bits", quoteKid(k.Kid), maxRSABits)
	}
	e, err := base64.RawURLEncoding.Strict().DecodeString(k.E)
	if err != nil || len(e) == 0 || len(e) > 4 {
		return nil, invalid("JWK", "key %s: exponent is not a base64url number of at most 4 bytes", quoteKid(k.Kid))
	}
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(n)}
	for _, b := range e {
		pub.E = pub.E<<8 | int(b)
	}
	if pub.E < 3 || pub.E&1 == 0 || pub.E > 1<<31-1 || pub.N.Bit(0) == 0 {
		return nil, invalid("JWK", "key %s: not a usable RSA key", quoteKid(k.Kid))
	}
	return pub, nil
}

func checkRSA(op, kid string, pub *rsa.PublicKey) error {
	if bits := pub.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return invalid(op, "key %s: RSA key has %d bits, want %d to %d", quoteKid(kid), bits, minRSABits, maxRSABits)
	}
	return nil
}

// ParsePrivateJWK reads a private RSA key from its JWK, such as the file the
// self-service portal gives out, and its kid. Members use, key_ops and ext are
// ignored because generators disagree about them. It checks that the key is
// consistent and long enough.
func ParsePrivateJWK(raw []byte) (kid string, key *rsa.PrivateKey, err error) {
	m, err := decodeObject(raw)
	if err != nil {
		// The cause could quote the key: it is left out.
		return "", nil, invalid("ParsePrivateJWK", "not a JSON object")
	}
	for _, name := range []string{"use", "key_ops", "ext", "x5c", "x5t", "x5t#S256", "x5u"} {
		delete(m, name)
	}
	clean, err := json.Marshal(m)
	if err != nil {
		return "", nil, invalid("ParsePrivateJWK", "not a JSON object")
	}
	var k jose.JSONWebKey
	if err := k.UnmarshalJSON(clean); err != nil {
		return "", nil, invalid("ParsePrivateJWK", "not a usable JWK")
	}
	key, ok := k.Key.(*rsa.PrivateKey)
	if !ok {
		return "", nil, invalid("ParsePrivateJWK", "key %s: not a private RSA key", quoteKid(k.KeyID))
	}
	if err := errors.Join(key.Validate(), checkRSA("ParsePrivateJWK", k.KeyID, &key.PublicKey)); err != nil {
		return "", nil, invalid("ParsePrivateJWK", "key %s: %w", quoteKid(k.KeyID), err)
	}
	return k.KeyID, key, nil
}

// JWKSet is a list of keys as the service publishes it.
type JWKSet struct {
	Keys []JWK `json:"keys"`
}

// Find gives the key with the kid.
func (s JWKSet) Find(kid string) (JWK, bool) {
	for _, k := range s.Keys {
		if k.Kid == kid {
			return k, true
		}
	}
	return JWK{}, false
}

// String names the key without its numbers.
func (k JWK) String() string { return fmt.Sprintf("JWK %s %s", k.Alg, quoteKid(k.Kid)) }
