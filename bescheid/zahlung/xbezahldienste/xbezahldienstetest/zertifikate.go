package xbezahldienstetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

type satz struct {
	ca             *x509.Certificate
	server, client tls.Certificate
}

// zertifikate makes an authority of its own with one certificate for each side.
func zertifikate(now time.Time) (satz, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return satz{}, err
	}
	vorlage := func(n int64, name string) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour)}
	}
	c := vorlage(1, "Test-CA")
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, c, c, &caKey.PublicKey, caKey)
	if err != nil {
		return satz{}, err
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		return satz{}, err
	}
	blatt := func(v *x509.Certificate, wofuer x509.ExtKeyUsage) (tls.Certificate, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return tls.Certificate{}, err
		}
		v.KeyUsage, v.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{wofuer}
		der, err := x509.CreateCertificate(rand.Reader, v, ca, &key.PublicKey, caKey)
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
	}
	s := vorlage(2, "Bezahldienst")
	s.IPAddresses, s.DNSNames = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, []string{"localhost"}
	server, err := blatt(s, x509.ExtKeyUsageServerAuth)
	if err != nil {
		return satz{}, err
	}
	client, err := blatt(vorlage(3, "Fachverfahren"), x509.ExtKeyUsageClientAuth)
	return satz{ca, server, client}, err
}
