package vorgang

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Kontext is what commands need from outside; the zero value has sane defaults.
type Kontext struct {
	// NewID gives ids; default UUIDv7.
	NewID func() uuid.UUID
	// Rand gives the salt of journal entries; default crypto/rand.
	Rand io.Reader
	// Richtlinie decides who may give which command; nil is the table of [Regeln].
	Richtlinie Richtlinie
	// Rechner works out legal days; default the law that ships with bescheid/frist.
	Rechner *frist.Rechner
	// Zeichnung limits who signs what; nil is [StandardZeichnung], empty no limit.
	Zeichnung []Zeichnungsregel
	// Bestandskraft says when a decision is final after a remedy ended; without a rule
	// that fits it is the day the remedy ended, or the end of the period if that is later.
	Bestandskraft []bescheid.Bestandskraftregel
	// Mahnplan gives the plan by which a Mandant reminds of fees by itself, nil if it does
	// not; nil is for none. It must be pure and safe for concurrent use, and the plan must
	// have passed its Check: it is asked at each entry of a Vorgang with fees.
	Mahnplan func(tenant.ID) *zahlung.Mahnplan
	// Zahlungslink gives the address of the page on which whoever owes the fee sees what is to
	// be paid, such as one with a code of [Zahlungscodes]; reminders name it. Nil is for none.
	Zahlungslink func(m tenant.ID, vorgang, gebuehr uuid.UUID) string
}

