package vorgang

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// JournalFehler locates the first damage of a journal.
type JournalFehler struct {
	Mandant tenant.ID
	Vorgang uuid.UUID
	// Seq of the damaged entry; one past the last entry if the end is missing; 0
	// if the journal is sound but the Stand does not follow from it.
	Seq   int64
	Grund string
}

func (f *JournalFehler) Error() string {
	if f.Seq == 0 {
		return fmt.Sprintf("journal of Vorgang %s: stand does not follow from the journal: %s", f.Vorgang, f.Grund)
	}
	return fmt.Sprintf("journal of Vorgang %s damaged at entry %d: %s", f.Vorgang, f.Seq, f.Grund)
}

// VerifyJournal checks the whole chain of a Vorgang against its Stand: every
// entry's hashes, the chain, the end, and, unless entries were erased, that the
// Stand is what the entries give. The first damage is returned as a
// *[JournalFehler]; an error of the sequence itself is returned as it is.
func VerifyJournal(s Stand, journal iter.Seq2[Ereignis, error]) error {
	kopf := Kopf{}
	damaged := func(seq int64, grund string) error {
		return &JournalFehler{Mandant: s.Mandant, Vorgang: s.ID, Seq: seq, Grund: grund}
	}
	r := &Stand{}
	erased := false
	for e, err := range journal {
		if err != nil {
			return err
		}
		if e.Mandant != s.Mandant || e.Vorgang != s.ID {
			return damaged(kopf.Seq+1, "entry belongs to another Vorgang")
		}
		if grund := e.verify(&kopf); grund != "" {
			return damaged(kopf.Seq+1, grund)
		}
		if e.Geloescht() {
			erased = true
		}
		if !erased {
			if err := r.play(&e); err != nil {
				return damaged(e.Seq, err.Error())
			}
		}
		kopf = Kopf{Seq: e.Seq, Zeit: e.Zeit, Hash: e.Hash}
	}
	if kopf.Seq == 0 {
		return damaged(1, "journal is empty")
	}
	if s.Journal.Seq != kopf.Seq {
		return damaged(kopf.Seq+1, fmt.Sprintf("journal ends at %d, stand says %d", kopf.Seq, s.Journal.Seq))
	}
	if !bytes.Equal(s.Journal.Hash, kopf.Hash) || !s.Journal.Zeit.Equal(kopf.Zeit) {
		return damaged(kopf.Seq, "stand names another hash or time for the last entry")
	}
	if erased {
		return nil
	}
	is, err := json.Marshal(s)
	if err != nil { // its form data are stored as they are, so they may be no JSON any more
		return damaged(0, "stand holds what is no JSON")
	}
	should, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if !bytes.Equal(is, should) {
		return damaged(0, firstDifference(is, should))
	}
	return nil
}

func firstDifference(is, should []byte) string {
	n := 0
	for n < len(is) && n < len(should) && is[n] == should[n] {
		n++
	}
	return fmt.Sprintf("first difference at byte %d of its JSON", n)
}

// Replay gives the Stand that the entries, in order, lead to. Erased or unknown
// entries are errors.
func Replay(journal iter.Seq2[Ereignis, error]) (Stand, error) {
	var s Stand
	for e, err := range journal {
		if err != nil {
			return Stand{}, err
		}
		if err := s.play(&e); err != nil {
			return Stand{}, err
		}
	}
	if s.Journal.Seq == 0 {
		return Stand{}, errors.New("vorgang.Replay: journal is empty")
	}
	return s, nil
}

func (s *Stand) play(e *Ereignis) error {
	d, err := e.daten()
	if err != nil {
		return err
	}
	e.Zeit = e.Zeit.UTC() // some storages give the zone of the machine
	s.applyEreignis(d, e)
	return nil
}

func (s *Stand) applyEreignis(d daten, e *Ereignis) {
	d.apply(s, e)
	s.Journal = Kopf{Seq: e.Seq, Zeit: e.Zeit, Hash: e.Hash}
}
