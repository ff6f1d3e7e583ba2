package fitconnect

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // OAEP with SHA-256
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	algOAEP    = "RSA-OAEP-256"
	encGCM     = "A256GCM"
	gcmIVSize  = 12
	gcmTagSize = 16
	// maxHeader bounds the protected header of JWE and JWS, in characters.
	maxHeader = 8 << 10
)

// JWE is a compact JWE (RFC 7516) split and checked, not decrypted.
type JWE struct {
	Kid string // key the sender encrypted for
	Cty string // content type of the plaintext; required for metadata and data in v2
	tag string
	raw string // whole compact text
	end [4]int // ends of the first four segments
	zip bool   // plaintext is DEFLATE, version 1 only

	// Of a JWE that was read as it arrived raw has no ciphertext: sealed is it,
	// decoded, and spoilt says that it could not be.
	sealed []byte
	spoilt bool
	// work, if any, was done while it was read.
	work *earlyWork
}

// ParseJWE splits a compact JWE and checks its header strictly: exactly five
// segments, alg RSA-OAEP-256, enc A256GCM, a kid, no zip (forbidden in v2), no
// crit. It does not decrypt. Errors match ErrInvalid and quote nothing of the content.
func ParseJWE(compact string) (*JWE, error) { return parseJWE(compact, false) }

// ParseJWEv1 is [ParseJWE] for version 1 of the API, where a sender may compress
// the plaintext: zip may be "DEF". Any other value is refused.
func ParseJWEv1(compact string) (*JWE, error) { return parseJWE(compact, true) }

func parseJWE(compact string, deflate bool) (*JWE, error) {
	const op = "ParseJWE"
	j := &JWE{raw: compact}
	if strings.IndexByte(compact, '\n') >= 0 || strings.IndexByte(compact, '\r') >= 0 {
		// encoding/base64 skips line breaks; JOSE forbids them.
		return nil, invalid(op, "line break in compact serialization")
	}
	rest, at := compact, 0
	for i := range j.end {
		n := strings.IndexByte(rest, '.')
		if n < 0 {
			return nil, invalid(op, "not a compact JWE of five segments")
		}
		at += n
		j.end[i] = at
		rest, at = rest[n+1:], at+1
	}
	if strings.IndexByte(rest, '.') >= 0 {
		return nil, invalid(op, "not a compact JWE of five segments")
	}
	if j.end[0] > maxHeader {
		return nil, invalid(op, "header longer than %d characters", maxHeader)
	}
	h, err := joseHeader(compact[:j.end[0]])
	if err != nil {
		return nil, invalid(op, "header: %w", err)
	}
	switch {
	case h.Alg != algOAEP:
		return nil, invalid(op, "alg is not %s", algOAEP)
	case h.Enc != encGCM:
		return nil, invalid(op, "enc is not %s", encGCM)
	case h.has["zip"] && !deflate:
		return nil, invalid(op, "zip is forbidden")
	case h.has["zip"] && h.Zip != "DEF":
		return nil, invalid(op, "zip is not DEF")
	case h.has["crit"]:
		return nil, invalid(op, "critical header parameters are not supported")
	case h.Kid == "":
		return nil, invalid(op, "kid is missing")
	}
	j.Kid, j.Cty, j.tag, j.zip = h.Kid, h.Cty, rest, h.has["zip"]
	if tag, err := base64.RawURLEncoding.Strict().DecodeString(rest); err != nil || len(tag) != gcmTagSize {
		return nil, invalid(op, "authentication tag is not %d base64url bytes", gcmTagSize)
	}
	return j, nil
}

// Compressed tells whether the plaintext was compressed before it was encrypted.
func (j *JWE) Compressed() bool { return j.zip }

// Tag is the authentication tag as the event log carries it: the fifth
// segment, base64url without padding.
func (j *JWE) Tag() string { return j.tag }

// CheckContentType tells whether cty is one v2 allows for metadata and data:
// application/json or application/xml.
func (j *JWE) CheckContentType() error {
	if j.Cty != MIMEJSON && j.Cty != MIMEXML {
		return invalid("JWE", "cty is neither %s nor %s", MIMEJSON, MIMEXML)
	}
	return nil
}