func (k *Kontext) setDefaults() {
	if k.NewID == nil {
		k.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	if k.Rand == nil {
		k.Rand = rand.Reader
	}
}

// Vorgang is the aggregate. Make one with [New], or get it from storage.
type Vorgang struct {
	s         Stand
	k         Kontext
	neu       []Ereignis
	auftraege []Auftrag
}

// Restore gives the aggregate of a stored Stand. It takes ownership of s.
func Restore(s Stand, k Kontext) *Vorgang {
	k.setDefaults()
	return &Vorgang{s: s, k: k}
}

// ID of the Vorgang.
func (v *Vorgang) ID() uuid.UUID { return v.s.ID }

// Mandant the Vorgang belongs to.
func (v *Vorgang) Mandant() tenant.ID { return v.s.Mandant }

// Nummer is the Vorgangsnummer.
func (v *Vorgang) Nummer() string { return v.s.Nummer }

// Status is where it stands.
func (v *Vorgang) Status() Status { return v.s.Status }

// Version that was loaded; 0 for a new one.
func (v *Vorgang) Version() int64 { return v.s.Version }

// Stand gives a deep copy of the state.
func (v *Vorgang) Stand() Stand { return v.s.clone() }

// MarshalStand gives what storage keeps: one line of JSON and, if there are form
// data, a line feed and their JSON. They are most of the bytes and never change, so
// they are neither decoded nor encoded at each command.
func (v *Vorgang) MarshalStand() ([]byte, error) {
	s := v.s
	s.Antrag.Daten = nil
	line, err := json.Marshal(&s)
	if err != nil || len(v.s.Antrag.Daten) == 0 {
		return line, err
	}
	out := make([]byte, 0, len(line)+1+len(v.s.Antrag.Daten))
	return append(append(append(out, line...), '\n'), v.s.Antrag.Daten...), nil
}

// UnmarshalStand reads what [Vorgang.MarshalStand] gave, and a Stand that is one line
// of JSON with the form data in it. It shares nothing with b. Whether the form data are
// JSON still, [VerifyJournal] finds out.
func UnmarshalStand(b []byte) (Stand, error) {
	var s Stand
	line, daten, _ := bytes.Cut(b, []byte{'\n'})
	// What json.Marshal wrote reads the same with both, at half the cost, see
	// BenchmarkUnmarshalStand; each command pays it.
	if err := jsonv2.Unmarshal(line, &s); err != nil {
		return Stand{}, err
	}
	if len(daten) > 0 {
		s.Antrag.Daten = bytes.Clone(daten)
	}
	return s, nil
}

// Neu are copies of the entries that the commands since loading appended.
func (v *Vorgang) Neu() []Ereignis {
	out := slices.Clone(v.neu)
	for i := range out {
		e := &out[i]
		for _, b := range []*[]byte{&e.Akteur, &e.Daten, &e.Salz, &e.AkteurHash, &e.DatenHash, &e.Vorgaenger, &e.Hash} {
			*b = bytes.Clone(*b)
		}
	}
	return out
}

// NeueAuftraege are the Auftraege that the commands since loading ordered. Their
// Version is the one the next save gives.
func (v *Vorgang) NeueAuftraege() []Auftrag { return slices.Clone(v.auftraege) }

// Saved is called by storage after a durable save: the version moves on and
// nothing is pending.
func (v *Vorgang) Saved() {
	v.s.Version++
	v.neu, v.auftraege = nil, nil
}

// record appends an entry and applies it. Time is cut to microseconds so that
// every storage gives back the same instant; a clock that jumped back does not
// make the journal run backwards.
func (v *Vorgang) record(a tenant.Akteur, now time.Time, d daten) error {
	akteur, err := json.Marshal(a)
	if err != nil {
		return fehler.New("vorgang.record", v.s.ID.String(), fehler.ErrInvalid, err)
	}
	// What cannot be written as JSON (form data that are none, a date beyond the
	// year 9999) must not get into the Stand.
	inhalt, err := json.Marshal(d)
	if err != nil {
		return fehler.New("vorgang.record", v.s.ID.String(), fehler.ErrInvalid, err)
	}
	salz := make([]byte, SalzBytes)
	if _, err := io.ReadFull(v.k.Rand, salz); err != nil {
		return fmt.Errorf("vorgang: no randomness for the salt: %w", err)
	}
	zeit := v.zeitpunkt(now)
	e := Ereignis{
		Mandant: v.s.Mandant, Vorgang: v.s.ID, Seq: v.s.Journal.Seq + 1,
		Zeit: zeit, Code: d.code(),
		Akteur: akteur, Daten: inhalt, Salz: salz,
		AkteurHash: saltedHash(salz, akteur), DatenHash: saltedHash(salz, inhalt),
		Vorgaenger: v.s.Journal.Hash,
	}
	e.Hash = e.hash()
	mahnungen := v.mahnschritte(zeit)
	v.s.applyEreignis(d, &e)
	v.neu = append(v.neu, e)
	return v.orderMahnungen(zeit, mahnungen)
}

// zeitpunkt is the time at which a command given now counts and stands in the
// journal. Rights are asked for this instant, so that a clock that lags behind
// does not bring back one that has ended.
func (v *Vorgang) zeitpunkt(now time.Time) time.Time {
	if zeit := mikro(now); !zeit.Before(v.s.Journal.Zeit) {
		return zeit
	}
	return v.s.Journal.Zeit
}

// heute is the day, in Berlin, on which a command given now counts.
func (v *Vorgang) heute(now time.Time) datum.Datum { return datum.Von(v.zeitpunkt(now)) }

// order asks for work outside. A zero faellig means at once; a later one makes a Termin.
func (v *Vorgang) order(now time.Time, art AuftragArt, faellig time.Time, d any) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	// Both cut alike: else the nanoseconds of the clock would make a Termin of
	// what is due at once, and Auftraege would lose their order.
	now, faellig = mikro(now), mikro(faellig)
	termin := faellig.After(now)
	if !termin {
		faellig = now
	}
	v.auftraege = append(v.auftraege, Auftrag{
		ID: v.k.NewID(), Mandant: v.s.Mandant, Vorgang: v.s.ID, Version: v.s.Version + 1, Ordinal: len(v.auftraege),
		Art: art, Daten: b, Erstellt: now, Faellig: faellig, Termin: termin,
	})
	return nil
}

// mikro is the form of every stored instant: UTC, microseconds.
func mikro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func (v *Vorgang) fail(op string, art error, p ...fehler.Problem) error {
	var err error
	if len(p) > 0 {
		err = fehler.Probleme(p)
	}
	return fehler.New("vorgang."+op, v.s.ID.String(), art, err)
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}
