package amt

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

func (a *Amt) verwaltungswege() []Route {
	return []Route{
		{"GET /verwaltung", leitend, (*anfrage).stammdaten},
		{"GET /verwaltung/personen", leitend, func(x *anfrage) error { return x.verwaltung("personen", x.personen()) }},
		{"GET /verwaltung/vorlagen", leitend, (*anfrage).vorlagen},
		{"GET /verwaltung/vorlagen/{vorlage}", leitend, (*anfrage).vorlagePDF},
		{"GET /verwaltung/regeln", leitend, (*anfrage).regeln},
		{"POST /verwaltung/regeln", leitend, (*anfrage).simuliere},
		{"GET /verwaltung/anschluesse", leitend, (*anfrage).anschluesse},
		{"POST /verwaltung/anschluesse/{kanal}", verwaltend, (*anfrage).testeKanal},
		{"GET /verwaltung/gestaltung", leitend, (*anfrage).zeigeGestaltung},
		{"POST /verwaltung/gestaltung", verwaltend, (*anfrage).setzeGestaltung},
		{"GET /verwaltung/statistik", leitend, (*anfrage).statistik},
		{"GET /verwaltung/statistik.csv", leitend, (*anfrage).statistikCSV},
		{"GET /loeschung", loeschend, (*anfrage).loeschliste},
		{"POST /loeschung/{id}", loeschend, (*anfrage).loesche},
	}
}

// verwaltung shows a page of the administration; the template has the name of the part.
func (x *anfrage) verwaltung(teil string, daten any) error {
	var d struct {
		Teile []punkt
		Teil  string
		D     any
	}
	d.Teil, d.D = teil, daten
	titel := "Verwaltung"
	for _, p := range []punkt{{"Behörde", "/verwaltung", false}, {"Personen", "/verwaltung/personen", false}, {"Vorlagen", "/verwaltung/vorlagen", false}, {"Regeln", "/verwaltung/regeln", false},
		{"Anschlüsse", "/verwaltung/anschluesse", false}, {"Gestaltung", "/verwaltung/gestaltung", false}, {"Statistik", "/verwaltung/statistik", false}} {
		p.Hier = p.Ziel == x.URL.Path
		if p.Hier {
			titel = "Verwaltung: " + p.Text
		}
		d.Teile = append(d.Teile, p)
	}
	return x.seite("verwaltung", titel, d)
}

type stammdaten struct {
	a             *Amt
	Leistung, Ort string
	Erklaerung    *tenant.Erklaerung
	Fehler        string
}

// Wer names Mandant and Einheit of a rule.
func (d stammdaten) Wer(z *tenant.Zustaendigkeit) string {
	m := d.a.mandanten[z.Mandant]
	if m == nil {
		return string(z.Mandant)
	}
	e, _ := m.Einheit(z.Einheit)
	return m.Name + ", " + e.Name
}

// stammdaten shows the authority, and explains who is competent for a place.
func (x *anfrage) stammdaten() error {
	d := stammdaten{a: x.a}
	q := x.URL.Query()
	if d.Leistung, d.Ort = q.Get("leistung"), strings.TrimSpace(q.Get("ort")); d.Leistung != "" {
		l, err1 := tenant.ParseLeistung(d.Leistung)
		ort, err2 := tenant.ParseARS(d.Ort)
		if errors.Join(err1, err2) != nil {
			d.Fehler = "Bitte geben Sie den Regionalschlüssel mit 2, 3, 5, 9 oder 12 Ziffern an."
		} else {
			e := x.a.Zustaendigkeiten.Explain(l, ort, datum.Von(x.now))
			d.Erklaerung = &e
		}
	}
	return x.verwaltung("stammdaten", d)
}

func (x *anfrage) personen() (out []Nutzer) {
	for _, n := range x.a.Nutzer {
		if n.Akteur.Mandant == x.m.ID {
			out = append(out, n)
		}
	}
	return out
}

func (x *anfrage) vorlagen() error {
	var out []vorlage.Eintrag
	for _, e := range x.a.Vorlagen.List() {
		if (e.Mandant == "" || e.Mandant == x.m.ID) && (e.Land == "" || e.Land == x.m.Land) && !slices.ContainsFunc(out, func(f vorlage.Eintrag) bool { return f.ID == e.ID }) {
			out = append(out, e)
		}
	}
	return x.verwaltung("vorlagen", out)
}

