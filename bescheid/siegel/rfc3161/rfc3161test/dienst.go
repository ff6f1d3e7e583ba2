// Package rfc3161test is a time stamping authority for tests: it speaks RFC 3161 at a real
// socket, with certificates of its own, and misbehaves on order.
package rfc3161test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Stoerung is a way to misbehave.
type Stoerung string

// The disturbances.
const (
	FalscheNonce     Stoerung = "another nonce"
	OhneNonce        Stoerung = "no nonce"
	FalscherAbdruck  Stoerung = "another imprint"
	FalscheSignatur  Stoerung = "a changed signature"
	FalscherInhalt   Stoerung = "content changed after it was signed"
	FalscheZeit      Stoerung = "an old time"
	FremdeRichtlinie Stoerung = "another policy"
	FremdeWurzel     Stoerung = "a root nobody trusts"
	OhneZweck        Stoerung = "a certificate that is not for time stamps"
	OhneZertifikat   Stoerung = "no certificate"
	FremdesZert      Stoerung = "names another certificate"
	Verweigert       Stoerung = "refused"
	OhneZeitquelle   Stoerung = "has no time now"
	Muell            Stoerung = "garbage"
	MuellMitTyp      Stoerung = "garbage that says it is an answer"
	ZuGross          Stoerung = "an answer without end"
	Bricht           Stoerung = "breaks off"
	Langsam          Stoerung = "slow"
	Kaputt           Stoerung = "status 503"
	Umleitung        Stoerung = "redirect"
)

// Richtlinie is the policy of the service.
var Richtlinie = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}

// Dienst is the service. Safe for concurrent use.
type Dienst struct {
	URL   string
	Roots *x509.CertPool
	// Wurzel is the root certificate.
	Wurzel *x509.Certificate

	server                 *httptest.Server
	gut, fremd, zweckfremd schluessel
	now                    func() time.Time
	ende                   chan struct{}

	mu       sync.Mutex
	stoerung Stoerung // GUARDED_BY(mu)
	n        int64    // GUARDED_BY(mu)
}

type schluessel struct {
	key  crypto.Signer
	cert *x509.Certificate
	ca   *x509.Certificate
}

// Start starts the service with the clock, nil is time.Now. Close ends it.
func Start(now func() time.Time) (*Dienst, error) {
	if now == nil {
		now = time.Now
	}
	d := &Dienst{now: now, ende: make(chan struct{}), Roots: x509.NewCertPool()}
	for _, x := range []struct {
		s     *schluessel
		zweck x509.ExtKeyUsage
	}{{&d.gut, x509.ExtKeyUsageTimeStamping}, {&d.fremd, x509.ExtKeyUsageTimeStamping}, {&d.zweckfremd, x509.ExtKeyUsageCodeSigning}} {
		var err error
		if *x.s, err = neu(now(), x.zweck); err != nil {
			return nil, err
		}
	}
	d.Wurzel = d.gut.ca
	d.Roots.AddCert(d.gut.ca)
	d.Roots.AddCert(d.zweckfremd.ca)
	d.server = httptest.NewServer(http.HandlerFunc(d.serve))
	d.URL = d.server.URL
	return d, nil
}

// Close ends the service.
func (d *Dienst) Close() {
	close(d.ende)
	d.server.Close()
}

// Stoere makes the service misbehave until it is told otherwise; empty ends it.
func (d *Dienst) Stoere(s Stoerung) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stoerung = s
}

// Anfragen is how often it was asked.
func (d *Dienst) Anfragen() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

func neu(now time.Time, zweck x509.ExtKeyUsage) (s schluessel, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return s, err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test TSA Root"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true}
	if s.ca, err = ausgestellt(ca, ca, caKey.Public(), caKey); err != nil {
		return s, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return s, err
	}
	oid := map[x509.ExtKeyUsage]asn1.ObjectIdentifier{
		x509.ExtKeyUsageTimeStamping: {1, 3, 6, 1, 5, 5, 7, 3, 8}, x509.ExtKeyUsageCodeSigning: {1, 3, 6, 1, 5, 5, 7, 3, 3},
	}[zweck]
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{oid})
	if err != nil {
		return s, err
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Test TSA"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}}}
	s.key = key
	s.cert, err = ausgestellt(tpl, s.ca, key.Public(), caKey)
	return s, err
}

func ausgestellt(tpl, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (d *Dienst) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	s := d.stoerung
	d.n++
	n := d.n
	d.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	switch s {
	case Muell:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>Wartung</html>")
		return
	case MuellMitTyp:
		_, _ = io.WriteString(w, "<html>Wartung</html>")
		return
	case ZuGross:
		_, _ = w.Write(bytes.Repeat([]byte{0x30}, 1<<20))
		return
	case Langsam:
		select {
		case <-r.Context().Done():
		case <-d.ende:
		}
		return
	case Kaputt:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case Umleitung:
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	out, err := d.antworte(body, s, n)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if s == Bricht {
		w.Header().Set("Content-Length", "100000")
		out = out[:len(out)/2]
	}
	_, _ = w.Write(out)
}

type (
	abdruck struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	anfrage struct {
		Version int
		Imprint abdruck
		Policy  asn1.ObjectIdentifier `asn1:"optional"`
		Nonce   *big.Int              `asn1:"optional"`
		CertReq bool                  `asn1:"optional"`
	}
	inhalt struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint abdruck
		Serial  *big.Int
		Time    time.Time `asn1:"generalized"`
		Nonce   *big.Int  `asn1:"optional"`
	}
)

