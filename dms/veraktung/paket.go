package veraktung

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Quelle is what a Paket is made of.
type Quelle struct {
	// Stand is what the entries of Journal lead to; all its files are packed.
	Stand   vorgang.Stand
	Journal []vorgang.Ereignis
	Mandant *tenant.Mandant
	// Empfaenger is the receiving office.
	Empfaenger dms.Kontakt
	ProzessID  uuid.UUID
	// WithReceipt asks the receiver for a receipt before its import answer.
	WithReceipt bool
	// Renderer sets conversation and journal as PDF/A; nil leaves them out.
	Renderer *pdf.Renderer
	// Open gives the bytes of a file of the Vorgang.
	Open func(ctx context.Context, d vorgang.Datei) (io.ReadCloser, error)
}

// NewPaket builds the neutral package of a closed Vorgang: its metadata, the
// journal as protocol, the form data as fields, every file as a document. Its
// creation time is that of the last journal entry, so the same input gives the
// same package.
func NewPaket(q Quelle) *dms.Paket {
	s, m := q.Stand, q.Mandant
	e, _ := m.Einheit(s.Einheit)
	l, _ := m.Leistung(s.Leistung)
	p := &dms.Paket{
		ProzessID:  q.ProzessID.String(),
		Absender:   behoerde(m, e.Name),
		Empfaenger: q.Empfaenger,
		System:     dms.System{Produkt: "Fachwerk"}, WithReceipt: q.WithReceipt,
		Vorgang: dms.Vorgang{
			ID: s.ID.String(),
			Metadaten: dms.Metadaten{
				Betreff: s.LeistungName, Kennzeichen: kennzeichen(s), Federfuehrung: e.Name, Medium: dms.Elektronisch,
				Bemerkung: "Vorgangsnummer " + s.Nummer, Aktenplaneinheit: dms.Aktenplaneinheit{Kennzeichen: l.Aktenplan},
			},
			Aufbewahrung: aufbewahrung(l),
			Aktenbetreff: s.LeistungName,
			Laufzeit:     datum.Zeitraum{Von: datum.Von(s.Eingang)},
			Kontakte:     []dms.Kontakt{antragsteller(s)},
			Fachdaten:    fachdaten(s),
		},
	}
	if len(q.Journal) > 0 {
		p.Erstellt = q.Journal[len(q.Journal)-1].Zeit
	}
	if a := s.Abschluss; a != nil {
		tag := datum.Von(a.Zeit)
		p.Vorgang.ZdA, p.Vorgang.ZdADatum, p.Vorgang.Laufzeit.Bis = true, tag, tag
	}
	for _, x := range q.Journal {
		p.Vorgang.Historie = append(p.Vorgang.Historie, protokoll(x))
	}
	for _, d := range s.Dateien {
		p.Vorgang.Dokumente = append(p.Vorgang.Dokumente, dokument(q, d))
	}
	if d, ok := schriftverkehr(q, p.Erstellt); ok {
		p.Vorgang.Dokumente = append(p.Vorgang.Dokumente, d)
	}
	if d, ok := verlauf(q, p.Erstellt); ok {
		p.Vorgang.Dokumente = append(p.Vorgang.Dokumente, d)
	}
	return p
}

func kennzeichen(s vorgang.Stand) string {
	if len(s.Aktenzeichen) > 0 {
		return s.Aktenzeichen[0]
	}
	return s.Nummer
}

func behoerde(m *tenant.Mandant, einheit string) dms.Kontakt {
	k := dms.Kontakt{Institution: m.Name, Organisationseinheit: einheit}
	if b := m.Behoerdenkennung; b.Schluessel != "" {
		k.Behoerde = dms.Behoerdenkennung{Praefix: dms.Code{Wert: b.Praefix}, Schluessel: dms.Code{Wert: b.Schluessel}}
	}
	if !m.Anschrift.IsZero() {
		k.Anschriften = []dms.Anschrift{anschrift(m.Anschrift)}
	}
	return k
}

func anschrift(a tenant.Anschrift) dms.Anschrift {
	return dms.Anschrift{Strasse: a.Strasse, Hausnummer: a.Hausnummer, Zusatz: a.Zusatz, Postleitzahl: a.PLZ, Ort: a.Ort}
}

func antragsteller(s vorgang.Stand) dms.Kontakt {
	a := s.Antrag.Antragsteller
	k := dms.Kontakt{Person: dms.Person{Familienname: a.Name}, Taetigkeit: "Antragsteller"}
	if vor, nach, ok := cutLast(a.Name); ok {
		k.Person = dms.Person{Vorname: vor, Familienname: nach}
	}
	if !a.Anschrift.IsZero() {
		k.Anschriften = []dms.Anschrift{anschrift(a.Anschrift)}
	}
	return k
}

