package pdf

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func problem(code, pfad, meldung, hinweis string) fehler.Probleme {
	return fehler.Probleme{{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}}
}

const (
	maxMeta       = 500     // characters of a metadata field
	maxZeile      = 1000    // characters of a field that is one line
	maxBloecke    = 100_000 // blocks, points and rows together
	maxSpalten    = 12
	maxTiefe      = 3 // of lists
	maxProbleme   = 20
	maxAbsender   = 5
	maxFussZeilen = 6
	maxFussSpalt  = 4
	maxInfo       = 15
	maxKurz       = 20 // lines of Unterzeichner and Anlagen
	maxEbene      = 6
	maxAbstand    = 250
)

// pruefer looks at everything in a document before a byte is written.
type pruefer struct {
	form    *former
	p       fehler.Probleme
	zeichen int
	bloecke int
	max     int
	ebene   int
	bilder  int
}

func (r *Renderer) pruefe(d *Dokument, form *former) fehler.Probleme {
	c := &pruefer{form: form, max: r.opts.MaxZeichen}
	if strings.TrimSpace(d.Titel) == "" {
		c.melde(CodeTitelFehlt, "/titel", "title is required", "Das Dokument braucht einen Titel.")
	}
	for _, m := range []struct{ pfad, text string }{{"/titel", d.Titel}, {"/autor", d.Autor}, {"/betreff", d.Betreff}} {
		c.meta(m.pfad, m.text)
	}
	c.sprache("/sprache", d.Sprache)
	if j := d.Erstellt.Year(); !d.Erstellt.IsZero() && (j < 1 || j > 9999) {
		c.melde(CodeDatum, "/erstellt", "year out of range", "Das Erstellungsdatum ist ungültig.")
	}
	if _, versatz := d.Erstellt.Zone(); versatz%60 != 0 && !d.Erstellt.IsZero() {
		c.melde(CodeDatum, "/erstellt", "zone offset is not in whole minutes", "Das Erstellungsdatum ist ungültig.")
	}
	c.einzeile("/kopfzeile", d.Kopfzeile, normal)
	c.einzeile("/fusszeile", d.Fusszeile, normal)
	c.anlagen(d.Anlagen)
	c.siegelfeld(d.Siegelfeld)
	if d.Brief != nil {
		c.brief(d.Brief)
	}
	for i, b := range d.Inhalt {
		if len(c.p) >= maxProbleme {
			break
		}
		c.block("/inhalt/"+strconv.Itoa(i), b)
	}
	if c.zeichen > c.max {
		c.melde(CodeTextZuLang, "", fmt.Sprintf("%d characters, limit %d", c.zeichen, c.max),
			fmt.Sprintf("Der Text hat mehr als %d Zeichen. Kürzen Sie ihn oder teilen Sie ihn auf mehrere Dokumente auf.", c.max))
	}
	if c.bloecke > maxBloecke {
		c.melde(CodeZuVieleBloecke, "/inhalt", fmt.Sprintf("more than %d blocks, points and rows", maxBloecke),
			"Das Dokument hat zu viele Absätze oder Zeilen. Teilen Sie es auf.")
	}
	return c.p
}

