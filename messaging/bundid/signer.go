package bundid

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Payload is the data of a submission to the ZBP.
type Payload struct {
	// Content is the message or status as JSON text.
	Content string `json:"content"`
	// Signature is base64 (RFC 4648, padded) of an RSA PKCS#1 v1.5 SHA-512
	// signature over the bytes of Content; the member is called sha512sum.
	Signature string `json:"sha512sum"`
	// AuthorToken is a JWT (RS512) with iat, exp, signer and roles.
	AuthorToken string `json:"authorToken"`
	// AuthorCertificate is the certificate of the signer, PEM.
	AuthorCertificate string `json:"authorCertificate"`
}

// Claims are those of [Payload.AuthorToken].
type Claims struct {
	Iat    int64    `json:"iat"` // Unix seconds
	Exp    int64    `json:"exp"`
	Signer string   `json:"signer"` // common name of the certificate
	Roles  []string `json:"roles"`
}

// DefaultTokenLife is how long the ZBP lets a token live.
const DefaultTokenLife = 30 * time.Minute

// DefaultRole is the role of an authority's software.
const DefaultRole = "THIRD_PARTY"

// Signer signs payloads for one authority. It is immutable and safe for
// concurrent use if its key is.
type Signer struct {
	p   SignerParams
	opt SignerOptions
	pem string
	jws jose.Signer
}

// SignerParams is what a [Signer] needs; all fields are required.
type SignerParams struct {
	// Key is an RSA key of at least 2048 bits; in a hardware module it must sign
	// PKCS#1 v1.5 with SHA-512.
	Key crypto.Signer
	// Certificate of the key; its common name is the name of the signer.
	Certificate *x509.Certificate
}

// SignerOptions adjust a [Signer]; the zero value of every field is a default.
type SignerOptions struct {
	Roles     []string      // nil is [DefaultRole]
	TokenLife time.Duration // 0 is [DefaultTokenLife], which is also the most
	Now       func() time.Time
}

// NewSigner checks that key and certificate belong together.
func NewSigner(p SignerParams, o *SignerOptions) (*Signer, error) {
	const op = "NewSigner"
	if p.Key == nil || p.Certificate == nil {
		return nil, invalid(op, errors.New("key and certificate are required"))
	}
	s := &Signer{p: p}
	if o != nil {
		s.opt = *o
	}
	if s.opt.Now == nil {
		s.opt.Now = time.Now
	}
	if s.opt.Roles == nil {
		s.opt.Roles = []string{DefaultRole}
	}
	if s.opt.TokenLife == 0 {
		s.opt.TokenLife = DefaultTokenLife
	}
	pub, ok := p.Key.Public().(*rsa.PublicKey)
	switch {
	case !ok || pub.N.BitLen() < 2048:
		return nil, invalid(op, errors.New("key is not RSA of at least 2048 bits"))
	case !pub.Equal(p.Certificate.PublicKey):
		return nil, invalid(op, errors.New("the certificate is of another key"))
	case p.Certificate.Subject.CommonName == "":
		return nil, invalid(op, errors.New("the certificate names nobody (common name)"))
	case s.opt.TokenLife < 0 || s.opt.TokenLife > DefaultTokenLife:
		return nil, invalid(op, fmt.Errorf("a token lives at most %s", DefaultTokenLife))
	}
	s.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.Raw}))
	var err error
	s.jws, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS512, Key: cryptosigner.Opaque(p.Key)},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, invalid(op, err)
	}
	return s, nil
}

// Payload signs a content. It is ErrInvalid outside the validity of the
// certificate: the ZBP would refuse it.
func (s *Signer) Payload(content []byte) (Payload, error) {
	const op = "Payload"
	now := s.opt.Now()
	if now.Before(s.p.Certificate.NotBefore) || now.After(s.p.Certificate.NotAfter) {
		return Payload{}, fehler.New("bundid."+op, "", fehler.ErrInvalid, fehler.Probleme{{Code: "bundid.zertifikat",
			Meldung: "the certificate is not valid now", Hinweis: "Das Zertifikat der Behörde für das BundID-Postfach ist nicht gültig."}})
	}
	digest := sha512.Sum512(content)
	sig, err := s.p.Key.Sign(rand.Reader, digest[:], crypto.SHA512)
	if err != nil {
		return Payload{}, fehler.New("bundid."+op, "", fehler.ErrUnavailable, errors.New("signing failed"))
	}
	claims, err := json.Marshal(Claims{Iat: now.Unix(), Exp: now.Add(s.opt.TokenLife).Unix(),
		Signer: s.p.Certificate.Subject.CommonName, Roles: s.opt.Roles})
	if err != nil {
		return Payload{}, invalid(op, err)
	}
	token, err := s.jws.Sign(claims)
	if err != nil {
		return Payload{}, fehler.New("bundid."+op, "", fehler.ErrUnavailable, errors.New("signing failed"))
	}
	compact, err := token.CompactSerialize()
	if err != nil {
		return Payload{}, invalid(op, err)
	}
	return Payload{Content: string(content), Signature: base64.StdEncoding.EncodeToString(sig), AuthorToken: compact, AuthorCertificate: s.pem}, nil
}

func invalid(op string, err error) error { return fehler.New("bundid."+op, "", fehler.ErrInvalid, err) }
