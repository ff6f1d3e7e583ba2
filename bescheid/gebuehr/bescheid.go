package gebuehr

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// PlatzhalterKassenzeichen stands in the texts until the cash office has given its
// reference; [Bescheidteil.MitKassenzeichen] replaces it.
const PlatzhalterKassenzeichen = "{kassenzeichen}"

// maxZweck is the length of the purpose of a SEPA transfer.
const maxZweck = 140

// Angaben is what the letter needs beside the result.
type Angaben struct {
	// Vorgang is the Vorgangsnummer, for the purpose of the payment. May be empty.
	Vorgang string
	// Kassenzeichen of the cash office; empty leaves the placeholder.
	Kassenzeichen string
	// Zahlungsweg says where and how to pay: the account of the cash office, a link. A
	// decision on costs has to name it (such as § 14 (1) GebG NRW); empty is a warning.
	Zahlungsweg string
	// Bekanntgabe, where it is known; zero: the letter counts from it in words.
	Bekanntgabe datum.Datum
	// Gemeinde is the seat of the authority (ARS or AGS), for holidays; may be empty.
	Gemeinde string
	// Kalender for the shift to a working day; nil is [frist.StandardKalender].
	Kalender *frist.Kalender
}

// Bescheidteil is what a decision says about its fee.
type Bescheidteil struct {
	// Festsetzung fixes the amount: "Für diese Entscheidung werden ... festgesetzt."
	Festsetzung string `json:"festsetzung"`
	// Rechtsgrundlage names the norms.
	Rechtsgrundlage string `json:"rechtsgrundlage"`
	// Faelligkeit says when and how to pay, with the Kassenzeichen; empty if nothing is due.
	Faelligkeit string `json:"faelligkeit,omitempty"`
	// Saeumnis says what follows a late payment; empty if nothing does.
	Saeumnis string `json:"saeumnis,omitempty"`
	// Begruendung are sentences for the reasons of the decision (§ 39 VwVfG).
	Begruendung []string `json:"begruendung,omitempty"`
	// Tafel is the table of positions for the letter.
	Tafel Tafel `json:"tafel"`
	// Zahlung is the payment request; nil if nothing is due.
	Zahlung *Zahlungsanforderung `json:"zahlung,omitempty"`
	// Warnungen of the result: they should be settled before the decision is released.
	Warnungen []fehler.Problem `json:"warnungen,omitempty"`
}