func cutLast(name string) (vor, nach string, ok bool) {
	i := strings.LastIndex(name, " ")
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

func aufbewahrung(l tenant.Leistung) dms.Aufbewahrung {
	a := dms.Aufbewahrung{Jahre: l.AufbewahrungJahre, Aussonderungsart: dms.Aussonderungsart(l.Aussonderungsart)}
	if a.Aussonderungsart == "" {
		a.Aussonderungsart = dms.Bewerten
	}
	return a
}

// protokoll gives one entry of the process log; a change of status names the field.
func protokoll(e vorgang.Ereignis) dms.Protokolleintrag {
	p := dms.Protokolleintrag{Akteur: "unbekannt", Zeit: e.Zeit, Aktion: e.Text(), Bemerkung: string(e.Code)}
	if a, ok := e.Who(); ok {
		p.Akteur = a.ID
		if a.Name != "" && a.Art == tenant.Person {
			p.Akteur = a.Name
		}
	}
	if d, err := e.Data(); err == nil {
		if s, ok := d.(*vorgang.StatusGesetzt); ok {
			p.Metadatum, p.Alt, p.Neu = "Status", s.Von.Name(), s.Nach.Name()
		}
	}
	return p
}

var dokumentTypen = map[vorgang.Zweck]string{
	vorgang.ZweckOriginal: "Antragsdaten", vorgang.ZweckFormular: "Antrag", vorgang.ZweckAnlage: "Anlage zum Antrag",
	vorgang.ZweckAntwort: "Antwort des Antragstellers", vorgang.ZweckBescheid: "Bescheid", vorgang.ZweckSchreiben: "Schreiben", vorgang.ZweckNachweis: "Nachweis",
}

func dokument(q Quelle, d vorgang.Datei) dms.Dokument {
	f := dms.Format{Zeit: d.Hinzugefuegt, Datei: dms.Datei{
		// A name-based id of its own: the file of a document is not the document.
		ID: uuid.NewSHA1(q.ProzessID, d.ID[:]).String(), Name: d.Name, MIME: d.MIME, Groesse: d.Groesse, SHA512: d.SHA512,
		Open: func(ctx context.Context) (io.ReadCloser, error) { return q.Open(ctx, d) },
	}}
	doc := dms.Dokument{
		ID: d.ID.String(), Typ: dokumentTypen[d.Zweck],
		Metadaten: dms.Metadaten{Betreff: d.Name, Medium: dms.Elektronisch},
	}
	tag := datum.Von(d.Hinzugefuegt)
	switch d.Zweck {
	case vorgang.ZweckBescheid, vorgang.ZweckSchreiben:
		f.Code, f.Version = dms.FormatPDFA, "2a"
		doc.Betreff, doc.DatumDesSchreibens = betreff(q.Stand, d.ID), tag
		doc.Postausgangsdatum = ausgang(q.Stand, d.ID)
	default:
		doc.Posteingangsdatum = tag
	}
	doc.Versionen = []dms.Version{{Nummer: "1", Formate: []dms.Format{f}}}
	return doc
}

// betreff tells the Ausfertigungen of one decision apart by their addressees.
func betreff(s vorgang.Stand, id uuid.UUID) string {
	for i := range s.Bescheide {
		b := &s.Bescheide[i]
		if wem, ok := b.FuerWen(id); ok {
			if e, ok := b.Inhalt.Adressat(wem, messaging.Empfaenger{}); ok && wem != uuid.Nil {
				return b.Inhalt.Betreff + " (Ausfertigung für " + e.Name + ")"
			}
			return b.Inhalt.Betreff
		}
	}
	for _, n := range s.Nachrichten { // a letter of the authority
		if slices.ContainsFunc(n.Nachricht.Anhaenge, func(a messaging.Anhang) bool { return a.ID == id }) && n.Nachricht.Betreff != "" {
			return n.Nachricht.Betreff
		}
	}
	return "Bescheid"
}

func ausgang(s vorgang.Stand, id uuid.UUID) datum.Datum {
	for _, n := range s.Nachrichten {
		for _, a := range n.Nachricht.Anhaenge {
			if a.ID == id && n.Richtung == messaging.Ausgang {
				return datum.Von(n.Zeit)
			}
		}
	}
	return datum.Datum{}
}

func fachdaten(s vorgang.Stand) *dms.Erweiterung {
	if len(s.Antrag.Felder) == 0 {
		return nil
	}
	e := &dms.Erweiterung{Kennung: s.Antrag.Schema, Name: s.LeistungName}
	if e.Kennung == "" {
		e.Kennung = s.Leistung.URN()
	}
	if e.Name == "" {
		e.Name = string(s.Leistung)
	}
	e.Gruppen, e.Felder = felder(s.Antrag.Felder)
	return e
}

func felder(in []vorgang.Feld) (gruppen []dms.Feldgruppe, out []dms.Feld) {
	for _, f := range in {
		if len(f.Felder) == 0 {
			out = append(out, dms.Feld{Name: f.Name, Beschreibung: f.Label, Typ: dms.FeldText, Wert: f.Wert})
			continue
		}
		g := dms.Feldgruppe{Name: f.Name, Beschreibung: f.Label}
		g.Gruppen, g.Felder = felder(f.Felder)
		gruppen = append(gruppen, g)
	}
	return gruppen, out
}
