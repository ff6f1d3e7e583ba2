package vorgang_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var update = flag.Bool("update", false, "write golden files and generated documents anew")

var (
	start = time.Date(2026, 3, 2, 8, 0, 0, 123456789, time.UTC)

	annahme = tenant.System("annahme")
	relay   = tenant.System("relay")
	post    = person("p.post", tenant.Poststelle)
	sb      = person("s.bearbeitung", tenant.Sachbearbeitung)
	sb2     = person("t.bearbeitung", tenant.Sachbearbeitung)
	leitung = person("l.leitung", tenant.Leitung)
	zeichen = person("z.zeichnung", tenant.Schlusszeichnung)
	gast    = fremder("g.gast", tenant.Sachbearbeitung)
	buerger = tenant.Akteur{ID: "konto-1", Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
)

func person(id string, rollen ...tenant.Rolle) tenant.Akteur {
	return tenant.Akteur{ID: id, Name: "Name " + id, Art: tenant.Person, Mandant: "kiel", Rollen: rollen}
}

// fremder is a person of another Mandant, whose units are none of the Vorgang's.
func fremder(id string, rollen ...tenant.Rolle) tenant.Akteur {
	a := person(id, rollen...)
	a.Mandant, a.Einheiten = "luebeck", []string{"tiefbau"}
	return a
}

// fest gives ids and salt that are the same in every run.
func fest() vorgang.Kontext {
	n := 0
	return vorgang.Kontext{
		NewID: func() uuid.UUID { n++; return uuid.MustParse(fmt.Sprintf("019cadf0-0000-7000-8000-%012x", n)) },
		Rand:  rand.NewChaCha8([32]byte{1}),
	}
}

// fall is a Vorgang with its journal and a clock that moves a minute per step.
type fall struct {
	t        testing.TB
	v        *vorgang.Vorgang
	uhr      time.Time
	journal  []vorgang.Ereignis
	orders   []vorgang.Auftrag
	erledigt map[uuid.UUID]bool // Auftraege
}

func neuerFall(t testing.TB) *fall {
	t.Helper()
	f := &fall{t: t, uhr: start}
	v, err := vorgang.New(annahme, start, params(), fest())
	require.NoError(t, err)
	f.v = v
	f.save()
	return f
}

func params() vorgang.Params {
	ja := true
	return vorgang.Params{
		Mandant: "kiel", Nummer: "2026-0000001", Leistung: "99012070006000", LeistungName: "Baumfällgenehmigung",
		Einheit: "gruen", Ort: "010020000000", Zustaendigkeit: "99012070006000 in \"01002\" -> kiel/gruen",
		Antrag: vorgang.Antrag{
			Kanal: "fitconnect", Kennung: "sub-1", GestelltAm: datum.New(2026, 3, 1),
			Antragsteller: vorgang.Antragsteller{Konto: "konto-1", Empfaenger: messaging.Empfaenger{
				Name: "Erika Mustermann", Adressen: []messaging.Adresse{{Kanal: "portal", Kennung: "konto-1"}}, DigitalerBescheid: &ja,
			}},
			Daten:  json.RawMessage(`{"baum": "<Eiche>",  "umfang": 1.20}`),
			Felder: []vorgang.Feld{{Name: "F1", Label: "Baum", Felder: []vorgang.Feld{{Name: "F2", Label: "Art", Wert: "Eiche"}}}},
		},
		Dateien:      []vorgang.Datei{{Anhang: anhang(1), Zweck: vorgang.ZweckOriginal}},
		Bestaetigung: &messaging.Nachricht{Betreff: "Eingang", Text: "Ihr Antrag ist da."},
		Quittung:     json.RawMessage(`{"caseId":"c-1"}`),
	}
}

func anhang(n byte) messaging.Anhang {
	return messaging.Anhang{ID: uuid.UUID{15: n}, Name: fmt.Sprintf("datei-%d.pdf", n), MIME: "application/pdf", Groesse: 10, SHA512: strings.Repeat("0", 128)}
}

func inhalt() bescheid.Inhalt {
	return bescheid.Inhalt{
		Art: bescheid.Bewilligung, Betreff: "Fällung einer Eiche", Tenor: []string{"Die Fällung wird genehmigt."},
		Begruendung: []string{"Der Baum ist krank."}, Rechtsbehelfsbelehrung: "Gegen diesen Bescheid …", Verfahren: "vwvfg",
	}
}

func bekanntgabe() bescheid.Bekanntgabe {
	return bescheid.Bekanntgabe{
		Tag: datum.New(2026, 3, 6), FristEnde: datum.New(2026, 4, 7), BestandskraftAb: datum.New(2026, 4, 8),
		Regeln: []string{"VWVFG-41-2"}, Schritte: []string{"Vier Tage nach der Absendung."},
	}
}

// now moves the clock.
func (f *fall) now() time.Time {
	f.uhr = f.uhr.Add(time.Minute)
	return f.uhr
}

// save does what a storage does after a commit.
func (f *fall) save() {
	f.journal = append(f.journal, f.v.Neu()...)
	f.orders = append(f.orders, f.v.NeueAuftraege()...)
	f.v.Saved()
}

func (f *fall) do(err error) {
	f.t.Helper()
	require.NoError(f.t, err)
	f.save()
}

func (f *fall) get(id uuid.UUID, err error) uuid.UUID {
	f.t.Helper()
	f.do(err)
	return id
}

func (f *fall) json() string {
	f.t.Helper()
	b, err := f.v.MarshalStand()
	require.NoError(f.t, err)
	return string(b)
}

func (f *fall) last() vorgang.Ereignis { return f.journal[len(f.journal)-1] }

// check tests what must hold after every command.
func (f *fall) check() {
	f.t.Helper()
	require.NoError(f.t, vorgang.VerifyJournal(f.v.Stand(), seq(f.journal)))
	s, err := vorgang.Replay(seq(f.journal))
	require.NoError(f.t, err)
	b, err := vorgang.Restore(s, vorgang.Kontext{}).MarshalStand()
	require.NoError(f.t, err)
	require.Equal(f.t, f.json(), string(b), "the Stand is what the journal gives")
	require.Equal(f.t, f.v.Status(), statusAus(f.t, f.journal), "the status follows from the journal alone")
}

// statusAus derives the status by nothing but vorgang.status entries.
func statusAus(t testing.TB, journal []vorgang.Ereignis) vorgang.Status {
	t.Helper()
	s := vorgang.Neu
	for _, e := range journal {
		if e.Code != "vorgang.status" {
			continue
		}
		d, err := e.Data()
		require.NoError(t, err)
		w := d.(*vorgang.StatusGesetzt)
		require.Equal(t, s, w.Von)
		s = w.Nach
	}
	return s
}

func seq(journal []vorgang.Ereignis) iter.Seq2[vorgang.Ereignis, error] {
	return func(yield func(vorgang.Ereignis, error) bool) {
		for _, e := range journal {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func quittung(s byte) messaging.Quittung {
	return messaging.Quittung{Sendung: uuid.UUID{0: s}, Kanal: "portal", Zustand: messaging.Bereitgestellt, Zeit: start.In(datum.Berlin())}
}

// geschichte tells the whole story once, from intake to the answer of the E-Akte.
func geschichte(t testing.TB) *fall {
	f := neuerFall(t)
	v := f.v
	f.do(v.RecordQuittung(relay, f.now(), "fitconnect", vorgang.Datei{Anhang: anhang(2)}))
	f.do(v.RecordDelivery(relay, f.now(), v.Stand().Nachrichten[0].Nachricht.ID, quittung(1), "Kanal portal ist angegeben und geeignet."))
	f.do(v.Accept(post, f.now()))
	f.do(v.Pull(sb, f.now()))
	f.get(v.Note(sb, f.now(), "Ortstermin nötig."))
	f.get(v.Ask(sb, f.now(), vorgang.Frage{Betreff: "Standort", Text: "Wo steht der Baum?", Bis: datum.New(2026, 3, 20)}))
	frage := v.Stand().Rueckfragen[0].Nachricht
	f.do(v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: frage, Text: "Im Garten.", Dateien: []vorgang.Datei{{Anhang: anhang(3)}}}))
	b := f.get(v.Draft(sb, f.now(), bescheid.Inhalt{Betreff: "noch leer"}))
	f.do(v.Redraft(sb2, f.now(), b, inhalt()))
	f.do(v.SubmitDraft(sb, f.now(), b))
	f.do(v.ReturnDraft(leitung, f.now(), b, "Bitte die Nebenbestimmung prüfen."))
	f.do(v.SubmitDraft(sb, f.now(), b))
	f.do(v.ReleaseBescheid(leitung, f.now(), b))
	f.do(v.RecordAusfertigung(relay, f.now(), b, uuid.Nil, vorgang.Datei{Anhang: anhang(4)}))
	f.do(v.RecordVersand(relay, f.now(), vorgang.Versand{
		Bescheid: b, Nachricht: messaging.Nachricht{Art: messaging.BescheidArt, Betreff: "Bescheid", Text: "Anbei.", Anhaenge: []messaging.Anhang{anhang(4)}},
		Quittung: quittung(2), Gruende: "Kanal portal.", Bekanntgabe: bekanntgabe(),
	}))
	f.uhr = datum.New(2026, 3, 6).Beginn()
	f.do(v.RecordBekanntgabe(relay, f.now(), b))
	f.uhr = datum.New(2026, 4, 8).Beginn()
	f.do(v.RecordBestandskraft(relay, f.now(), b))
	f.do(v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden, Abgeben: true}))
	var abgeben vorgang.AbgebenDaten
	require.NoError(t, f.orders[len(f.orders)-1].Decode(&abgeben))
	f.do(v.RecordAbgabe(relay, f.now(), abgeben.ProzessID, "eakte"))
	f.do(v.RecordAbgabeAntwort(relay, f.now(), vorgang.AbgabeAntwort{
		ProzessID: abgeben.ProzessID, Zustand: vorgang.Archiviert, Meldungen: []string{"ok"}, Kennungen: []string{"67.1-2026/17"},
	}))
	p := f.get(v.Invite(leitung, f.now(), vorgang.Einladung{
		Mandant: "luebeck", Recht: vorgang.RechtKommentieren, Grund: "Rechnungsprüfung", Bis: datum.New(2026, 6, 1).Beginn(),
	}))
	f.get(v.Note(gast, f.now(), "Ohne Beanstandung."))
	f.do(v.EndBeteiligung(sb, f.now(), p, "Die Prüfung ist fertig."))
	return f
}
