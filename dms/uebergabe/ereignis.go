package uebergabe

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ozg-fachwerk/fachwerk/internal/schema"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The types of events. A change that breaks a receiver gets a new number.
const (
	typPraefix = "io.github.ozg-fachwerk.uebergabe."

	TypSendung      = typPraefix + "sendung.v1"      // to the Fachverfahren: [Sendung]
	TypStand        = typPraefix + "stand.v1"        // from it: [StandMeldung]
	TypDokument     = typPraefix + "dokument.v1"     // from it: [DokumentMeldung]
	TypEntscheidung = typPraefix + "entscheidung.v1" // from it: [EntscheidungMeldung]
	TypAbschluss    = typPraefix + "abschluss.v1"    // from it: [AbschlussMeldung]
)

// SchemaSendung is the URI of the schema of a Sendung.
const SchemaSendung = "urn:fachwerk:schema:uebergabe:sendung:1"

//go:embed schema/*.json
var schemata embed.FS

// Schemas gives the JSON Schemas (draft 2020-12) of the data of events, by type. They
// are published: a receiver may check against them.
func Schemas() map[string][]byte {
	out := map[string][]byte{}
	files, _ := fs.Glob(schemata, "schema/*.json") // the pattern is well-formed
	for _, f := range files {
		b, err := schemata.ReadFile(f)
		if err != nil {
			continue
		}
		out[typPraefix+strings.TrimSuffix(strings.TrimPrefix(f, "schema/"), ".json")] = b
	}
	return out
}

// MIME is the media type of an event in its JSON form.
const MIME = "application/cloudevents+json"

// Ereignis gives the Sendung as an event in its JSON form. quelle is a URI that names
// the sending installation. verweis is as for [Sendung.Dokument]. ref, if not empty,
// is where the data are found instead of in the event (extension "dataref").
func (s *Sendung) Ereignis(quelle string, verweis func(Datei) (string, error), ref string) ([]byte, error) {
	e := event.New()
	e.SetID(s.ID.String())
	e.SetSource(quelle)
	e.SetType(TypSendung)
	e.SetTime(s.Erstellt)
	e.SetSubject(s.Nummer)
	e.SetDataSchema(SchemaSendung)
	e.SetExtension("mandant", string(s.Mandant))
	sum, err := s.Pruefsumme()
	if err != nil {
		return nil, err
	}
	e.SetExtension("pruefsumme", sum)
	if ref != "" {
		e.SetExtension("dataref", ref)
	} else {
		b, err := s.Dokument(verweis)
		if err != nil {
			return nil, err
		}
		if err := e.SetData(event.ApplicationJSON, json.RawMessage(b)); err != nil {
			return nil, fehler.New("uebergabe.Ereignis", s.ID.String(), fehler.ErrInvalid, err)
		}
	}
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fehler.New("uebergabe.Ereignis", s.ID.String(), fehler.ErrInvalid, err)
	}
	return b, nil
}

// Bezug says what an answer is about.
type Bezug struct {
	Uebergabe uuid.UUID `json:"uebergabe"`
	Vorgang   uuid.UUID `json:"vorgang"`
}

// The answers of a Fachverfahren.
type (
	// StandMeldung says how far the work is ([TypStand]).
	StandMeldung struct {
		Bezug
		// Zustand: "angenommen", "in_arbeit", "erledigt", "abgelehnt".
		Zustand string `json:"zustand"`
		// Aktenzeichen the Fachverfahren gave; added to those of the Vorgang.
		Aktenzeichen string `json:"aktenzeichen,omitempty"`
		// Hinweis for the clerk.
		Hinweis string `json:"hinweis,omitempty"`
	}
	// DokumentMeldung brings a document ([TypDokument]).
	DokumentMeldung struct {
		Bezug
		Name   string `json:"name"`
		MIME   string `json:"mime"`
		SHA512 string `json:"sha512"`
		// Inhalt are the bytes, in base64.
		Inhalt []byte `json:"inhalt"`
	}
	// EntscheidungMeldung proposes a decision ([TypEntscheidung]): it becomes a draft,
	// and a person releases it.
	EntscheidungMeldung struct {
		Bezug
		Art                    string         `json:"art"`
		Betreff                string         `json:"betreff"`
		Tenor                  []string       `json:"tenor"`
		Nebenbestimmungen      []string       `json:"nebenbestimmungen,omitempty"`
		Begruendung            []string       `json:"begruendung"`
		Hinweise               []string       `json:"hinweise,omitempty"`
		Rechtsbehelfsbelehrung string         `json:"rechtsbehelfsbelehrung,omitempty"`
		OhneBelehrung          string         `json:"ohneBelehrung,omitempty"`
		Verfahren              string         `json:"verfahren"`
		Gueltig                datum.Zeitraum `json:"gueltig,omitzero"`
	}
	// AbschlussMeldung says that the case can be closed ([TypAbschluss]).
	AbschlussMeldung struct {
		Bezug
		// Grund: "beschieden", "erledigung", "anzeige_ohne_bescheid", "antragsruecknahme".
		Grund string `json:"grund"`
	}
)

