package fitconnect

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"strings"
)

// JWS is a compact JWS (RFC 7515) of algorithm PS512, split but not verified.
type JWS struct {
	Typ, Kid string
	Payload  []byte
	raw      string
}

// ParseJWS splits a compact JWS and checks its header: three segments, alg PS512,
// a kid, no crit, bounded size. It does NOT verify the signature. Errors match
// ErrInvalid.
func ParseJWS(compact string) (*JWS, error) {
	const op = "ParseJWS"
	parts := strings.Split(compact, ".")
	switch {
	case len(compact) > maxSET:
		return nil, invalid(op, "token too long")
	case len(parts) != 3 || strings.ContainsAny(compact, "\r\n"):
		return nil, invalid(op, "not a compact JWS of three segments")
	case len(parts[0]) > maxHeader:
		return nil, invalid(op, "header too long")
	}
	h, err := joseHeader(parts[0])
	switch {
	case err != nil:
		return nil, invalid(op, "header: %w", withoutValue(err))
	case h.Alg != setAlg:
		return nil, invalid(op, "alg is not %s", setAlg)
	case h.Kid == "":
		return nil, invalid(op, "kid is missing")
	case h.has["crit"]:
		return nil, invalid(op, "critical header parameters are not supported")
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, invalid(op, "payload is not base64url")
	}
	return &JWS{Typ: h.Typ, Kid: h.Kid, Payload: payload, raw: compact}, nil
}

// Verify checks the signature with a published key, which is checked for its use
// first. Errors match ErrInvalid.
func (j *JWS) Verify(key JWK, p *JWKPolicy) error {
	const op = "VerifyJWS"
	if key.Kid != j.Kid {
		return invalid(op, "key has another kid")
	}
	if err := key.Check(UseVerify, p); err != nil {
		return err
	}
	pub, err := key.PublicKey()
	if err != nil {
		return err
	}
	dot := strings.LastIndexByte(j.raw, '.')
	sig, err := base64.RawURLEncoding.Strict().DecodeString(j.raw[dot+1:])
	if err != nil {
		return invalid(op, "signature is not base64url")
	}
	digest := sha512.Sum512([]byte(j.raw[:dot]))
	if rsa.VerifyPSS(pub, crypto.SHA512, digest[:], sig, pssOptions()) != nil {
		return invalid(op, "signature is not valid")
	}
	return nil
}

// publicJWK is the public half of a signature key.
func publicJWK(k SigningKey) (JWK, error) {
	pub, ok := k.Key.Public().(*rsa.PublicKey)
	if !ok {
		return JWK{}, invalid("SigningKey", "key is not RSA")
	}
	return NewJWK(k.Kid, pub, UseVerify), nil
}