// vorlagePDF is the template with its own sample data, as a letter of this authority.
func (x *anfrage) vorlagePDF() error {
	v, err := x.a.Vorlagen.Choose(vorlage.Params{ID: x.PathValue("vorlage"), Mandant: x.m.ID, Land: x.m.Land, Tag: datum.Von(x.now)})
	if err != nil {
		return err
	}
	e, err := v.Beispiel()
	if err != nil {
		return err
	}
	k := ausfertigung.Kopf{Mandant: x.m, Empfaenger: messaging.Empfaenger{Name: "Muster"}, Nummer: "Muster"}
	if len(x.m.Einheiten) > 0 {
		k.Einheit = x.m.Einheiten[0]
	}
	d := ausfertigung.Brief(k, ausfertigung.Schreiben{Betreff: e.Betreff, Inhalt: e.Bloecke(), Gruss: e.Gruss()})
	if i, err := e.Inhalt(); err == nil {
		if d, err = ausfertigung.Dokument(k, bescheid.Bescheid{Inhalt: i}); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if _, err := x.a.pdf.Write(&b, d); err != nil {
		return err
	}
	return x.gibPDF(&b, x.PathValue("vorlage")+".pdf")
}

type regelSeite struct {
	InKraft    []pruefung.Angaben
	Text       string
	Fehler     fehler.Probleme
	Simulation *pruefung.Simulation
}

func (x *anfrage) regelSeite() (d regelSeite) {
	for _, l := range x.m.Leistungen {
		for _, p := range x.a.Regeln.InForce(l.Schluessel, datum.Von(x.now)) {
			d.InKraft = append(d.InKraft, p.Regelwerk().Angaben())
		}
	}
	return d
}

func (x *anfrage) regeln() error { return x.verwaltung("regeln", x.regelSeite()) }

// simuliere runs rules that are not in force over old cases, and stores nothing.
func (x *anfrage) simuliere() error {
	d := x.regelSeite()
	d.Text = x.text("regelwerk")
	w, err := pruefung.Load(strings.NewReader(d.Text))
	if err != nil {
		d.Fehler = fehler.ProblemeIn(err)
		return x.verwaltung("regeln", d)
	}
	p, err := pruefung.Compile(w, nil)
	if err != nil {
		d.Fehler = fehler.ProblemeIn(err)
		return x.verwaltung("regeln", d)
	}
	s, err := pruefung.Simulate(x.Context(), p, x.faelle(w.Leistung()), nil)
	if err != nil {
		return err
	}
	d.Simulation = &s
	return x.verwaltung("regeln", d)
}

// faelle are the last 200 Vorgaenge of the Leistung that were checked, with the record.
func (x *anfrage) faelle(l tenant.Leistungsschluessel) iter.Seq2[pruefung.Fall, error] {
	return func(yield func(pruefung.Fall, error) bool) {
		n := 0
		for v, err := range x.a.Store.Vorgaenge(x.Context(), x.m.ID, storage.PageParams{Absteigend: true, Filter: storage.Filter{Leistungen: []tenant.Leistungsschluessel{l}, Einheiten: x.akteur.Einheiten}}) {
			if err != nil {
				yield(pruefung.Fall{}, err)
				return
			}
			s := v.Stand()
			if s.Pruefung == nil {
				continue
			}
			for e, err := range x.a.Store.Journal(x.Context(), x.m.ID, s.ID) {
				if err != nil {
					yield(pruefung.Fall{}, err)
					return
				}
				if e.Seq != s.Pruefung.Seq {
					continue
				}
				if d, err := e.Data(); err == nil {
					if g, ok := d.(*vorgang.Geprueft); ok && !yield(pruefung.Fall{ID: s.Nummer, Daten: s.Antrag.Daten, Alt: g.Protokoll}, nil) {
						return
					}
				}
			}
			if n++; n >= 200 {
				return
			}
		}
	}
}

func (x *anfrage) anschluesse() error {
	var d struct {
		Kanaele  []messaging.Kanal
		Ablage   string
		Geparkt  []storage.Auftrag
		Testbar  bool
		Zustaend []tenant.Zustaendigkeit
	}
	d.Kanaele, d.Testbar = x.a.Kanaele, x.akteur.Hat(verwaltend...)
	if z := x.a.Ziele[x.m.ID]; z != nil {
		d.Ablage = z.Name()
	}
	err := x.a.Store.View(x.Context(), x.m.ID, func(ctx ctxT, tx *storage.Tx) error {
		d.Geparkt = nil
		for a, err := range tx.Auftraege(ctx, uuid.Nil, storage.AuftragGeparkt) {
			if err != nil {
				return err
			}
			if d.Geparkt = append(d.Geparkt, a); len(d.Geparkt) >= 50 {
				break
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.verwaltung("anschluesse", d)
}

// testeKanal sends a letter to a mailbox nobody has.
func (x *anfrage) testeKanal() error {
	for _, k := range x.a.Kanaele {
		if k.Name() != x.PathValue("kanal") {
			continue
		}
		id := uuid.New()
		q, err := k.Deliver(x.Context(), messaging.Sendung{ID: id, Mandant: x.m.ID, Adresse: messaging.Adresse{Kanal: k.Name(), Kennung: "test-" + id.String()},
			Nachricht: messaging.Nachricht{ID: id, Art: messaging.Mitteilung, Betreff: "Test", Text: "Dies ist ein Test des Anschlusses."}})
		if err != nil {
			_, text := erklaere(err)
			return x.weiter("/verwaltung/anschluesse", "Der Test ist gescheitert. "+text)
		}
		return x.weiter("/verwaltung/anschluesse", fmt.Sprintf("Der Test hat geklappt: %s.", wort(q.Zustand)))
	}
	return nichtGefunden
}

func (x *anfrage) zeigeGestaltung() error {
	g, version, err := x.a.liesGestaltung(x.Context(), x.m.ID)
	if err != nil {
		return err
	}
	return x.verwaltung("gestaltung", gestaltungSeite{Gestaltung: g, Version: version, Kontrast: Kontrast(g.Farbe), Darf: x.akteur.Hat(verwaltend...)})
}

type gestaltungSeite struct {
	Gestaltung
	Version  int64
	Kontrast float64
	Darf     bool
}

// setzeGestaltung stores the look, if it can be read.
func (x *anfrage) setzeGestaltung() error {
	g := Gestaltung{Farbe: strings.ToLower(x.text("farbe")), Kontakt: x.text("kontakt")}
	if k := Kontrast(g.Farbe); k < MindestKontrast {
		return falsch("/farbe", fmt.Sprintf("Weiße Schrift auf dieser Farbe hat den Kontrast %s zu 1; nötig sind 4,5 zu 1. Bitte wählen Sie eine dunklere Farbe.", strings.Replace(fmt.Sprintf("%.1f", k), ".", ",", 1)))
	}
	var version int64
	if _, err := fmt.Sscanf(x.text("version"), "%d", &version); err != nil {
		return falsch("/version", "Das Formular ist unvollständig.")
	}
	if err := x.a.Store.PutKonfig(x.Context(), x.m.ID, "rathaus", "gestaltung", version, g); err != nil {
		return err
	}
	return x.weiter("/verwaltung/gestaltung", "Die Gestaltung ist gespeichert und gilt in einer Minute überall.")
}

var loeschend = []tenant.Rolle{tenant.Leitung, tenant.Loeschberechtigt}

// loeschliste shows what need not be kept any more, and what somebody asked to delete.
func (x *anfrage) loeschliste() error {
	var d struct {
		Faellig []storage.Aufbewahrung
		Anstehe []zeile
	}
	for a, err := range x.a.Store.Loeschbare(x.Context(), x.m.ID, datum.Von(x.now)) {
		if err != nil {
			return err
		}
		if d.Faellig = append(d.Faellig, a); len(d.Faellig) >= 100 {
			break
		}
	}
	p, err := x.a.Store.Page(x.Context(), x.m.ID, storage.PageParams{Filter: storage.Filter{Status: []vorgang.Status{vorgang.ZuLoeschen}}})
	if err != nil {
		return err
	}
	warten := map[uuid.UUID]bool{}
	for _, z := range p.Zeilen {
		warten[z.ID] = true
		d.Anstehe = append(d.Anstehe, x.zeile(z))
	}
	d.Faellig = slices.DeleteFunc(d.Faellig, func(a storage.Aufbewahrung) bool { return warten[a.Vorgang] })
	return x.seite("loeschung", "Löschung", d)
}

// loesche asks for a deletion, or confirms it: the second key is another person's.
func (x *anfrage) loesche() error {
	id, err := x.kennung("id")
	if err != nil {
		return err
	}
	if x.text("schluessel") == "zwei" {
		if _, err := x.a.Store.ConfirmLoeschung(x.Context(), x.m.ID, id, x.akteur); err != nil {
			return err
		}
		return x.weiter("/loeschung", "Der Vorgang ist gelöscht. Es bleiben seine Nummer und der Nachweis.")
	}
	var a storage.Aufbewahrung
	if err := x.a.Store.View(x.Context(), x.m.ID, func(ctx ctxT, tx *storage.Tx) (err error) {
		a, err = tx.Aufbewahrung(ctx, id)
		return err
	}); err != nil {
		return err
	}
	if _, err := x.a.Store.Edit(x.Context(), x.m.ID, id, func(v *vorgang.Vorgang) error {
		return v.RequestLoeschung(x.akteur, x.now, vorgang.Loeschung{Grund: "Aufbewahrung abgelaufen", AufbewahrungBis: a.Bis, Regel: string(a.Grund), Archiv: vorgang.NichtAnzubieten})
	}); err != nil {
		return err
	}
	return x.weiter("/loeschung", "Die Löschung ist beantragt. Eine zweite Person muss sie nach sieben Tagen bestätigen.")
}

func (x *anfrage) csv(name string, b *bytes.Buffer) error {
	x.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	x.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	x.w.WriteHeader(http.StatusOK)
	_, err := b.WriteTo(x.w)
	return err
}
