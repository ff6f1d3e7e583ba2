package vorgang

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Code names what happened. Codes are stable, lower-case and dotted.
type Code string

// Ereignis is one entry of the journal. Akteur and Daten are the exact JSON bytes
// the hashes cover; nothing is ever derived from a display text.
//
// Erasing empties Akteur, Daten and Salz. The salt keeps short values from
// being guessed from the remaining hash.
type Ereignis struct {
	Mandant tenant.ID
	Vorgang uuid.UUID
	// Seq counts from 1 without gaps.
	Seq  int64
	Zeit time.Time // UTC, microseconds
	Code Code
	// Akteur is a tenant.Akteur as JSON, Daten the typed data of the Code.
	Akteur []byte
	Daten  []byte
	Salz   []byte
	// SHA-256 each: of salt and Akteur, of salt and Daten, of the entry before,
	// and of this entry.
	AkteurHash []byte
	DatenHash  []byte
	Vorgaenger []byte
	Hash       []byte
}

// SalzBytes is the length of the salt.
const SalzBytes = 16

// Geloescht tells whether the personal data of the entry was erased.
func (e Ereignis) Geloescht() bool { return len(e.Salz) == 0 }

// Who gives the Akteur; false if it was erased.
func (e Ereignis) Who() (tenant.Akteur, bool) {
	var a tenant.Akteur
	if len(e.Akteur) == 0 || json.Unmarshal(e.Akteur, &a) != nil {
		return tenant.Akteur{}, false
	}
	return a, true
}

// Data decodes the typed data of the entry, a pointer to one of the Ereignis
// data types of this package. Erased data is fehler.ErrNotFound, an unknown code
// fehler.ErrUnsupported.
func (e Ereignis) Data() (any, error) { return e.daten() }

// Codes gives all codes a journal can hold, sorted.
func Codes() []Code { return slices.Sorted(maps.Keys(datenTypen)) }

// NewData gives an empty value of the data type of a code, a pointer; nil for an
// unknown code. It is for who describes the types, such as the schemas of a feed.
func NewData(c Code) any {
	make, ok := datenTypen[c]
	if !ok {
		return nil
	}
	return make()
}

func (e Ereignis) daten() (daten, error) {
	make, ok := datenTypen[e.Code]
	if !ok {
		return nil, fehler.New("vorgang.Data", string(e.Code), fehler.ErrUnsupported, nil)
	}
	if len(e.Daten) == 0 {
		return nil, fehler.New("vorgang.Data", fmt.Sprintf("%s#%d", e.Vorgang, e.Seq), fehler.ErrNotFound, nil)
	}
	d := make()
	if err := json.Unmarshal(e.Daten, d); err != nil {
		return nil, fehler.New("vorgang.Data", fmt.Sprintf("%s#%d", e.Vorgang, e.Seq), fehler.ErrInvalid, err)
	}
	return d, nil
}

// daten is the typed content of an entry. apply must be a pure function of
// stand, entry and content, because Replay calls it again.
type daten interface {
	code() Code
	apply(s *Stand, e *Ereignis)
}

func saltedHash(salz, b []byte) []byte {
	h := sha256.New()
	h.Write(salz)
	h.Write(b)
	return h.Sum(nil)
}

// hash chains the entry. Fields of variable length carry their length, so no two
// different entries give the same input.
func (e *Ereignis) hash() []byte {
	buf := make([]byte, 0, 256)
	field := func(b []byte) {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(b)))
		buf = append(buf, b...)
	}
	field([]byte("fachwerk-journal-1"))
	field([]byte(e.Mandant))
	field(e.Vorgang[:])
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.Seq))
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.Zeit.UnixMicro()))
	field([]byte(e.Code))
	field(e.AkteurHash)
	field(e.DatenHash)
	field(e.Vorgaenger)
	sum := sha256.Sum256(buf)
	return sum[:]
}

func (e *Ereignis) verify(vor *Kopf) string {
	switch {
	case e.Seq != vor.Seq+1:
		return fmt.Sprintf("seq is %d, expected %d", e.Seq, vor.Seq+1)
	case e.Zeit.Before(vor.Zeit):
		return "zeit is before that of the entry before"
	case e.Zeit.Nanosecond()%1000 != 0:
		return "zeit is finer than microseconds"
	case !bytes.Equal(e.Vorgaenger, vor.Hash):
		return "vorgaenger is not the hash of the entry before"
	case e.Geloescht() != (len(e.Daten) == 0) || e.Geloescht() != (len(e.Akteur) == 0):
		return "akteur, daten and salz are erased only in part"
	case !e.Geloescht() && len(e.Salz) != SalzBytes:
		return "salz has the wrong length"
	case !e.Geloescht() && !bytes.Equal(saltedHash(e.Salz, e.Akteur), e.AkteurHash):
		return "akteur does not match its hash"
	case !e.Geloescht() && !bytes.Equal(saltedHash(e.Salz, e.Daten), e.DatenHash):
		return "daten do not match their hash"
	case !bytes.Equal(e.hash(), e.Hash):
		return "hash does not match the entry"
	}
	return ""
}
