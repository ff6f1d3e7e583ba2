package uebergabe

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Limits of a Sendung.
const (
	// MaxDateien of one Sendung.
	MaxDateien = 10_000
	// MaxDokument is the size of its JSON in bytes.
	MaxDokument = 32 << 20
)

// Sendung is one hand-over. Its JSON form is the data of the event and described by the
// schema [SchemaSendung].
type Sendung struct {
	// ID is the idempotency key; the receiver keeps it and names it in answers.
	ID      uuid.UUID `json:"id"`
	Mandant tenant.ID `json:"mandant"`
	Vorgang uuid.UUID `json:"vorgang"`
	// Nummer is the Vorgangsnummer, for people.
	Nummer       string                     `json:"nummer"`
	Aktenzeichen []string                   `json:"aktenzeichen,omitempty"`
	Leistung     tenant.Leistungsschluessel `json:"leistung"`
	LeistungName string                     `json:"leistungName,omitempty"`
	// Einheit leads the case in the house.
	Einheit string     `json:"einheit"`
	Ort     tenant.ARS `json:"ort,omitempty"`
	// Eingang is the receipt by the authority; periods run from it.
	Eingang time.Time `json:"eingang"`
	// Erstellt is when the hand-over was ordered.
	Erstellt time.Time `json:"erstellt"`
	Antrag   Antrag    `json:"antrag"`
	Dateien  []Datei   `json:"dateien"`
}

// Format says what form the Daten of an Antrag have.
type Format string

// The forms.
const (
	FormatFIM   Format = "fim-json" // JSON with the keys of a FIM Datenschema
	FormatEigen Format = "json"     // JSON of another schema
)

// Antrag is what the applicant sent.
type Antrag struct {
	// Kanal it came through and the sender's number there; Referenz is the number the
	// applicant knows.
	Kanal        string        `json:"kanal"`
	Kennung      string        `json:"kennung"`
	Referenz     string        `json:"referenz,omitempty"`
	Onlinedienst string        `json:"onlinedienst,omitempty"`
	GestelltAm   datum.Datum   `json:"gestelltAm,omitzero"`
	Person       Antragsteller `json:"antragsteller"`
	// Schema is the URI of the data schema; Format and Daten are empty if the Antrag
	// came without data that were understood.
	Schema string          `json:"schema,omitempty"`
	Format Format          `json:"format,omitempty"`
	Daten  json.RawMessage `json:"daten,omitempty"`
	// XFall is the id of the file that holds the same data as XFall XML; zero if it
	// did not come so.
	XFall uuid.UUID `json:"xfall,omitzero"`
	// Felder are the data labelled for reading.
	Felder []Feld `json:"felder,omitempty"`
}

// Antragsteller is the person who applies.
type Antragsteller struct {
	Name      string           `json:"name"`
	Anschrift tenant.Anschrift `json:"anschrift,omitzero"`
	// DigitalerBescheid: consent to an electronic decision; nil says nothing.
	DigitalerBescheid *bool `json:"digitalerBescheid,omitempty"`
}

// Feld is one labelled value of a form, or a group of them.
type Feld struct {
	Name   string `json:"name"`
	Label  string `json:"label"`
	Wert   string `json:"wert,omitempty"`
	Felder []Feld `json:"felder,omitempty"`
}

// Datei is a file of the Sendung.
type Datei struct {
	ID      uuid.UUID `json:"id"`
	Name    string    `json:"name"` // for people, never a path
	MIME    string    `json:"mime"`
	Groesse int64     `json:"groesse"` // bytes
	SHA512  string    `json:"sha512"`  // 128 lower-case hex digits
	// Zweck says what it is: "original" (as received, byte by byte), "form", "anlage",
	// "antwort", "bescheid", "nachweis".
	Zweck string `json:"zweck"`
	// Verweis says where the receiver finds the bytes; the target fills it in.
	Verweis string `json:"verweis,omitempty"`
	// Open gives the bytes.
	Open func(ctx context.Context) (io.ReadCloser, error) `json:"-"`
}

var sha512Form = regexp.MustCompile(`^[0-9a-f]{128}$`)

