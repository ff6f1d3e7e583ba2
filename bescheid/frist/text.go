package frist

import (
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

var wochentage = [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}

// tagText gives "27.12.2025 (Samstag)". It is built by hand because it is most
// of the work of a calculation.
func tagText(d datum.Datum) string {
	b := make([]byte, 0, 24)
	b = append(appendDeutsch(b, d), " ("...)
	b = append(b, wochentage[d.Wochentag()]...)
	return string(append(b, ')'))
}

// deutsch gives "27.12.2025".
func deutsch(d datum.Datum) string { return string(appendDeutsch(make([]byte, 0, 10), d)) }

func appendDeutsch(b []byte, d datum.Datum) []byte {
	zwei := func(n int) { b = append(b, byte('0'+n/10), byte('0'+n%10)) }
	zwei(d.Tag())
	b = append(b, '.')
	zwei(int(d.Monat()))
	b = append(b, '.')
	zwei(d.Jahr() / 100)
	zwei(d.Jahr() % 100)
	return b
}

func oderKeine(s string) string {
	if s == "" {
		return "keine Angabe"
	}
	return s
}

func tage(k []Kandidat) string {
	out := make([]string, len(k))
	for i := range k {
		out[i] = deutsch(k[i].Datum)
	}
	return strings.Join(out, ", ")
}

func ruhetage(r []Ruhezeit) string {
	out := make([]string, len(r))
	for i, z := range r {
		out[i] = deutsch(z.Von) + " bis " + deutsch(z.Bis)
	}
	return strings.Join(out, ", ")
}

// verbinde joins two reasons.
func verbinde(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

var einheiten = map[Einheit][2]string{
	EinheitTag: {"Tag", "Tage"}, EinheitWoche: {"Woche", "Wochen"}, EinheitMonat: {"Monat", "Monate"}, EinheitJahr: {"Jahr", "Jahre"},
}

// String gives the German length: "1 Monat", "4 Tage".
func (d Dauer) String() string {
	worte := einheiten[d.Einheit]
	wort := worte[1]
	if d.N == 1 {
		wort = worte[0]
	}
	return strconv.Itoa(d.N) + " " + wort
}

var ankerText = map[Anker]string{
	AnkerAufgabe:          "Aufgabe zur Post",
	AnkerAbsendung:        "Absendung",
	AnkerBereitstellung:   "Bereitstellung zum Abruf",
	AnkerBenachrichtigung: "Benachrichtigung",
	AnkerAbruf:            "Abruf",
	AnkerZugang:           "Zugang",
	AnkerBekanntmachung:   "Bekanntmachung",
	AnkerBekanntgabe:      "Bekanntgabe",
	AnkerAntrag:           "Eingang des Antrags",
	AnkerWiderspruch:      "Eingang des Widerspruchs",
	AnkerEinspruch:        "Eingang des Einspruchs",
	AnkerVollstaendig:     "Eingang der vollständigen Unterlagen",
	AnkerHindernis:        "Wegfall des Hindernisses",
	AnkerFristende:        "Ende der Frist",
	AnkerEingang:          "Eingang",
	AnkerAngebot:          "Angebot an das Archiv",
	AnkerUebermittlung:    "Übermittlung",
	AnkerAbschluss:        "Abschluss",
}

var verfahrenText = map[Verfahren]string{VerfahrenVwVfG: "VwVfG", VerfahrenSGBX: "SGB X", VerfahrenAO: "AO"}

// begruendung says why a rule was chosen.
func begruendung(r *Regel, b Behoerde, tag datum.Datum) string {
	var s strings.Builder
	s.WriteString("weil ")
	if r.Verfahren != "" {
		s.WriteString("Verfahren " + verfahrenText[r.Verfahren] + ", ")
	}
	switch {
	case r.NurBund && b.Bund:
		s.WriteString("Behörde des Bundes, ")
	case len(r.Laender) > 0:
		s.WriteString("Recht des Landes " + string(b.Land) + ", ")
	}
	if r.Kanal != "" {
		s.WriteString("Kanal " + string(r.Kanal) + ", ")
	}
	s.WriteString("Stichtag " + deutsch(tag))
	switch {
	case !r.Von.IsZero() && !r.Bis.IsZero():
		s.WriteString(" (in Kraft vom " + deutsch(r.Von) + " bis " + deutsch(r.Bis) + ")")
	case !r.Von.IsZero():
		s.WriteString(" (in Kraft seit " + deutsch(r.Von) + ")")
	case !r.Bis.IsZero():
		s.WriteString(" (in Kraft bis " + deutsch(r.Bis) + ")")
	}
	return s.String()
}

func (x *rechnung) erzaehleLauf(l lauf, roh datum.Datum) {
	s := ankerText[l.regel.Anker] + " am " + tagText(l.am)
	switch {
	case l.dauer.N == 0 && l.regel.Anker == AnkerFristende:
		s = "Bestimmter letzter Tag: " + tagText(roh) + "."
	case l.dauer.N == 0:
		s += "; dieser Tag zählt."
	case l.beginn == BeginnTag:
		s += "; dieser Tag zählt mit (§ 187 Abs. 2 BGB). Länge: " + l.dauer.String() + ", Ende: " + tagText(roh) + "."
	case l.dauer.Einheit == EinheitTag:
		s += "; " + strconv.Itoa(l.dauer.N) + ". Tag danach: " + tagText(roh) + "."
	default:
		s += "; " + l.dauer.String() + " danach (§ 188 Abs. 2 BGB): " + tagText(roh) + "."
		if l.dauer.Einheit != EinheitWoche && roh.Tag() != l.am.Tag() {
			s += " Der Tag mit gleicher Zahl fehlt in diesem Monat (§ 188 Abs. 3 BGB)."
		}
	}
	x.schritt(s)
}

func (x *rechnung) erzaehleVerschiebung(l lauf, roh, ende datum.Datum) {
	var s strings.Builder
	for d := roh; d.Vor(ende); d = d.AddTage(1) {
		if d == roh {
			s.WriteString("Der " + x.tagUndHindernis(l.ort, d))
		} else {
			s.WriteString(", der " + deutsch(d) + " " + x.hindernis(l.ort, d))
		}
	}
	s.WriteString("; das Ende verschiebt sich auf den nächsten Werktag, " + wochentage[ende.Wochentag()] + ", " + deutsch(ende))
	s.WriteString(" (" + ortText(l.regel.Feiertagsort, l.ort) + ").")
	x.schritt(s.String())
}

// tagUndHindernis names the day of the week once.
func (x *rechnung) tagUndHindernis(o Ort, d datum.Datum) string {
	grund := x.hindernis(o, d)
	if istWochenende(d) && x.kalender.IsFeiertag(o, d).Antwort != Ja {
		return deutsch(d) + " " + grund
	}
	return tagText(d) + " " + grund
}

// hindernis says why the day is no working day.
func (x *rechnung) hindernis(o Ort, d datum.Datum) string {
	a := x.kalender.IsFeiertag(o, d)
	switch {
	case a.Antwort == Ja:
		return "ist Feiertag (" + a.Name + ")"
	case istWochenende(d):
		return "ist ein " + wochentage[d.Wochentag()]
	case a.Antwort == Ungewiss:
		return "ist je nach Ort Feiertag (" + a.Name + ")"
	}
	return "ist ein Werktag"
}

func ortText(f Feiertagsort, o Ort) string {
	wo := "Sitz der Stelle"
	if f == OrtEmpfaenger {
		wo = "Ort des Empfängers"
	}
	if o.Land == "" {
		return wo + " unbekannt"
	}
	if o.Gemeinde != "" {
		return wo + ": " + o.Land.Name() + ", Gemeinde " + o.Gemeinde
	}
	return wo + ": " + o.Land.Name()
}

// ungewisserTag names the holiday that makes the difference.
func (x *rechnung) ungewisserTag(o Ort, von, bis datum.Datum) string {
	for d := von; d.Vor(bis); d = d.AddTage(1) {
		if a := x.kalender.IsFeiertag(o, d); a.Antwort == Ungewiss {
			return "Der " + tagText(d) + " ist je nach Ort Feiertag (" + a.Name + ")."
		}
	}
	return "Ein Feiertag hängt vom Ort ab."
}
