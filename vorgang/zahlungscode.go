package vorgang

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zahlungscodes make and check the codes with which somebody who owes a fee, and may see
// nothing else of the Vorgang, opens the page of [Stand.Zahlungsseite]. A code follows from a
// key of the installation: nothing is stored, each letter about the fee carries the same code,
// and a new key makes all former codes invalid. Safe for concurrent use.
type Zahlungscodes struct{ key []byte }

// NewZahlungscodes takes the key, at least 32 random bytes; less is fehler.ErrInvalid.
func NewZahlungscodes(key []byte) (*Zahlungscodes, error) {
	if len(key) < 32 {
		return nil, fehler.New("vorgang.NewZahlungscodes", "", fehler.ErrInvalid, errors.New("the key needs at least 32 bytes"))
	}
	return &Zahlungscodes{append([]byte(nil), key...)}, nil
}

// Code for a fee: 26 letters and digits, 128 bits that cannot be guessed.
func (z *Zahlungscodes) Code(m tenant.ID, vorgang, gebuehr uuid.UUID) string {
	h := hmac.New(sha256.New, z.key)
	h.Write([]byte("fachwerk zahlungscode 1\x00"))
	h.Write(vorgang[:])
	h.Write(gebuehr[:])
	h.Write([]byte(m))
	return codeSchrift.EncodeToString(h.Sum(nil)[:16])
}

// Opens tells whether the code is that of the fee. Blanks, hyphens and case do not count, and
// letters that look alike are one. The time it takes tells nothing about the right code.
func (z *Zahlungscodes) Opens(m tenant.ID, vorgang, gebuehr uuid.UUID, code string) bool {
	if len(code) > 100 {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(codeNormal(code)), []byte(z.Code(m, vorgang, gebuehr))) == 1
}