type header struct {
	Alg, Enc, Kid, Cty, Typ, Zip string
	has                          map[string]bool
}

// joseHeader decodes a protected header. Names match exactly: "Alg" is not "alg".
func joseHeader(segment string) (header, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return header{}, errors.New("not base64url")
	}
	m, err := decodeObject(raw)
	if err != nil {
		return header{}, err
	}
	h := header{has: map[string]bool{}}
	text := map[string]*string{"alg": &h.Alg, "enc": &h.Enc, "kid": &h.Kid, "cty": &h.Cty, "typ": &h.Typ, "zip": &h.Zip}
	for name, value := range m {
		h.has[name] = true
		if into := text[name]; into != nil {
			if err := json.Unmarshal(value, into); err != nil {
				return header{}, errors.New(name + " is not a string")
			}
		}
	}
	return h, nil
}

// EncryptParams are what [Encrypt] needs.
type EncryptParams struct {
	Key       JWK    // public encryption key of the receiver; it is checked
	Cty       string // content type, such as "application/json"
	Plaintext []byte
}

// Encrypt makes a compact JWE as v2 demands: RSA-OAEP-256, A256GCM, kid and cty
// in the header, no compression. It uses the system's randomness.
func Encrypt(p EncryptParams) (*JWE, error) {
	const op = "Encrypt"
	if err := p.Key.Check(UseEncrypt, nil); err != nil {
		return nil, err
	}
	if p.Cty == "" {
		return nil, invalid(op, "cty is missing")
	}
	pub, err := p.Key.PublicKey()
	if err != nil {
		return nil, err
	}
	enc, err := jose.NewEncrypter(jose.A256GCM,
		jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: pub, KeyID: p.Key.Kid},
		(&jose.EncrypterOptions{}).WithContentType(jose.ContentType(p.Cty)))
	if err != nil {
		return nil, invalid(op, "%w", err)
	}
	obj, err := enc.Encrypt(p.Plaintext)
	if err != nil {
		return nil, invalid(op, "%w", err)
	}
	compact, err := obj.CompactSerialize()
	if err != nil {
		return nil, invalid(op, "%w", err)
	}
	return ParseJWE(compact)
}

// String is the compact serialization.
func (j *JWE) String() string { return j.raw }

// DecryptionKey is a private key and the kid senders encrypt for. Key may be an
// *[rsa.PrivateKey] or a key in a hardware module; it must accept
// *[rsa.OAEPOptions] with SHA-256. A module returns [rsa.ErrDecryption] for a
// wrong ciphertext; any other error of it counts as a technical failure, so that
// a broken module never makes applications be rejected.
type DecryptionKey struct {
	Kid string
	Key crypto.Decrypter
}

// Keyring holds the decryption keys of a destination. During a rollover it
// holds the old and the new key; the kid of each JWE selects. It is immutable
// and safe for concurrent use if its keys are.
type Keyring struct {
	keys map[string]crypto.Decrypter
}

// NewKeyring checks the keys: RSA of 4096 bits or more, kids unique and not empty.
func NewKeyring(keys ...DecryptionKey) (*Keyring, error) {
	r := &Keyring{keys: make(map[string]crypto.Decrypter, len(keys))}
	for _, k := range keys {
		if k.Key == nil || k.Kid == "" {
			return nil, invalid("NewKeyring", "a key needs a kid and a private key")
		}
		pub, ok := k.Key.Public().(*rsa.PublicKey)
		if !ok {
			return nil, invalid("NewKeyring", "key %s is not RSA", quoteKid(k.Kid))
		}
		if err := checkRSA("NewKeyring", k.Kid, pub); err != nil {
			return nil, err
		}
		if r.keys[k.Kid] != nil {
			return nil, invalid("NewKeyring", "kid %s occurs twice", quoteKid(k.Kid))
		}
		r.keys[k.Kid] = k.Key
	}
	if len(r.keys) == 0 {
		return nil, invalid("NewKeyring", "no key")
	}
	return r, nil
}

// errDecrypt is the only cause of a failed decryption, whatever failed: a
// difference would be an oracle.
var errDecrypt = errors.New("decryption failed")

