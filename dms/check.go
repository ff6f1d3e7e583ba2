package dms

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MaxTiefe bounds how deep Teilvorgaenge, Anlagen and Feldgruppen nest. It is a
// guard against runaway data, far above what receivers take (commonly five levels).
const MaxTiefe = 16

// maxProbleme bounds the list: a broken source gives thousands of the same.
const maxProbleme = 100

// Check tells what is wrong with the Paket, independent of any standard; nil
// means it can be handed over. The list matches fehler.ErrInvalid. It is cut
// after 100 entries. Check reads no file.
func (p *Paket) Check() fehler.Probleme {
	c := newPruefer()
	k := p.Kopf()
	c.kopf(&k)
	c.akte("/akte", p.Akte)
	c.vorgang("/vorgang", &p.Vorgang, 1)
	return c.probleme
}

func (c *pruefer) akte(pfad string, a *Akte) {
	if a == nil {
		return
	}
	c.id(pfad+"/id", a.ID)
	c.metadaten(pfad, &a.Metadaten)
	c.aufbewahrung(pfad+"/aufbewahrung", a.Aufbewahrung)
	c.kontakte(pfad+"/kontakte", a.Kontakte)
}

type pruefer struct {
	probleme fehler.Probleme
	ids      map[string]bool
	dateien  map[string]bool
}

func newPruefer() *pruefer { return &pruefer{ids: map[string]bool{}, dateien: map[string]bool{}} }