func (c *pruefer) melde(code, pfad, meldung, hinweis string) {
	if len(c.p) < maxProbleme {
		c.p = append(c.p, fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
}

func (c *pruefer) meta(pfad, text string) {
	if utf8.RuneCountInString(text) > maxMeta {
		c.zuLang(pfad, maxMeta)
		return
	}
	c.runen(pfad, text, false)
}

func (c *pruefer) zuLang(pfad string, max int) {
	c.melde(CodeFeldZuLang, pfad, fmt.Sprintf("more than %d characters", max),
		fmt.Sprintf("Die Angabe ist länger als %d Zeichen. Kürzen Sie sie.", max))
}

func (c *pruefer) einzeile(pfad, text string, schnitt int) {
	if utf8.RuneCountInString(text) > maxZeile {
		c.zuLang(pfad, maxZeile)
		return
	}
	if c.runen(pfad, text, false) {
		c.glyphen(pfad, Lauf{Text: text}, schnitt)
	}
}

func (c *pruefer) zeilen(pfad string, l []string, max, schnitt int) {
	if len(l) > max {
		c.melde(CodeZuVieleZeilen, pfad, fmt.Sprintf("more than %d lines", max),
			fmt.Sprintf("Es sind höchstens %d Zeilen möglich.", max))
		return
	}
	for i, t := range l {
		c.einzeile(pfad+"/"+strconv.Itoa(i), t, schnitt)
	}
}

func (c *pruefer) laeufe(pfad, text string, l []Lauf) {
	if len(l) == 0 {
		c.text(pfad+"/text", Lauf{Text: text}, normal)
		return
	}
	if text != "" {
		c.melde(CodeTextDoppelt, pfad, "both Text and Laeufe are set", "Der Absatz hat seinen Text doppelt.")
	}
	c.bloecke += len(l)
	for i := range l {
		p := pfad + "/laeufe/" + strconv.Itoa(i)
		c.text(p, l[i], l[i].schnitt())
		c.sprache(p+"/sprache", l[i].Sprache)
		c.ziel(p+"/ziel", l[i].Ziel)
	}
}

// text checks running text, in which lines may end.
func (c *pruefer) text(pfad string, l Lauf, schnitt int) {
	if c.zeichen > c.max {
		return // reported at the end
	}
	if c.runen(pfad, l.Text, true) {
		c.glyphen(pfad, l, schnitt)
	}
}

// runen refuses what is no text: broken UTF-8, control characters, characters
// that change the direction, private and unassigned ones.
func (c *pruefer) runen(pfad, text string, mehrzeilig bool) bool {
	n := 0
	for i, r := range text {
		n++
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			c.melde(CodeKeinUTF8, pfad, fmt.Sprintf("invalid UTF-8 at byte %d", i),
				"Der Text ist nicht lesbar kodiert (kein UTF-8).")
		case mehrzeilig && (r == '\n' || r == '\r' && strings.HasPrefix(text[i:], "\r\n")):
			continue
		case unicode.IsControl(r), r == 0x2028, r == 0x2029:
			c.melde(CodeSteuerzeichen, pfad, fmt.Sprintf("control character %U at character %d", r, n),
				fmt.Sprintf("Der Text enthält an Stelle %d ein Steuerzeichen (%U). Entfernen Sie es.", n, r))
		case unicode.Is(unicode.Bidi_Control, r), unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko):
			c.melde(CodeSchreibrichtung, pfad, fmt.Sprintf("%U at character %d is of a script from right to left", r, n),
				fmt.Sprintf("Der Text enthält an Stelle %d ein Zeichen einer von rechts nach links geschriebenen Schrift (%U). Verwenden Sie die lateinische Umschrift.", n, r))
		case privat(r):
			c.fehlt(pfad, r, n)
		default:
			continue
		}
		return false
	}
	c.zeichen += n
	return true
}

func (c *pruefer) fehlt(pfad string, r rune, n int) {
	c.melde(CodeZeichenFehlt, pfad, fmt.Sprintf("no glyph for %U at character %d", r, n),
		fmt.Sprintf("Das Zeichen %U an Stelle %d kann nicht gedruckt werden. Ersetzen Sie es.", r, n))
}

// glyphen shapes the text and finds what the font cannot show.
func (c *pruefer) glyphen(pfad string, l Lauf, schnitt int) {
	l.Fett, l.Kursiv = schnitt == fett || schnitt == fettKursiv, schnitt == kursiv || schnitt == fettKursiv
	for _, t := range c.form.zerlege(nil, []Lauf{l}) {
		if t.st.fehlt < 0 || t.st.fehlt >= len(t.st.text) {
			continue
		}
		r := t.st.text[t.st.fehlt]
		n := 1
		for _, q := range l.Text {
			if q == r {
				break
			}
			n++
		}
		c.fehlt(pfad, r, n)
		return
	}
}

// RFC 5646, as far as its form goes.
var sprachform = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

func (c *pruefer) sprache(pfad, s string) {
	if s != "" && (len(s) > 35 || !sprachform.MatchString(s)) {
		c.melde(CodeSprache, pfad, "not a language tag of BCP 47", "Die Sprache ist nicht richtig angegeben (zum Beispiel: de-DE).")
	}
}

var zielform = regexp.MustCompile(`^(?i:https?://|mailto:|tel:)[!-~]+$`)

