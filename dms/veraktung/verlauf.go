package veraktung

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// verlauf is the journal as one document to read: who did what and when, and the hash
// the chain ends with, so that the paper can be held against the journal. The entries
// themselves are in the Paket as protocol, for programs.
func verlauf(q Quelle, erstellt time.Time) (dms.Dokument, bool) {
	if q.Renderer == nil || len(q.Journal) == 0 {
		return dms.Dokument{}, false
	}
	titel := "Verlauf des Vorgangs " + q.Stand.Nummer
	d := pdf.Dokument{Titel: titel, Erstellt: erstellt, Kopfzeile: q.Stand.LeistungName, Fusszeile: "Vorgang " + q.Stand.Nummer}
	t := pdf.Tabelle{Spalten: []pdf.Spalte{{Kopf: "Nr.", Rechts: true, Zeilenkopf: true, Anteil: 0.5}, {Kopf: "Zeitpunkt", Anteil: 2.3}, {Kopf: "Wer", Anteil: 1.9}, {Kopf: "Was", Anteil: 4}}}
	for _, e := range q.Journal {
		t.Zeilen = append(t.Zeilen, zeileVon(protokoll(e), e.Seq))
	}
	letzter := q.Journal[len(q.Journal)-1]
	d.Inhalt = []pdf.Block{pdf.Ueberschrift{Ebene: 1, Text: titel}, t,
		pdf.Absatz{Text: fmt.Sprintf("%d Einträge. Jeder Eintrag ist mit dem vorigen durch eine Prüfsumme verkettet; die des letzten ist:", len(q.Journal))},
		pdf.Absatz{Text: gruppen(fmt.Sprintf("%x", letzter.Hash)), Eingerueckt: true}}
	return gesetzt(q, "verlauf", "Verlauf", d, func() string {
		var b strings.Builder
		fmt.Fprintln(&b, titel)
		for _, z := range t.Zeilen {
			fmt.Fprintln(&b, strings.Join(z, "  "))
		}
		fmt.Fprintf(&b, "Prüfsumme des letzten Eintrags: %x\n", letzter.Hash)
		return b.String()
	}), true
}

func zeileVon(p dms.Protokolleintrag, nr int64) []string {
	return []string{strconv.FormatInt(nr, 10), p.Zeit.In(datum.Berlin()).Format("02.01.2006, 15:04:05"), p.Akteur, p.Aktion}
}

// gruppen puts a space after every eight digits, which can be read out and compared.
func gruppen(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && i%8 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