func (c *pruefer) add(code, pfad, meldung, hinweis string) {
	if len(c.probleme) < maxProbleme {
		c.probleme = append(c.probleme, fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
}

func (c *pruefer) uuid(pfad, s string) bool {
	if IsUUID(s) {
		return true
	}
	c.add("dms.uuid", pfad, "not a UUID", "Eine Kennung ist keine UUID; das ist ein Fehler im Verfahren.")
	return false
}

func (c *pruefer) id(pfad, s string) {
	if c.uuid(pfad, s) {
		c.einmalig(c.ids, pfad, s)
	}
}

func (c *pruefer) einmalig(seen map[string]bool, pfad, s string) {
	s = strings.ToLower(s)
	if seen[s] {
		c.add("dms.doppelt", pfad, "id is used twice", "Eine Kennung kommt doppelt vor; das ist ein Fehler im Verfahren.")
	}
	seen[s] = true
}

// zeit: years outside four digits cannot be written as xs:dateTime by all receivers.
func (c *pruefer) zeit(pfad string, t time.Time) {
	if t.IsZero() || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		c.add("dms.zeit", pfad, "time is missing or out of range", "Ein Zeitpunkt fehlt oder ist nicht möglich.")
	}
}

func (c *pruefer) noetig(pfad, s string) {
	if s == "" {
		c.add("dms.fehlt", pfad, "required value is empty", "Eine notwendige Angabe fehlt.")
	}
}

func (c *pruefer) tiefe(pfad string, n int) bool {
	if n > MaxTiefe {
		c.add("dms.tiefe", pfad, fmt.Sprintf("nested deeper than %d", MaxTiefe), "Die Gliederung ist zu tief verschachtelt.")
		return false
	}
	return true
}

func (c *pruefer) vorgang(pfad string, v *Vorgang, n int) {
	if !c.tiefe(pfad, n) {
		return
	}
	c.id(pfad+"/id", v.ID)
	c.metadaten(pfad, &v.Metadaten)
	c.aufbewahrung(pfad+"/aufbewahrung", v.Aufbewahrung)
	c.historie(pfad+"/historie", v.Historie)
	c.kontakte(pfad+"/kontakte", v.Kontakte)
	for i := range v.Dokumente {
		c.dokument(at(pfad, "dokumente", i), &v.Dokumente[i], n+1)
	}
	for i := range v.Teilvorgaenge {
		c.vorgang(at(pfad, "teilvorgaenge", i), &v.Teilvorgaenge[i], n+1)
	}
	if f := v.Fachdaten; f != nil {
		c.noetig(pfad+"/fachdaten/kennung", f.Kennung)
		c.noetig(pfad+"/fachdaten/name", f.Name)
		c.felder(pfad+"/fachdaten", f.Felder)
		c.gruppen(pfad+"/fachdaten", f.Gruppen, 1)
	}
}

func (c *pruefer) dokument(pfad string, d *Dokument, n int) {
	if !c.tiefe(pfad, n) {
		return
	}
	c.id(pfad+"/id", d.ID)
	c.metadaten(pfad, &d.Metadaten)
	c.historie(pfad+"/historie", d.Historie)
	c.kontakte(pfad+"/absender", d.Absender)
	c.kontakte(pfad+"/empfaenger", d.Empfaenger)
	for i := range d.Versionen {
		v, vp := &d.Versionen[i], at(pfad, "versionen", i)
		c.noetig(vp+"/nummer", v.Nummer)
		if len(v.Formate) == 0 {
			c.add("dms.fehlt", vp+"/formate", "version without a file", "Eine Dokumentversion hat keine Datei.")
		}
		for j := range v.Formate {
			c.format(at(vp, "formate", j), &v.Formate[j])
		}
	}
	for i := range d.Anlagen {
		c.dokument(at(pfad, "anlagen", i), &d.Anlagen[i], n+1)
	}
}

func (c *pruefer) format(pfad string, f *Format) {
	if (f.Code == FormatSonstiges) != (f.Sonstiger != "") && f.Code != "" {
		c.add("dms.format", pfad, "sonstiger is set with, and only with, code 100",
			"Das Dateiformat ist widersprüchlich angegeben.")
	}
	if !f.Zeit.IsZero() {
		c.zeit(pfad+"/zeit", f.Zeit)
	}
	d := &f.Datei
	if c.uuid(pfad+"/datei/id", d.ID) {
		c.einmalig(c.dateien, pfad+"/datei/id", d.ID)
	}
	if d.Groesse < 0 {
		c.add("dms.datei-groesse", pfad+"/datei/groesse", "negative size", "Die Dateigröße ist nicht möglich.")
	}
	if !isHex(d.SHA512, 128) {
		c.add("dms.datei-hash", pfad+"/datei/sha512", "not a SHA-512 in lower-case hexadecimal",
			"Der Prüfwert einer Datei fehlt; das ist ein Fehler im Verfahren.")
	}
	if d.Open == nil {
		c.add("dms.datei-inhalt", pfad+"/datei", "file has no content to open", "Der Inhalt einer Datei fehlt.")
	}
}

func (c *pruefer) metadaten(pfad string, m *Metadaten) {
	switch m.Vertraulichkeit {
	case "", Offen, NurDienst, Vertraulich, Geheim, StrengGeheim:
	default:
		c.add("dms.vertraulichkeit", pfad+"/vertraulichkeit", "unknown level", "Die Vertraulichkeitsstufe ist unbekannt.")
	}
	switch m.Medium {
	case "", Elektronisch, Hybrid, Papier:
	default:
		c.add("dms.medium", pfad+"/medium", "unknown medium", "Das Medium ist unbekannt.")
	}
}

func (c *pruefer) aufbewahrung(pfad string, a Aufbewahrung) {
	if a.Jahre < 0 || a.Jahre > 65535 || a.Unbefristet && a.Jahre != 0 {
		c.add("dms.aufbewahrung", pfad, "years out of range, or both years and unlimited",
			"Die Aufbewahrungsdauer ist widersprüchlich.")
	}
	switch a.Aussonderungsart {
	case "", Archivwuerdig, Bewerten, Vernichten:
	default:
		c.add("dms.aussonderungsart", pfad, "unknown kind", "Die Aussonderungsart ist unbekannt (A, B oder V).")
	}
}

func (c *pruefer) historie(pfad string, hs []Protokolleintrag) {
	for i := range hs {
		p := fmt.Sprintf("%s/%d", pfad, i)
		c.noetig(p+"/akteur", hs[i].Akteur)
		c.noetig(p+"/aktion", hs[i].Aktion)
		c.zeit(p+"/zeit", hs[i].Zeit)
	}
}

func (c *pruefer) kontakte(pfad string, ks []Kontakt) {
	for i := range ks {
		p := fmt.Sprintf("%s/%d", pfad, i)
		if ks[i].IsZero() {
			c.add("dms.kontakt-leer", p, "contact without any value", "Ein Kontakt ist leer.")
		}
		c.kontakt(p, &ks[i])
	}
}

func (c *pruefer) kontakt(pfad string, k *Kontakt) {
	for i, m := range k.Kommunikation {
		c.noetig(at(pfad, "kommunikation", i)+"/kennung", m.Kennung)
		switch m.Kanal {
		case "", KanalEmail, KanalTelefon, KanalMobil, KanalFax, KanalDeMail, KanalWeb:
		default:
			c.add("dms.kanal", at(pfad, "kommunikation", i)+"/kanal", "unknown channel", "Der Kommunikationskanal ist unbekannt.")
		}
	}
	for i, a := range k.Anschriften {
		if a == (Anschrift{}) {
			c.add("dms.fehlt", at(pfad, "anschriften", i), "empty address", "Eine Anschrift ist leer.")
		}
		if a.Staat != "" && !isAlpha2(a.Staat) {
			c.add("dms.staat", at(pfad, "anschriften", i)+"/staat", "not an ISO 3166-1 alpha-2 code",
				"Der Staat ist nicht als zweistelliger Code angegeben.")
		}
	}
	for _, code := range []Code{k.Behoerde.Praefix, k.Behoerde.Schluessel, k.Rolle} {
		if code.Wert != strings.TrimSpace(code.Wert) || code.Wert == "" && code != (Code{}) {
			c.add("dms.code", pfad, "code is empty or has blanks around it", "Ein Code eines Kontakts ist fehlerhaft.")
		}
	}
}

func isAlpha2(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func (c *pruefer) gruppen(pfad string, gs []Feldgruppe, n int) {
	if len(gs) > 0 && !c.tiefe(pfad, n) {
		return
	}
	for i := range gs {
		p := at(pfad, "gruppen", i)
		c.noetig(p+"/name", gs[i].Name)
		c.felder(p, gs[i].Felder)
		c.gruppen(p, gs[i].Gruppen, n+1)
	}
}

func (c *pruefer) felder(pfad string, fs []Feld) {
	for i, f := range fs {
		c.noetig(at(pfad, "felder", i)+"/name", f.Name)
		switch f.Typ {
		case "", FeldText, FeldGanzzahl, FeldDezimal, FeldWahrheit, FeldDatum, FeldZeitpunkt, FeldURI:
		default:
			c.add("dms.feldtyp", at(pfad, "felder", i)+"/typ", "unknown type", "Der Typ eines Feldes ist unbekannt.")
		}
	}
}

func at(pfad, name string, i int) string { return pfad + "/" + name + "/" + strconv.Itoa(i) }

// IsUUID tells whether s has the form of a UUID, in either case.
func IsUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	return isHex(strings.ToLower(strings.ReplaceAll(s, "-", "")), 32)
}

func sameUUID(a, b string) bool { return strings.EqualFold(a, b) }

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