func (c *pruefer) ziel(pfad, s string) {
	if s != "" && (len(s) > 2000 || !zielform.MatchString(s)) {
		c.melde(CodeZiel, pfad, "not an address of https, http, mailto or tel in ASCII", "Der Verweis ist keine gültige Internet-, E-Mail- oder Telefonadresse.")
	}
}

func (c *pruefer) brief(b *Brief) {
	const p = "/brief"
	if strings.TrimSpace(b.Betreff) == "" {
		c.melde(CodeBetreffFehlt, p+"/betreff", "subject is required", "Der Brief braucht einen Betreff.")
	}
	c.zeilen(p+"/absender", b.Absender[:min(1, len(b.Absender))], 1, fett)
	c.zeilen(p+"/absender", b.Absender, maxAbsender, normal)
	if b.Logo != nil {
		c.bild(p+"/logo", b.Logo, logoBreite)
	}
	if b.Farbe != "" {
		if f, ok := parseFarbe(b.Farbe); !ok {
			c.melde(CodeFarbe, p+"/farbe", "not a colour as #rrggbb", "Die Farbe ist nicht als #rrggbb angegeben.")
		} else if k := f.kontrast(); k < minKontrast {
			c.melde(CodeFarbe, p+"/farbe", fmt.Sprintf("contrast to white is %.2f, less than %.1f", k, minKontrast),
				"Die Farbe ist zu hell: Schrift in ihr ist schlecht zu lesen. Wählen Sie eine dunklere.")
		}
	}
	c.einzeile(p+"/ruecksendezeile", b.Ruecksendezeile, normal)
	c.zeilen(p+"/vermerk", b.Vermerk, maxExtra, normal)
	c.zeilen(p+"/anschrift", b.Anschrift, maxAnschrift-len(b.Vermerk), normal)
	if len(b.Informationsblock) > maxInfo {
		c.melde(CodeZuVieleZeilen, p+"/informationsblock", fmt.Sprintf("more than %d lines", maxInfo),
			fmt.Sprintf("Der Informationsblock hat mehr als %d Zeilen.", maxInfo))
	}
	for i, a := range b.Informationsblock[:min(maxInfo, len(b.Informationsblock))] {
		q := p + "/informationsblock/" + strconv.Itoa(i)
		c.einzeile(q+"/name", a.Name, normal)
		c.einzeile(q+"/wert", a.Wert, normal)
	}
	for _, t := range []struct {
		pfad, text string
		schnitt    int
	}{{"ort", b.Ort, normal}, {"datum", b.Datum, normal}, {"betreff", b.Betreff, fett}, {"anrede", b.Anrede, normal}, {"grussformel", b.Grussformel, normal}} {
		c.einzeile(p+"/"+t.pfad, t.text, t.schnitt)
	}
	c.zeilen(p+"/unterzeichner", b.Unterzeichner, maxKurz, normal)
	c.zeilen(p+"/anlagen", b.Anlagen, maxKurz, normal)
	if len(b.Geschaeftsangaben) > maxFussSpalt {
		c.melde(CodeZuVieleSpalten, p+"/geschaeftsangaben", fmt.Sprintf("more than %d columns", maxFussSpalt),
			fmt.Sprintf("Die Fußzeile hat mehr als %d Spalten.", maxFussSpalt))
	}
	for i, s := range b.Geschaeftsangaben[:min(maxFussSpalt, len(b.Geschaeftsangaben))] {
		c.zeilen(p+"/geschaeftsangaben/"+strconv.Itoa(i), s, maxFussZeilen, normal)
	}
	c.ebene = 1
}