// Decrypt opens a JWE. The plaintext is released only after the tag was
// checked. A kid that is not on the ring is a *[MissingKeyError]; anything else
// is an ErrInvalid error that does not say what failed.
//
// The ciphertext is decoded once and decrypted in place, so that a large
// attachment costs its size once beside the compact text. A compressed plaintext
// (see [ParseJWEv1]) is inflated within the default [InflateLimits].
func (r *Keyring) Decrypt(j *JWE) ([]byte, error) { return r.DecryptWithin(j, InflateLimits{}) }

// DecryptWithin is Decrypt with other limits for a compressed plaintext. What is
// larger is [ErrInflate]. It is inflated only after the tag was checked.
func (r *Keyring) DecryptWithin(j *JWE, l InflateLimits) ([]byte, error) {
	const op = "Decrypt"
	plain, err := r.decrypt(j)
	if err != nil || !j.zip {
		return plain, err
	}
	plain, err = inflate(plain, l)
	switch {
	case errors.Is(err, ErrInflate):
		return nil, fehler.New("fitconnect."+op, "", ErrInflate, nil)
	case err != nil:
		return nil, fehler.New("fitconnect."+op, "", fehler.ErrInvalid, err)
	}
	return plain, nil
}

func (r *Keyring) decrypt(j *JWE) ([]byte, error) {
	const op = "Decrypt"
	key := r.keys[j.Kid]
	if key == nil {
		return nil, &MissingKeyError{Kid: j.Kid}
	}
	e := j.end
	b64 := base64.RawURLEncoding.Strict()
	iv, err := b64.DecodeString(j.raw[e[1]+1 : e[2]])
	if err != nil || len(iv) != gcmIVSize {
		return nil, fehler.New("fitconnect."+op, "", fehler.ErrInvalid, errDecrypt)
	}
	buf, ok := j.unsealable()
	if !ok {
		return nil, fehler.New("fitconnect."+op, "", fehler.ErrInvalid, errDecrypt)
	}
	var cek []byte
	if j.work != nil {
		cek, err = j.work.unwrap()
	} else {
		cek, err = contentKey(key, j.Kid, j.raw[:e[2]])
	}
	if err != nil {
		return nil, err
	}
	defer clear(cek)
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, fehler.New("fitconnect."+op, "", fehler.ErrInvalid, errDecrypt)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fehler.New("fitconnect."+op, "", fehler.ErrInvalid, errDecrypt)
	}
	plain, err := gcm.Open(buf[:0], iv, buf, []byte(j.raw[:e[0]]))
	if err != nil {
		return nil, fehler.New("fitconnect."+op, "", fehler.ErrInvalid, errDecrypt)
	}
	return plain, nil
}

// contentKey unwraps the key of the content; head are the first three segments.
func contentKey(key crypto.Decrypter, kid, head string) ([]byte, error) {
	const op = "fitconnect.Decrypt"
	wrapped, err := wrappedKey(head)
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, errDecrypt)
	}
	cek, err := key.Decrypt(rand.Reader, wrapped, &rsa.OAEPOptions{Hash: crypto.SHA256})
	if _, software := key.(*rsa.PrivateKey); err != nil && !software && !errors.Is(err, rsa.ErrDecryption) {
		return nil, fehler.New(op, quoteKid(kid), fehler.ErrUnavailable, errors.New("key module failed"))
	}
	if err != nil || len(cek) != 32 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, errDecrypt)
	}
	return cek, nil
}

// decodeInto decodes strict base64url text into dst, which has room for decodeSlack
// bytes more, without copying the whole text to bytes first.
func decodeInto(dst []byte, text string) (int, error) {
	win := windowPool.Get().(*[readWindow]byte)
	defer windowPool.Put(win)
	n, good := 0, true
	for len(text) >= 8 {
		c := copy(win[:], text) &^ 7
		good = decodeBlocks(dst[n:n+c/8*6+decodeSlack], win[:c]) && good
		text, n = text[c:], n+c/8*6
	}
	end, ok := decodeEnd(dst[:n], []byte(text))
	if !good || !ok {
		return n, errDecrypt
	}
	return len(end), nil
}

// SHA512 is the hash of FIT-Connect: lower-case hex over the bytes as transmitted.
func SHA512(b []byte) string {
	sum := sha512.Sum512(b)
	return hex.EncodeToString(sum[:])
}
