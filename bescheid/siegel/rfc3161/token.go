package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // ESSCertID of RFC 2634 names a certificate by it; nothing is signed with it
	"crypto/sha256"
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"time"
)

var (
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidEKU           = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidPSS           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
)

// Structures of RFC 3161 and RFC 5652.
type (
	messageImprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	anfrage struct {
		Version int
		Imprint messageImprint
		Policy  asn1.ObjectIdentifier `asn1:"optional"`
		Nonce   *big.Int              `asn1:"optional"`
		CertReq bool                  `asn1:"optional"`
	}
	status struct {
		Status int
		Text   []asn1.RawValue `asn1:"optional"`
		Fail   asn1.BitString  `asn1:"optional"`
	}
	antwort struct {
		Status status
		Token  asn1.RawValue `asn1:"optional"`
	}
	accuracy struct {
		Seconds int `asn1:"optional"`
		Millis  int `asn1:"optional,tag:0"`
		Micros  int `asn1:"optional,tag:1"`
	}
	tstInfo struct {
		Version  int
		Policy   asn1.ObjectIdentifier
		Imprint  messageImprint
		Serial   *big.Int
		Time     time.Time     `asn1:"generalized"`
		Accuracy accuracy      `asn1:"optional"`
		Ordering bool          `asn1:"optional"`
		Nonce    *big.Int      `asn1:"optional"`
		TSA      asn1.RawValue `asn1:"optional,tag:0"`
		Ext      asn1.RawValue `asn1:"optional,tag:1"`
	}
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content signedData `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version int
		Digests asn1.RawValue
		Content struct {
			Type asn1.ObjectIdentifier
			TST  []byte `asn1:"explicit,tag:0"`
		}
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		CRLs         asn1.RawValue `asn1:"optional,tag:1"`
		Signers      []signerInfo  `asn1:"set"`
	}
	signerInfo struct {
		Version   int
		ID        asn1.RawValue
		Digest    pkix.AlgorithmIdentifier
		Attrs     asn1.RawValue `asn1:"optional,tag:0"`
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
		Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue
	}
)

func imprint(h [sha256.Size]byte) messageImprint {
	return messageImprint{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}, Hash: h[:]}
}

// pruefe tells why the token must not be used.
func (c *Client) pruefe(token []byte, hash [sha256.Size]byte, nonce *big.Int) error {
	var ci contentInfo
	if rest, err := asn1.Unmarshal(token, &ci); err != nil || len(rest) > 0 || !ci.Type.Equal(oidSignedData) || !ci.Content.Content.Type.Equal(oidTSTInfo) {
		return errors.New("the token is no time stamp")
	}
	sd := ci.Content
	var t tstInfo
	if rest, err := asn1.Unmarshal(sd.Content.TST, &t); err != nil || len(rest) > 0 || t.Version != 1 {
		return errors.New("the token has no TSTInfo")
	}
	now := c.o.Now()
	switch {
	case !t.Imprint.Algorithm.Algorithm.Equal(oidSHA256) || !bytes.Equal(t.Imprint.Hash, hash[:]):
		return errors.New("the time stamp is for something else")
	case t.Nonce == nil || t.Nonce.Cmp(nonce) != 0:
		return errors.New("the time stamp does not answer this request (nonce)")
	case c.p.Richtlinie != nil && !t.Policy.Equal(c.p.Richtlinie):
		return errors.New("the time stamp is under another policy")
	case t.Time.Before(now.Add(-c.o.Toleranz)) || t.Time.After(now.Add(c.o.Toleranz)):
		return errors.New("the time of the stamp is not that of the clock here")
	case len(sd.Signers) != 1:
		return errors.New("the token has not one signer")
	}
	certs, err := x509.ParseCertificates(sd.Certificates.Bytes)
	if err != nil || len(certs) == 0 || len(certs) > 20 {
		return errors.New("the token has no certificates, or too many, or broken ones")
	}
	cert, err := sd.Signers[0].verify(certs, sd.Content.TST)
	if err != nil {
		return err
	}
	return c.traut(cert, certs, t.Time)
}

// verify finds the certificate that signed and checks the signature over content.
func (s signerInfo) verify(certs []*x509.Certificate, content []byte) (*x509.Certificate, error) {
	h := map[string]crypto.Hash{oidSHA256.String(): crypto.SHA256, oidSHA384.String(): crypto.SHA384, oidSHA512.String(): crypto.SHA512}[s.Digest.Algorithm.String()]
	if h == 0 || len(s.Attrs.Bytes) == 0 {
		return nil, errors.New("the token is signed with another hash than SHA-2, or without attributes")
	}
	werte := map[string]asn1.RawValue{}
	for rest := s.Attrs.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return nil, errors.New("the attributes of the token are broken")
		}
		var v asn1.RawValue
		if more, err := asn1.Unmarshal(a.Values.Bytes, &v); err == nil && len(more) == 0 {
			werte[a.Type.String()] = v
		}
	}
	summe := h.New()
	summe.Write(content)
	var digest []byte
	var typ asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(werte[oidMessageDigest.String()].FullBytes, &digest); err != nil || !bytes.Equal(digest, summe.Sum(nil)) {
		return nil, errors.New("the time stamp was changed after it was signed")
	}
	if _, err := asn1.Unmarshal(werte[oidContentType.String()].FullBytes, &typ); err != nil || !typ.Equal(oidTSTInfo) {
		return nil, errors.New("the signature is for another kind of content")
	}
	i := slices.IndexFunc(certs, func(c *x509.Certificate) bool { return genannt(werte, c) })
	if i < 0 {
		return nil, errors.New("the certificate the token names is not in it")
	}
	// What is signed is the set as such, not with the tag it has in the message (RFC 5652, 5.4).
	set, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: s.Attrs.Bytes})
	if err != nil || certs[i].CheckSignature(s.algorithmus(certs[i], h), set, s.Signature) != nil {
		return nil, errors.New("the signature of the token does not hold")
	}
	return certs[i], nil
}

func (s signerInfo) algorithmus(c *x509.Certificate, h crypto.Hash) x509.SignatureAlgorithm {
	type paar struct {
		key x509.PublicKeyAlgorithm
		pss bool
		h   crypto.Hash
	}
	return map[paar]x509.SignatureAlgorithm{
		{x509.RSA, false, crypto.SHA256}: x509.SHA256WithRSA, {x509.RSA, false, crypto.SHA384}: x509.SHA384WithRSA, {x509.RSA, false, crypto.SHA512}: x509.SHA512WithRSA,
		{x509.RSA, true, crypto.SHA256}: x509.SHA256WithRSAPSS, {x509.RSA, true, crypto.SHA384}: x509.SHA384WithRSAPSS, {x509.RSA, true, crypto.SHA512}: x509.SHA512WithRSAPSS,
		{x509.ECDSA, false, crypto.SHA256}: x509.ECDSAWithSHA256, {x509.ECDSA, false, crypto.SHA384}: x509.ECDSAWithSHA384, {x509.ECDSA, false, crypto.SHA512}: x509.ECDSAWithSHA512,
	}[paar{c.PublicKeyAlgorithm, s.Algorithm.Algorithm.Equal(oidPSS), h}]
}

// genannt tells whether the signed attributes name the certificate (RFC 5816, RFC 2634):
// without that another certificate for the same key could be put in its place.
func genannt(werte map[string]asn1.RawValue, c *x509.Certificate) bool {
	var v2 struct {
		Certs    []asn1.RawValue
		Policies asn1.RawValue `asn1:"optional"`
	}
	erster := func(oid asn1.ObjectIdentifier) (out asn1.RawValue) {
		if _, err := asn1.Unmarshal(werte[oid.String()].FullBytes, &v2); err == nil && len(v2.Certs) > 0 {
			out = v2.Certs[0]
		}
		return out
	}
	if r := erster(oidSigningCertV2); len(r.FullBytes) > 0 {
		h := crypto.SHA256 // the default
		rest := r.Bytes
		var first asn1.RawValue
		rest, err := asn1.Unmarshal(rest, &first)
		if err != nil {
			return false
		}
		if first.Tag == asn1.TagSequence {
			var alg pkix.AlgorithmIdentifier
			if _, err := asn1.Unmarshal(first.FullBytes, &alg); err != nil {
				return false
			}
			h = map[string]crypto.Hash{oidSHA256.String(): crypto.SHA256, oidSHA384.String(): crypto.SHA384, oidSHA512.String(): crypto.SHA512}[alg.Algorithm.String()]
			if _, err := asn1.Unmarshal(rest, &first); err != nil || h == 0 {
				return false
			}
		}
		x := h.New()
		x.Write(c.Raw)
		return first.Tag == asn1.TagOctetString && bytes.Equal(first.Bytes, x.Sum(nil))
	}
	if r := erster(oidSigningCert); len(r.FullBytes) > 0 {
		var first asn1.RawValue
		x := sha1.Sum(c.Raw) //nolint:gosec // see above
		_, err := asn1.Unmarshal(r.Bytes, &first)
		return err == nil && first.Tag == asn1.TagOctetString && bytes.Equal(first.Bytes, x[:])
	}
	return false
}

// traut checks that the certificate is for time stamps alone (RFC 3161, 2.3) and leads to a root.
func (c *Client) traut(cert *x509.Certificate, certs []*x509.Certificate, zeit time.Time) error {
	allein := len(cert.ExtKeyUsage) == 1 && cert.ExtKeyUsage[0] == x509.ExtKeyUsageTimeStamping && len(cert.UnknownExtKeyUsage) == 0 &&
		slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidEKU) && e.Critical })
	if !allein {
		return errors.New("the certificate of the token is not for time stamps alone")
	}
	zwischen := x509.NewCertPool()
	for _, x := range certs {
		zwischen.AddCert(x)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: c.p.Roots, Intermediates: zwischen, CurrentTime: zeit, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}); err != nil {
		return errors.New("the certificate of the token leads to no root that is trusted")
	}
	return nil
}