func (c *pruefer) block(p string, b Block) {
	if c.bloecke++; c.bloecke > maxBloecke {
		return
	}
	switch b := b.(type) {
	case Ueberschrift:
		// ISO 14289-1, 7.4.2: the first heading is of level 1, and none is skipped.
		if b.Ebene < 1 || b.Ebene > maxEbene || b.Ebene > c.ebene+1 {
			c.melde(CodeUeberschriftEbene, p+"/ebene", fmt.Sprintf("level %d after level %d", b.Ebene, c.ebene),
				"Eine Überschrift überspringt eine Ebene. Verwenden Sie die nächsthöhere Ebene.")
		} else {
			c.ebene = b.Ebene
		}
		if strings.TrimSpace(b.Text) == "" {
			c.melde(CodeUeberschriftLeer, p+"/text", "heading is empty", "Eine Überschrift ist leer.")
		}
		c.einzeile(p+"/text", b.Text, (&Lauf{Fett: true, Kursiv: b.Ebene > 4}).schnitt())
	case Absatz:
		c.laeufe(p, b.Text, b.Laeufe)
		c.sprache(p+"/sprache", b.Sprache)
	case Liste:
		c.liste(p, &b, 1)
	case Tabelle:
		c.tabelle(p, &b)
	case Matrixcode:
		c.matrixcode(p, &b)
	case Bild:
		c.bild(p, &b, maxBild)
	case Abstand:
		if !(b.Millimeter >= 0 && b.Millimeter <= maxAbstand) {
			c.melde(CodeAbstand, p+"/millimeter", "not between 0 and 250", "Ein Abstand ist nicht zwischen 0 und 250 mm.")
		}
	case Trennlinie, Seitenumbruch:
	default:
		c.melde(CodeBlock, p, fmt.Sprintf("unknown kind of block %T", b), "Das Dokument enthält einen unbekannten Baustein.")
	}
}

func (c *pruefer) liste(p string, l *Liste, tiefe int) {
	if tiefe > maxTiefe {
		c.melde(CodeListeTiefe, p, fmt.Sprintf("more than %d lists deep", maxTiefe), "Eine Aufzählung ist zu tief verschachtelt.")
		return
	}
	if len(l.Punkte) == 0 {
		c.melde(CodeListeLeer, p, "list without points", "Eine Aufzählung hat keine Punkte.")
	}
	const maxNummer = 999_999
	if l.Beginn < 0 || l.Beginn > maxNummer {
		c.melde(CodeListeBeginn, p+"/beginn", "out of range", "Eine Aufzählung beginnt mit einer ungültigen Nummer.")
	}
	for i := range l.Punkte {
		if c.bloecke++; c.bloecke > maxBloecke || len(c.p) >= maxProbleme {
			return
		}
		q := p + "/punkte/" + strconv.Itoa(i)
		c.laeufe(q, l.Punkte[i].Text, l.Punkte[i].Laeufe)
		if u := l.Punkte[i].Unter; u != nil {
			c.liste(q+"/unter", u, tiefe+1)
		}
	}
}

func (c *pruefer) tabelle(p string, t *Tabelle) {
	if len(t.Spalten) == 0 || len(t.Spalten) > maxSpalten || len(t.Zeilen) == 0 {
		c.melde(CodeTabelleLeer, p, fmt.Sprintf("a table has 1 to %d columns and at least one row", maxSpalten),
			fmt.Sprintf("Eine Tabelle braucht 1 bis %d Spalten und mindestens eine Zeile.", maxSpalten))
		return
	}
	c.einzeile(p+"/titel", t.Titel, fett)
	for i, s := range t.Spalten {
		q := p + "/spalten/" + strconv.Itoa(i)
		// ISO 14289-1, 7.5: a heading that says nothing heads nothing.
		if strings.TrimSpace(s.Kopf) == "" {
			c.melde(CodeSpalteOhneKopf, q+"/kopf", "column heading is empty", "Eine Spalte der Tabelle hat keine Überschrift.")
		}
		c.einzeile(q+"/kopf", s.Kopf, fett)
		const maxAnteil = 100
		if s.Anteil != 0 && !(s.Anteil >= 0.1 && s.Anteil <= maxAnteil) {
			c.melde(CodeSpalteAnteil, q+"/anteil", "not between 0.1 and 100", "Die Breite einer Spalte ist ungültig.")
		}
	}
	reihe := func(q string, z []string, schnitt int) {
		if c.bloecke++; c.bloecke > maxBloecke || len(c.p) >= maxProbleme {
			return
		}
		if len(z) != len(t.Spalten) {
			c.melde(CodeTabelleZeile, q, fmt.Sprintf("%d cells for %d columns", len(z), len(t.Spalten)),
				"Eine Zeile der Tabelle hat nicht so viele Zellen wie die Tabelle Spalten.")
			return
		}
		for i, text := range z {
			c.text(q+"/"+strconv.Itoa(i), Lauf{Text: text}, schnitt)
		}
	}
	for i, z := range t.Zeilen {
		reihe(p+"/zeilen/"+strconv.Itoa(i), z, normal)
	}
	if t.Summe != nil {
		reihe(p+"/summe", t.Summe, fett)
	}
}
