package siegel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"io"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zeitstempel makes time stamps; package rfc3161 asks a service for them. Implementations
// are safe for concurrent use.
type Zeitstempel interface {
	// Stamp gives a TimeStampToken (RFC 3161, a CMS SignedData in DER) over a SHA-256 hash,
	// which the implementation has verified. A service that does not answer is
	// fehler.ErrUnavailable: the caller tries again later.
	Stamp(ctx context.Context, sha256 [sha256.Size]byte) ([]byte, error)
}

// MitZeit puts a time stamp over each signature of s (PAdES level B-T): it proves that the
// signature was there at that time, whatever becomes of its certificate. The token is an
// unsigned attribute of the CMS and takes room in the file, usually 3 to 8 KiB; if the
// default of pdf.Siegelfeld.Bytes is too small, [Put] says so.
//
// Without a time stamp there is no seal: an error of z is one of Sign. A CMS of s that has
// not exactly one signer, or a time stamp already, is fehler.ErrInvalid.
func MitZeit(s Siegel, z Zeitstempel) Siegel { return mitZeit{s, z} }

type mitZeit struct {
	s Siegel
	z Zeitstempel
}

func (m mitZeit) Sign(ctx context.Context, r io.Reader) ([]byte, error) {
	cms, err := m.s.Sign(ctx, r)
	if err != nil {
		return nil, err
	}
	x, err := zerlege(cms)
	if err != nil {
		return nil, fehler.New("siegel.MitZeit", "", fehler.ErrInvalid, err)
	}
	token, err := m.z.Stamp(ctx, sha256.Sum256(x.signature))
	if err != nil {
		return nil, err
	}
	out, err := x.mit(token)
	if err != nil {
		return nil, fehler.New("siegel.MitZeit", "", fehler.ErrInvalid, err)
	}
	return out, nil
}

var oidTimeStampToken = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14} // RFC 3161, appendix A

// zerlegt is a CMS in the parts that stay as they are, byte by byte, and those that grow.
type zerlegt struct {
	typ       []byte   // of the ContentInfo
	davor     [][]byte // members of SignedData before its signers
	signer    [][]byte // members of the SignerInfo up to its signature
	signature []byte
	unsigned  [][]byte // attributes
}

var errCMS = errors.New("the seal is not a CMS SignedData with one signer in DER")

// zerlege takes a CMS apart.
func zerlege(cms []byte) (x zerlegt, err error) {
	info, err := glieder(cms, asn1.ClassUniversal, asn1.TagSequence)
	if err != nil || len(info) != 2 {
		return x, errCMS
	}
	x.typ = info[0]
	inner, err := glieder(info[1], asn1.ClassContextSpecific, 0)
	if err != nil || len(inner) != 1 {
		return x, errCMS
	}
	sd, err := glieder(inner[0], asn1.ClassUniversal, asn1.TagSequence)
	if err != nil || len(sd) < 4 {
		return x, errCMS
	}
	x.davor = sd[:len(sd)-1]
	signers, err := glieder(sd[len(sd)-1], asn1.ClassUniversal, asn1.TagSet)
	if err != nil || len(signers) != 1 {
		return x, errCMS
	}
	if x.signer, err = glieder(signers[0], asn1.ClassUniversal, asn1.TagSequence); err != nil || len(x.signer) < 5 {
		return x, errCMS
	}
	if u, err := glieder(x.signer[len(x.signer)-1], asn1.ClassContextSpecific, 1); err == nil {
		x.unsigned, x.signer = u, x.signer[:len(x.signer)-1]
	}
	if rest, err := asn1.Unmarshal(x.signer[len(x.signer)-1], &x.signature); err != nil || len(rest) > 0 {
		return x, errCMS
	}
	for _, u := range x.unsigned {
		var a attribute
		if _, err := asn1.Unmarshal(u, &a); err != nil || a.Type.Equal(oidTimeStampToken) {
			return x, errors.New("the seal has a time stamp already")
		}
	}
	return x, nil
}

// mit gives the CMS with the token.
func (x zerlegt) mit(token []byte) ([]byte, error) {
	t, err := verpackt(asn1.ClassUniversal, asn1.TagSet, token)
	if err != nil {
		return nil, err
	}
	oid, err := asn1.Marshal(oidTimeStampToken)
	if err != nil {
		return nil, err
	}
	attr, err := verpackt(asn1.ClassUniversal, asn1.TagSequence, oid, t)
	if err != nil {
		return nil, err
	}
	attrs := append(slices.Clone(x.unsigned), attr)
	slices.SortFunc(attrs, bytes.Compare) // DER of a set
	out := x.signer
	for _, h := range []struct {
		class, tag int
		davor      [][]byte
		teile      [][]byte
	}{
		{asn1.ClassContextSpecific, 1, x.signer, attrs},
		{asn1.ClassUniversal, asn1.TagSequence, nil, nil},
		{asn1.ClassUniversal, asn1.TagSet, x.davor, nil},
		{asn1.ClassUniversal, asn1.TagSequence, nil, nil},
		{asn1.ClassContextSpecific, 0, [][]byte{x.typ}, nil},
		{asn1.ClassUniversal, asn1.TagSequence, nil, nil},
	} {
		if h.teile == nil {
			h.teile = out
		}
		b, err := verpackt(h.class, h.tag, h.teile...)
		if err != nil {
			return nil, err
		}
		out = append(slices.Clip(h.davor), b)
	}
	return out[0], nil
}

// glieder gives the members of a constructed value, whole.
func glieder(b []byte, class, tag int) (out [][]byte, err error) {
	var v asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &v); err != nil || len(rest) > 0 || v.Class != class || v.Tag != tag || !v.IsCompound {
		return nil, errCMS
	}
	for rest := v.Bytes; len(rest) > 0; {
		var m asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &m); err != nil {
			return nil, errCMS
		}
		out = append(out, m.FullBytes)
	}
	return out, nil
}

func verpackt(class, tag int, teile ...[]byte) ([]byte, error) {
	return asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: slices.Concat(teile...)})
}