// Text is the paragraph for the field Gebuehr of a decision's Inhalt.
func (b Bescheidteil) Text() string {
	var out []string
	for _, s := range []string{b.Festsetzung, b.Rechtsgrundlage, b.Faelligkeit, b.Saeumnis} {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// Tafel is a table with the fields package pdf draws; its Spalte converts to theirs.
type Tafel struct {
	Titel   string     `json:"titel"`
	Spalten []Spalte   `json:"spalten"`
	Zeilen  [][]string `json:"zeilen"`
	// Summe is the last row.
	Summe []string `json:"summe"`
}

// Spalte is a column; pdf.Spalte(s) is the one that is drawn.
type Spalte struct {
	Kopf string
	// Anteil is the share of the width of the page.
	Anteil float64
	// Rechts aligns at the right, Zeilenkopf makes the cells headings of their rows.
	Rechts     bool
	Zeilenkopf bool
}

// Zahlungsanforderung is what the payment needs to know. It holds no personal data.
type Zahlungsanforderung struct {
	Betrag Betrag `json:"betrag"`
	// Kassenzeichen is empty until the cash office has given one.
	Kassenzeichen string `json:"kassenzeichen,omitempty"`
	// Verwendungszweck is at most 140 characters; it may hold the placeholder.
	Verwendungszweck string `json:"verwendungszweck"`
	// FaelligAm is the last day to pay; zero while the Bekanntgabe is not known, then
	// it is FaelligTage after it.
	FaelligAm   datum.Datum `json:"faellig_am,omitzero"`
	FaelligTage int         `json:"faellig_tage"`
	// Leistung and Vorgang say what is paid for.
	Leistung   tenant.Leistungsschluessel `json:"leistung,omitempty"`
	Vorgang    string                     `json:"vorgang,omitempty"`
	Positionen []Zahlungsposition         `json:"positionen"`
}

// Zahlungsposition is one line of a payment; those of zero are left out.
type Zahlungsposition struct {
	Bezeichnung string `json:"bezeichnung"`
	Gruppe      Gruppe `json:"gruppe"`
	Betrag      Betrag `json:"betrag"`
}

// Bescheidteil makes the part of the decision out of a result of this table. A result
// of another table, a missing rule on payment, and a purpose longer than a transfer
// holds are problems in an error of kind [fehler.ErrInvalid]. The Rechtsbehelf is one
// with the decision's (package bescheid).
func (t *Tabelle) Bescheidteil(e Ergebnis, a Angaben) (Bescheidteil, error) {
	ungueltig := func(code, pfad, meldung, hinweis string) (Bescheidteil, error) {
		return Bescheidteil{}, fehler.New("gebuehr.Bescheidteil", "", fehler.ErrInvalid, fehler.Probleme{problem(code, pfad, meldung, hinweis)})
	}
	if e.Tabelle != t.kennung {
		return ungueltig("andere-tabelle", "/tabelle", "result of another table", "Das Ergebnis stammt aus einer anderen Gebührentabelle. Bitte neu berechnen.")
	}
	if !imBereich(a.Bekanntgabe) {
		return ungueltig("datum", "/bekanntgabe", "date out of range", "Das Datum liegt außerhalb des Kalenders.")
	}
	if !a.Bekanntgabe.IsZero() && a.Bekanntgabe.Vor(e.Eingabe.Entscheidung) {
		return ungueltig("datum-folge", "/bekanntgabe", "made known before it was decided", "Die Bekanntgabe liegt vor der Entscheidung.")
	}
	b := Bescheidteil{
		Festsetzung: festsetzung(e), Rechtsgrundlage: rechtsgrundlage(e), Begruendung: slices.Clone(e.Gruende),
		Tafel: tafel(e), Warnungen: slices.Clone(e.Warnungen),
	}
	if e.Summe == 0 {
		return b, nil
	}
	tag := e.Eingabe.Entscheidung
	if tag.IsZero() {
		tag = e.Stichtag
	}
	r := waehle(zeiger(t.d.Zahlung, nil), e.Eingabe.Land, tag, rechtZahlung)
	if r == nil {
		return ungueltig("zahlung-regel", "", "no rule on payment in force on "+tag.String(), "Die Gebührentabelle enthält für den "+tag.Deutsch()+" keine Regel zur Fälligkeit.")
	}
	b.Warnungen = append(b.Warnungen, r.warnungen()...)
	z := &Zahlungsanforderung{Betrag: e.Summe, Kassenzeichen: a.Kassenzeichen, FaelligTage: r.FaelligTage, Leistung: e.Eingabe.Leistung, Vorgang: a.Vorgang}
	kassenzeichen := a.Kassenzeichen
	if kassenzeichen == "" {
		kassenzeichen = PlatzhalterKassenzeichen
	}
	z.Verwendungszweck = kassenzeichen
	if a.Vorgang != "" {
		z.Verwendungszweck += " " + a.Vorgang
	}
	if utf8.RuneCountInString(z.Verwendungszweck) > maxZweck || strings.ContainsFunc(z.Verwendungszweck, func(r rune) bool { return r < ' ' }) {
		return ungueltig("verwendungszweck", "/vorgang", "purpose too long or with control characters", "Der Verwendungszweck ist länger als 140 Zeichen oder enthält Steuerzeichen.")
	}
	for _, p := range e.Positionen {
		if p.Betrag > 0 {
			z.Positionen = append(z.Positionen, Zahlungsposition{p.Bezeichnung, p.Gruppe, p.Betrag})
		}
	}
	z.FaelligAm = r.faelligAm(a, e.Eingabe.Land)
	b.Zahlung = z
	b.Faelligkeit = faelligkeit(r, z, kassenzeichen)
	if w := strings.TrimSpace(a.Zahlungsweg); w != "" {
		b.Faelligkeit += " " + w
	} else {
		b.Warnungen = append(b.Warnungen, problem("zahlungsweg-fehlt", "/zahlungsweg", "where and how to pay is not said", "Es fehlt die Angabe, wo und wie zu zahlen ist."))
	}
	b.Saeumnis = saeumnis(r, e.Summe)
	return b, nil
}

// MitKassenzeichen gives the part with the reference of the cash office in place of
// the placeholder.
func (b Bescheidteil) MitKassenzeichen(k string) Bescheidteil {
	b.Faelligkeit = strings.ReplaceAll(b.Faelligkeit, PlatzhalterKassenzeichen, k)
	if b.Zahlung != nil {
		z := *b.Zahlung
		z.Kassenzeichen = k
		z.Verwendungszweck = strings.ReplaceAll(z.Verwendungszweck, PlatzhalterKassenzeichen, k)
		b.Zahlung = &z
	}
	return b
}

func (r *Zahlungsregel) faelligAm(a Angaben, land tenant.Land) datum.Datum {
	d := a.Bekanntgabe.AddTage(r.FaelligTage)
	if d.IsZero() || r.Verschiebung != frist.VerschiebungEnde {
		return d
	}
	k := a.Kalender
	if k == nil {
		k = frist.StandardKalender()
	}
	_, spaet := k.NaechsterWerktag(frist.Ort{Land: land, Gemeinde: a.Gemeinde}, d) // an uncertain holiday is no reason to be late
	return spaet
}

func festsetzung(e Ergebnis) string {
	switch {
	case e.Summe == 0:
		return "Diese Entscheidung ergeht kostenfrei."
	case e.Summe == e.Gebuehren:
		return "Für diese Entscheidung wird eine Gebühr von " + e.Summe.Deutsch() + " festgesetzt."
	case e.Summe == e.Auslagen:
		return "Für diese Entscheidung werden Auslagen von " + e.Summe.Deutsch() + " festgesetzt; eine Gebühr wird nicht erhoben."
	}
	var teile []string
	for _, x := range []struct {
		was string
		b   Betrag
	}{{"Gebühren", e.Gebuehren}, {"Auslagen", e.Auslagen}, {"Umsatzsteuer", e.Umsatzsteuer}} {
		if x.b > 0 {
			teile = append(teile, x.was+" "+x.b.Deutsch())
		}
	}
	return "Für diese Entscheidung werden Kosten von " + e.Summe.Deutsch() + " festgesetzt (" + strings.Join(teile, ", ") + ")."
}

func rechtsgrundlage(e Ergebnis) string {
	var normen []string
	add := func(n string) {
		if !slices.Contains(normen, n) {
			normen = append(normen, n)
		}
	}
	for _, p := range e.Positionen {
		add(p.Norm)
	}
	for _, b := range e.Belege {
		add(b.Norm)
	}
	return "Rechtsgrundlage: " + strings.Join(normen, "; ") + "."
}

func faelligkeit(r *Zahlungsregel, z *Zahlungsanforderung, kassenzeichen string) string {
	var wann string
	switch {
	case !z.FaelligAm.IsZero():
		wann = "Der Betrag ist bis zum " + z.FaelligAm.Deutsch() + " zu zahlen"
	case r.FaelligTage == 0:
		wann = "Der Betrag wird mit der Bekanntgabe dieses Bescheids fällig"
	case r.FaelligTage == 1:
		wann = "Der Betrag wird einen Tag nach der Bekanntgabe dieses Bescheids fällig"
	default:
		wann = "Der Betrag wird " + zahl(r.FaelligTage) + " Tage nach der Bekanntgabe dieses Bescheids fällig"
	}
	return wann + " (" + r.Norm + "). Bitte geben Sie bei der Zahlung das Kassenzeichen " + kassenzeichen + " an."
}

// saeumnis is silent if the sum is too low for a surcharge ever to arise.
func saeumnis(r *Zahlungsregel, summe Betrag) string {
	if r.Saeumnis.IsZero() || summe <= r.SaeumnisAb || (r.SaeumnisAuf > 0 && summe < r.SaeumnisAuf) {
		return ""
	}
	s := "Wird er nicht bis zum Ablauf dieses Tages gezahlt, ist für jeden angefangenen Monat der Säumnis ein Säumniszuschlag von " + r.Saeumnis.prozent() + " des rückständigen Betrags zu zahlen"
	if r.SaeumnisAuf > 1 {
		s = strings.Replace(s, "des rückständigen Betrags", "des auf volle "+r.SaeumnisAuf.Deutsch()+" abgerundeten rückständigen Betrags", 1)
	}
	if r.SaeumnisAb > 0 {
		s += ", wenn dieser " + r.SaeumnisAb.Deutsch() + " übersteigt"
	}
	if r.SaeumnisNorm != "" {
		s += " (" + r.SaeumnisNorm + ")"
	}
	return s + "."
}

func tafel(e Ergebnis) Tafel {
	t := Tafel{
		Titel: "Berechnung der Kosten",
		Spalten: []Spalte{
			{Kopf: "Nr.", Anteil: 0.4}, {Kopf: "Gegenstand", Anteil: 3, Zeilenkopf: true}, {Kopf: "Rechtsgrundlage", Anteil: 2},
			{Kopf: "Menge", Anteil: 1.2}, {Kopf: "Betrag", Anteil: 1, Rechts: true},
		},
		Summe: []string{"", "Summe", "", "", e.Summe.Deutsch()},
	}
	for i, p := range e.Positionen {
		gegenstand := p.Bezeichnung
		if p.Betrag != p.Grundbetrag {
			gegenstand += " (volle Gebühr " + p.Grundbetrag.Deutsch() + ")"
			if p.Gruppe == GruppeAuslage {
				gegenstand = p.Bezeichnung + " (voller Betrag " + p.Grundbetrag.Deutsch() + ")"
			}
		}
		t.Zeilen = append(t.Zeilen, []string{zahl(i + 1), gegenstand, grundlage(p), oderStrich(p.Menge), p.Betrag.Deutsch()})
	}
	return t
}

// grundlage is the norm of a position, with the Tarifstelle where the norm does not name it.
func grundlage(p Position) string {
	if p.Tarifstelle == "" || strings.Contains(p.Norm, p.Tarifstelle) || strings.Contains(p.Norm, "Tarifstelle") {
		return oderStrich(p.Norm)
	}
	if p.Norm == "" {
		return "Tarifstelle " + p.Tarifstelle
	}
	return p.Norm + ", Tarifstelle " + p.Tarifstelle
}

func oderStrich(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
