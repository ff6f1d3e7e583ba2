package vorgang

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Zugang lets a citizen without an account see the public state: what is kept of the
// code is its salted hash.
type Zugang struct {
	Salz       []byte    `json:"salz"`
	Hash       []byte    `json:"hash"`
	Ausgegeben time.Time `json:"ausgegeben"`
}

func (z *Zugang) clone() *Zugang {
	z = kopie(z)
	if z != nil {
		z.Salz, z.Hash = append([]byte(nil), z.Salz...), append([]byte(nil), z.Hash...)
	}
	return z
}

// codeLaenge: 15 letters, 75 bits of randomness, too many to guess even without a limit
// on tries.
const codeLaenge = 15

// The letters of Crockford: none that look alike.
var codeSchrift = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// IssueZugangscode makes a code with which a citizen without an account sees the
// public state, such as "7K3QD-9XW2M-4HTRB", and gives it: here alone, because only
// its hash is kept. A new code replaces the old one.
func (v *Vorgang) IssueZugangscode(a tenant.Akteur, now time.Time) (string, error) {
	if err := v.check("IssueZugangscode", a, now, BefehlZugangscodeAusgeben); err != nil {
		return "", err
	}
	b := make([]byte, 10+SalzBytes)
	if _, err := io.ReadFull(v.k.Rand, b); err != nil {
		return "", fmt.Errorf("vorgang: no randomness for the code: %w", err)
	}
	code := codeSchrift.EncodeToString(b[:10])[:codeLaenge]
	salz := b[10:]
	err := v.record(a, now, &ZugangscodeAusgegeben{Zugang{Salz: salz, Hash: saltedHash(salz, []byte(code)), Ausgegeben: v.zeitpunkt(now)}})
	if err != nil {
		return "", err
	}
	return code[:5] + "-" + code[5:10] + "-" + code[10:], nil
}

// OpensWith tells whether the code is the one that was issued last. Blanks, hyphens and
// case do not count, and letters that look alike are one. The time it takes tells
// nothing about the code.
func (s Stand) OpensWith(code string) bool {
	if s.Zugang == nil || len(code) > 100 {
		return false
	}
	code = codeNormal(code)
	h := sha256.New()
	h.Write(s.Zugang.Salz)
	h.Write([]byte(code))
	return subtle.ConstantTimeCompare(h.Sum(nil), s.Zugang.Hash) == 1
}

// codeNormal reads a code as people type it.
func codeNormal(code string) string {
	return strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
}

// ZugangscodeAusgegeben: a citizen may look with a code (zugangscode.ausgegeben).
type ZugangscodeAusgegeben struct {
	Zugang Zugang `json:"zugang"`
}

func (*ZugangscodeAusgegeben) code() Code { return "zugangscode.ausgegeben" }

func (d *ZugangscodeAusgegeben) apply(s *Stand, _ *Ereignis) { s.Zugang = d.Zugang.clone() }

func (*ZugangscodeAusgegeben) gegenstand() string        { return "zugangscode" }
func (*ZugangscodeAusgegeben) umkehren() (Befehl, daten) { return BefehlZugangscodeAusgeben, nil }