func (d *Dienst) antworte(b []byte, s Stoerung, n int64) ([]byte, error) {
	var q anfrage
	if rest, err := asn1.Unmarshal(b, &q); err != nil || len(rest) > 0 {
		return verweigert(5) // badDataFormat
	}
	switch s {
	case Verweigert:
		return verweigert(15) // unacceptedPolicy
	case OhneZeitquelle:
		return verweigert(14) // timeNotAvailable
	}
	t := inhalt{Version: 1, Policy: Richtlinie, Imprint: q.Imprint, Serial: big.NewInt(n), Time: d.now().UTC().Truncate(time.Second), Nonce: q.Nonce}
	k := d.gut
	switch s {
	case FalscheNonce:
		t.Nonce = new(big.Int).Add(q.Nonce, big.NewInt(1))
	case OhneNonce:
		t.Nonce = nil
	case FalscherAbdruck:
		t.Imprint.Hash = bytes.Repeat([]byte{1}, len(q.Imprint.Hash))
	case FalscheZeit:
		t.Time = t.Time.Add(-time.Hour)
	case FremdeRichtlinie:
		t.Policy = append(slices.Clone(Richtlinie), 2)
	case FremdeWurzel:
		k = d.fremd
	case OhneZweck:
		k = d.zweckfremd
	}
	tst, err := asn1.Marshal(t)
	if err != nil {
		return nil, err
	}
	token, err := k.token(tst, s)
	if err != nil {
		return nil, err
	}
	return folge(folge2(asn1.Marshal(0)), token)
}

func verweigert(bit int) ([]byte, error) {
	fail := asn1.BitString{Bytes: make([]byte, 4), BitLength: bit + 1}
	fail.Bytes[bit/8] |= 0x80 >> (bit % 8)
	return asn1.Marshal(struct {
		Status struct {
			Status int
			Text   []string
			Fail   asn1.BitString
		}
	}{struct {
		Status int
		Text   []string
		Fail   asn1.BitString
	}{2, []string{"no"}, asn1.BitString{Bytes: fail.Bytes[:bit/8+1], BitLength: bit + 1}}})
}

var (
	oidTST    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
)

// token signs the content as a CMS SignedData of version 3.
func (k schluessel) token(tst []byte, s Stoerung) ([]byte, error) {
	h, cert := sha256.Sum256(tst), sha256.Sum256(k.cert.Raw)
	if s == FremdesZert {
		cert[0] ^= 1
	}
	type essCert struct{ Hash []byte }
	var attrs [][]byte
	for _, a := range []struct {
		oid  asn1.ObjectIdentifier
		wert any
	}{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, oidTST},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, h[:]},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}, struct{ Certs []essCert }{[]essCert{{cert[:]}}}},
	} {
		v, err := asn1.Marshal(a.wert)
		if err != nil {
			return nil, err
		}
		x, err := asn1.Marshal(struct {
			Type   asn1.ObjectIdentifier
			Values asn1.RawValue
		}{a.oid, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: v}})
		if err != nil {
			return nil, err
		}
		attrs = append(attrs, x)
	}
	slices.SortFunc(attrs, bytes.Compare)
	set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: slices.Concat(attrs...)})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(set)
	sig, err := k.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	switch s {
	case FalscheSignatur:
		sig[len(sig)-1] ^= 1
	case FalscherInhalt:
		tst = bytes.Clone(tst)
		i := bytes.Index(tst, []byte{0x18, 0x0f}) + 15 // the last digit of the seconds
		tst[i] = '0' + (tst[i]-'0'+1)%10
	}
	certs := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: k.cert.Raw}
	if s == OhneZertifikat {
		certs.Bytes = nil
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	type signer struct {
		Version int
		ID      struct {
			Issuer asn1.RawValue
			Serial *big.Int
		}
		Digest    pkix.AlgorithmIdentifier
		Attrs     asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
	}
	si := signer{Version: 1, Digest: sha, Attrs: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: slices.Concat(attrs...)},
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}, Signature: sig}
	si.ID.Issuer, si.ID.Serial = asn1.RawValue{FullBytes: k.cert.RawIssuer}, k.cert.SerialNumber
	type encap struct {
		Type asn1.ObjectIdentifier
		TST  []byte `asn1:"explicit,tag:0"`
	}
	return asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version int
			Digests []pkix.AlgorithmIdentifier `asn1:"set"`
			Content encap
			Certs   asn1.RawValue
			Signers []signer `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content encap
		Certs   asn1.RawValue
		Signers []signer `asn1:"set"`
	}{3, []pkix.AlgorithmIdentifier{sha}, encap{oidTST, tst}, certs, []signer{si}}})
}

// folge2 wraps what asn1.Marshal gave in a sequence; folge joins sequences to one.
func folge2(b []byte, err error) []byte {
	if err != nil {
		return nil
	}
	out, _ := folge(b)
	return out
}

func folge(teile ...[]byte) ([]byte, error) {
	return asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: slices.Concat(teile...)})
}
