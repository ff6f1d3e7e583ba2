package siegel

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"sort"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidECDSA256      = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// Structures of RFC 5652.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	encapContent struct{ Type asn1.ObjectIdentifier }
	signedData   struct {
		Version      int
		Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      encapContent
		Certificates asn1.RawValue
		Signers      []signerInfo `asn1:"set"`
	}
	issuerSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	signerInfo struct {
		Version   int
		ID        issuerSerial
		Digest    pkix.AlgorithmIdentifier
		Attrs     asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue
	}
)

// Lokal signs with a key that is here, in a module, or behind a service that signs hashes.
// Safe for concurrent use if the key is.
type Lokal struct {
	key       crypto.Signer
	kette     []*x509.Certificate
	algorithm pkix.AlgorithmIdentifier
}

var _ Siegel = (*Lokal)(nil)

// New makes a Lokal of a key (RSA of 2048 bits or more, or ECDSA on P-256 or larger; the
// signature is over SHA-256) and its certificates, its own first. A key that does not belong
// to the first certificate is ErrInvalid.
func New(key crypto.Signer, kette ...*x509.Certificate) (*Lokal, error) {
	const op = "siegel.New"
	if key == nil || len(kette) == 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, errors.New("a key and its certificate are needed"))
	}
	l := &Lokal{key: key, kette: kette}
	pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(kette[0].PublicKey) {
		return nil, fehler.New(op, "", fehler.ErrInvalid, errors.New("the key is not that of the certificate"))
	}
	const minRSA, minEC = 2048, 256
	switch p := key.Public().(type) {
	case *rsa.PublicKey:
		l.algorithm = pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
		ok = p.N.BitLen() >= minRSA
	case *ecdsa.PublicKey:
		l.algorithm = pkix.AlgorithmIdentifier{Algorithm: oidECDSA256}
		ok = p.Curve.Params().BitSize >= minEC
	default:
		ok = false
	}
	if !ok {
		return nil, fehler.New(op, "", fehler.ErrInvalid, errors.New("the key is not RSA of 2048 bits or ECDSA of 256 bits"))
	}
	return l, nil
}

// Sign implements [Siegel]. It has no time of its own: PAdES takes that of the PDF, and
// forbids the attribute signing-time (ETSI EN 319 142-1, 6.3).
func (l *Lokal) Sign(_ context.Context, r io.Reader) ([]byte, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return nil, err
	}
	attrs, err := l.attributes(h.Sum(nil))
	if err != nil {
		return nil, fehler.New("siegel.Sign", "", fehler.ErrInvalid, err)
	}
	// What is signed is the set as such; in the message it has a tag of its own (RFC 5652, 5.4).
	set, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: attrs})
	if err != nil {
		return nil, fehler.New("siegel.Sign", "", fehler.ErrInvalid, err)
	}
	sum := sha256.Sum256(set)
	signature, err := l.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fehler.New("siegel.Sign", "", fehler.ErrUnavailable, errors.New("the key did not sign"))
	}
	var certs []byte
	for _, c := range l.kette {
		certs = append(certs, c.Raw...)
	}
	digest := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	sd, err := asn1.Marshal(signedData{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{digest}, Content: encapContent{oidData},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certs},
		Signers: []signerInfo{{
			Version: 1, ID: issuerSerial{asn1.RawValue{FullBytes: l.kette[0].RawIssuer}, l.kette[0].SerialNumber}, Digest: digest,
			Attrs:     asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: attrs},
			Algorithm: l.algorithm, Signature: signature,
		}},
	})
	if err != nil {
		return nil, fehler.New("siegel.Sign", "", fehler.ErrInvalid, err)
	}
	return asn1.Marshal(contentInfo{oidSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: sd}})
}

// attributes gives the signed attributes, sorted as DER asks of a set.
func (l *Lokal) attributes(digest []byte) ([]byte, error) {
	cert := sha256.Sum256(l.kette[0].Raw)
	// SigningCertificateV2 with one ESSCertIDv2, whose hash algorithm is the default (SHA-256).
	type essCertID struct{ Hash []byte }
	type signingCert struct{ Certs []essCertID }
	var all [][]byte
	for _, a := range []struct {
		oid   asn1.ObjectIdentifier
		value any
	}{{oidContentType, oidData}, {oidMessageDigest, digest}, {oidSigningCertV2, signingCert{[]essCertID{{cert[:]}}}}} {
		v, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		b, err := asn1.Marshal(attribute{a.oid, asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: v}})
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	sort.Slice(all, func(i, j int) bool { return string(all[i]) < string(all[j]) })
	var out []byte
	for _, b := range all {
		out = append(out, b...)
	}
	return out, nil
}