// Check tells whether the Sendung can be handed over: fehler.Probleme if not.
func (s *Sendung) Check() error {
	var p fehler.Probleme
	add := func(code, pfad, meldung, hinweis string) {
		p = append(p, fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	for _, f := range []struct {
		pfad  string
		leer  bool
		title string
	}{
		{"/id", s.ID == uuid.Nil, "die Kennung"}, {"/mandant", s.Mandant == "", "der Mandant"}, {"/vorgang", s.Vorgang == uuid.Nil, "der Vorgang"},
		{"/nummer", s.Nummer == "", "die Vorgangsnummer"}, {"/leistung", s.Leistung == "", "die Leistung"}, {"/einheit", s.Einheit == "", "die Organisationseinheit"},
		{"/eingang", s.Eingang.IsZero(), "der Eingang"}, {"/erstellt", s.Erstellt.IsZero(), "der Zeitpunkt"},
	} {
		if f.leer {
			add("uebergabe.pflicht", f.pfad, "is missing", "Für die Übergabe fehlt "+f.title+".")
		}
	}
	if len(s.Antrag.Daten) > 0 && !json.Valid(s.Antrag.Daten) {
		add("uebergabe.daten", "/antrag/daten", "is no JSON", "Die Antragsdaten sind nicht lesbar.")
	}
	if len(s.Dateien) > MaxDateien {
		add("uebergabe.dateien", "/dateien", "too many files", "Der Vorgang hat zu viele Dateien für eine Übergabe.")
		return p
	}
	ids := map[uuid.UUID]bool{}
	for i, d := range s.Dateien {
		pfad := fmt.Sprintf("/dateien/%d", i)
		if d.ID == uuid.Nil || ids[d.ID] || d.Name == "" || d.Groesse < 0 || !sha512Form.MatchString(d.SHA512) || d.Open == nil {
			add("uebergabe.datei", pfad, "the file has no id of its own, no name, no size or no hash", "Eine Datei ist unvollständig beschrieben.")
		}
		ids[d.ID] = true
	}
	if s.Antrag.XFall != uuid.Nil && !ids[s.Antrag.XFall] {
		add("uebergabe.xfall", "/antrag/xfall", "names no file", "Die XFall-Datei fehlt.")
	}
	if len(p) > 0 {
		return p
	}
	return nil
}

// Dokument gives the JSON form. verweis says where the bytes of each file are found;
// nil leaves that out. A document beyond [MaxDokument] is fehler.ErrInvalid.
func (s *Sendung) Dokument(verweis func(Datei) (string, error)) ([]byte, error) {
	c := *s
	c.Dateien = make([]Datei, len(s.Dateien))
	copy(c.Dateien, s.Dateien)
	for i := range c.Dateien {
		c.Dateien[i].Verweis = ""
		if verweis == nil {
			continue
		}
		v, err := verweis(c.Dateien[i])
		if err != nil {
			return nil, err
		}
		c.Dateien[i].Verweis = v
	}
	b, err := json.Marshal(&c)
	if err != nil {
		return nil, fehler.New("uebergabe.Dokument", s.ID.String(), fehler.ErrInvalid, err)
	}
	if len(b) > MaxDokument {
		return nil, fehler.New("uebergabe.Dokument", s.ID.String(), fehler.ErrInvalid, fehler.Probleme{{
			Code: "uebergabe.zu-gross", Pfad: "/antrag", Meldung: "the document is larger than the limit",
			Hinweis: "Die Antragsdaten sind zu groß für eine Übergabe.",
		}})
	}
	return b, nil
}

// Pruefsumme is the SHA-256 of the JSON form without Verweise, in hexadecimal: two
// Sendungen of one id and another Pruefsumme are not the same.
func (s *Sendung) Pruefsumme() (string, error) {
	b, err := s.Dokument(nil)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// CopyTo streams the bytes of the file and verifies them on the way: other size or
// hash is fehler.ErrInvalid, and what w got is worthless.
func (d Datei) CopyTo(ctx context.Context, w io.Writer) error {
	r, err := d.Verified(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

// Verified opens the file. Its reader gives, instead of io.EOF, fehler.ErrInvalid if
// the bytes were not those stated, and ends with ctx.
func (d Datei) Verified(ctx context.Context) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rc, err := d.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &verifier{ctx: ctx, rc: rc, d: d, h: sha512.New()}, nil
}

type verifier struct {
	ctx context.Context
	rc  io.ReadCloser
	d   Datei
	h   hash.Hash
	n   int64
}

func (v *verifier) Read(p []byte) (int, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := v.rc.Read(p)
	v.h.Write(p[:n])
	v.n += int64(n)
	switch {
	case v.n > v.d.Groesse:
		return 0, v.falsch("more bytes than stated")
	case err == io.EOF && (v.n != v.d.Groesse || hex.EncodeToString(v.h.Sum(nil)) != v.d.SHA512):
		return 0, v.falsch("size or hash is not the stated one")
	}
	return n, err
}

func (v *verifier) Close() error { return v.rc.Close() }

func (v *verifier) falsch(grund string) error {
	return fehler.New("uebergabe.Datei", v.d.ID.String(), fehler.ErrInvalid, errors.Join(errors.New(grund), fehler.Probleme{{
		Code: "uebergabe.datei-falsch", Pfad: "/dateien", Meldung: grund, Hinweis: "Eine Datei des Vorgangs ist beschädigt.",
	}}))
}

var fimSchluessel = regexp.MustCompile(`^[FG]\d{8}(?:\d{3})?(?:V\d+(?:\.\d+){1,2})?$`)

// FormatOf tells from the keys of the data whether they are FIM JSON: an object whose
// keys are all ids of FIM fields or groups. Empty for what is no JSON object.
func FormatOf(daten json.RawMessage) Format {
	var m map[string]json.RawMessage
	if len(daten) == 0 || json.Unmarshal(daten, &m) != nil {
		return ""
	}
	for k := range m {
		if !fimSchluessel.MatchString(strings.TrimSpace(k)) {
			return FormatEigen
		}
	}
	if len(m) == 0 {
		return FormatEigen
	}
	return FormatFIM
}
