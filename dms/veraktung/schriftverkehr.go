package veraktung

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// schriftverkehr is the whole conversation of the Vorgang as one document, so that
// the E-Akte holds what was asked and answered and not only that it was. Without
// Nachrichten there is none.
func schriftverkehr(q Quelle, erstellt time.Time) (dms.Dokument, bool) {
	if q.Renderer == nil || len(q.Stand.Nachrichten) == 0 {
		return dms.Dokument{}, false
	}
	return gesetzt(q, "schriftverkehr", "Schriftverkehr", gespraech(q.Stand, erstellt), func() string { return gespraechText(q.Stand) }), true
}

// gesetzt is a document made here. Text the fonts cannot set (an emoji in an answer)
// makes it a text file instead of a PDF/A: filing must not fail over a letter.
func gesetzt(q Quelle, schluessel, typ string, d pdf.Dokument, text func() string) dms.Dokument {
	name, mime, format := typ+"-"+q.Stand.Nummer, "application/pdf", dms.Format{Code: dms.FormatPDFA, Version: "2a"}
	endung := ".pdf"
	var b bytes.Buffer
	if _, err := q.Renderer.Write(&b, d); err != nil {
		b.Reset()
		b.WriteString(text())
		endung, mime, format = ".txt", "text/plain", dms.Format{}
	}
	sum := sha512.Sum512(b.Bytes())
	format.Zeit = d.Erstellt
	format.Datei = dms.Datei{
		ID: uuid.NewSHA1(q.ProzessID, []byte(schluessel+"-datei")).String(), Name: name + endung, MIME: mime,
		Groesse: int64(b.Len()), SHA512: hex.EncodeToString(sum[:]),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
	}
	return dms.Dokument{
		ID: uuid.NewSHA1(q.ProzessID, []byte(schluessel)).String(), Typ: typ,
		Metadaten:          dms.Metadaten{Betreff: d.Titel, Medium: dms.Elektronisch},
		DatumDesSchreibens: datum.Von(d.Erstellt),
		Versionen:          []dms.Version{{Nummer: "1", Formate: []dms.Format{format}}},
	}
}

func gespraech(s vorgang.Stand, erstellt time.Time) pdf.Dokument {
	titel := "Schriftverkehr zum Vorgang " + s.Nummer
	d := pdf.Dokument{Titel: titel, Erstellt: erstellt, Kopfzeile: s.LeistungName, Fusszeile: "Vorgang " + s.Nummer}
	d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 1, Text: titel})
	for _, n := range s.Nachrichten {
		d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 2, Text: betreffOder(n)}, pdf.Absatz{Laeufe: []pdf.Lauf{{Text: weg(s, n), Kursiv: true}}})
		for p := range strings.SplitSeq(n.Nachricht.Text, "\n\n") {
			if p = strings.TrimSpace(strings.ReplaceAll(p, "\r", "")); p != "" {
				d.Inhalt = append(d.Inhalt, pdf.Absatz{Text: p})
			}
		}
		if len(n.Nachricht.Anhaenge) > 0 {
			l := pdf.Liste{}
			for _, a := range n.Nachricht.Anhaenge {
				l.Punkte = append(l.Punkte, pdf.Punkt{Text: "Anhang: " + a.Name})
			}
			d.Inhalt = append(d.Inhalt, l)
		}
	}
	return d
}

func gespraechText(s vorgang.Stand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Schriftverkehr zum Vorgang %s\n", s.Nummer)
	for _, n := range s.Nachrichten {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", betreffOder(n), weg(s, n), n.Nachricht.Text)
		for _, a := range n.Nachricht.Anhaenge {
			fmt.Fprintf(&b, "Anhang: %s\n", a.Name)
		}
	}
	return b.String()
}

func betreffOder(n vorgang.Schriftstueck) string {
	if n.Nachricht.Betreff == "" {
		return "Nachricht ohne Betreff"
	}
	return n.Nachricht.Betreff
}

// weg says when, in which direction and how a letter travelled.
func weg(s vorgang.Stand, n vorgang.Schriftstueck) string {
	richtung := "An " + empfaenger(s, n)
	if n.Richtung == messaging.Eingang {
		richtung = "Von der antragstellenden Person"
	}
	t := n.Zeit.In(datum.Berlin()).Format("02.01.2006, 15:04 Uhr")
	for _, q := range n.Quittungen {
		t += fmt.Sprintf("; %s über %s am %s", q.Zustand, q.Kanal, q.Zeit.In(datum.Berlin()).Format("02.01.2006, 15:04 Uhr"))
	}
	return richtung + ", " + t
}

// empfaenger is who got a letter: the addressee of a Bescheid, else the applicant.
func empfaenger(s vorgang.Stand, n vorgang.Schriftstueck) string {
	if e, ok := s.Empfaenger(n); ok && n.An != (vorgang.Adressbezug{}) {
		return e.Name
	}
	for i := range s.Bescheide {
		if z := s.Bescheide[i].Zustellung(n.Nachricht.ID); z != nil && z.Adressat != uuid.Nil {
			if e, ok := s.Bescheide[i].Inhalt.Adressat(z.Adressat, messaging.Empfaenger{}); ok {
				return e.Name
			}
		}
	}
	return "die antragstellende Person"
}