// Meldung is a checked answer.
type Meldung struct {
	// ID and Quelle of its event, Typ its type, Zeit as the sender says; zero if not.
	ID, Quelle, Typ string
	Zeit            time.Time
	Bezug           Bezug
	// Daten is a pointer to one of the answers above.
	Daten any
}

// Leser reads answers. Make one with [NewLeser]; safe for concurrent use.
type Leser struct{ schemata map[string]*jsonschema.Schema }

// NewLeser compiles the schemas of the answers.
func NewLeser() (*Leser, error) {
	l := &Leser{schemata: map[string]*jsonschema.Schema{}}
	for typ, doc := range Schemas() {
		s, err := schema.Compile("urn:fachwerk:schema:"+typ, doc, true)
		if err != nil {
			return nil, fehler.New("uebergabe.NewLeser", typ, fehler.ErrInvalid, err)
		}
		l.schemata[typ] = s
	}
	return l, nil
}

// Read checks an answer in its JSON form against CloudEvents and the schema of its
// type. Everything that is wrong is fehler.ErrInvalid with Probleme; an unknown type
// is fehler.ErrUnsupported.
func (l *Leser) Read(b []byte) (Meldung, error) {
	invalid := func(code, pfad, meldung, hinweis string) error {
		return fehler.New("uebergabe.Read", "", fehler.ErrInvalid, fehler.Probleme{{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}})
	}
	if err := strictjson.Check(b, strictjson.Limits{}); err != nil {
		return Meldung{}, invalid("meldung.kein-json", "", err.Error(), "Die Meldung ist kein gültiges JSON.")
	}
	var e event.Event
	if err := json.Unmarshal(b, &e); err != nil {
		return Meldung{}, invalid("meldung.kein-ereignis", "", "no CloudEvent in JSON form", "Die Meldung ist kein gültiges CloudEvent.")
	}
	if err := e.Validate(); err != nil || e.SpecVersion() != event.CloudEventsVersionV1 {
		return Meldung{}, invalid("meldung.kein-ereignis", "", "breaks the rules of CloudEvents 1.0", "Die Meldung ist kein gültiges CloudEvent.")
	}
	m := Meldung{ID: e.ID(), Quelle: e.Source(), Typ: e.Type(), Zeit: e.Time()}
	switch m.Typ {
	case TypStand:
		m.Daten = &StandMeldung{}
	case TypDokument:
		m.Daten = &DokumentMeldung{}
	case TypEntscheidung:
		m.Daten = &EntscheidungMeldung{}
	case TypAbschluss:
		m.Daten = &AbschlussMeldung{}
	default:
		return Meldung{}, fehler.New("uebergabe.Read", "", fehler.ErrUnsupported, fehler.Probleme{{
			Code: "meldung.typ", Pfad: "/type", Meldung: "unknown type of event", Hinweis: "Diese Art von Meldung ist unbekannt.",
		}})
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Data()))
	if err != nil {
		return Meldung{}, invalid("meldung.daten", "/data", "no JSON data", "Die Meldung hat keine lesbaren Daten.")
	}
	if err := l.schemata[m.Typ].Validate(doc); err != nil {
		var v *jsonschema.ValidationError
		if errors.As(err, &v) {
			return Meldung{}, fehler.New("uebergabe.Read", "", fehler.ErrInvalid, verstoesse(v))
		}
		return Meldung{}, invalid("meldung.daten", "/data", "breaks its schema", "Die Daten der Meldung entsprechen nicht dem Schema.")
	}
	if err := json.Unmarshal(e.Data(), m.Daten); err != nil {
		return Meldung{}, invalid("meldung.daten", "/data", "breaks its schema", "Die Daten der Meldung entsprechen nicht dem Schema.")
	}
	m.Bezug = m.Daten.(interface{ bezug() Bezug }).bezug()
	return m, nil
}

func (b Bezug) bezug() Bezug { return b }

// maxVerstoesse that are named; the rest adds nothing.
const maxVerstoesse = 20

// verstoesse names the places that break the schema, without the values there.
func verstoesse(v *jsonschema.ValidationError) fehler.Probleme {
	orte := map[string]bool{}
	var walk func(*jsonschema.ValidationError)
	walk = func(v *jsonschema.ValidationError) {
		if len(v.Causes) == 0 {
			orte["/data/"+strings.Join(v.InstanceLocation, "/")+" "+strings.Join(v.ErrorKind.KeywordPath(), "/")] = true
		}
		for _, c := range v.Causes {
			walk(c)
		}
	}
	walk(v)
	var out fehler.Probleme
	for _, o := range slices.Sorted(maps.Keys(orte)) {
		if len(out) == maxVerstoesse {
			break
		}
		pfad, regel, _ := strings.Cut(o, " ")
		pfad = strings.TrimSuffix(pfad, "/")
		out = append(out, fehler.Problem{Code: "meldung.schema", Pfad: pfad, Meldung: fmt.Sprintf("breaks the rule %q of the schema", regel),
			Hinweis: "Die Daten der Meldung entsprechen nicht dem Schema."})
	}
	return out
}
