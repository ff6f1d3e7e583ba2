package xdomea

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

const (
	codelisten         = "urn:xoev-de:xdomea:codeliste:"
	listeRueckmeldung  = codelisten + "allgemeinerueckmeldung"
	listeFehlermeldung = codelisten + "spezifischefehlermeldung"
	rueckmeldungErfolg = "0000000"
	rueckmeldungUnklar = "0000499"
)

// isRueckmeldung tells whether the code is of a list the standard itself has for 0630.
func isRueckmeldung(c dms.Code) bool {
	nr, ok := strings.CutPrefix(c.Liste, listeFehlermeldung)
	return c.Liste == listeRueckmeldung || ok && len(nr) == 4 && strings.HasPrefix(nr, "06")
}

// fachantwort is the result of 0630.
func (s *schreiber) fachantwort(a *dms.Antwort) {
	mehrere := len(s.p.Aufbau["Rueckmeldung"]) > 0
	s.start("ErfolgOderMisserfolg")
	codes, texte := slices.Clone(a.Codes), slices.Clone(a.Meldungen)
	if len(codes)+len(texte) == 0 {
		wert := rueckmeldungErfolg
		if a.Art != dms.AntwortImportiert {
			wert = rueckmeldungUnklar
		}
		codes = []dms.Code{{Wert: wert, Liste: listeRueckmeldung}}
	}
	if !mehrere { // exactly one: the code, or all texts
		if len(codes) > 0 {
			codes, texte = codes[:1], nil
		} else {
			texte = []string{strings.Join(texte, "; ")}
		}
	}
	s.rueckmeldungen(codes, texte)
	for i := range a.Objekte {
		o := &a.Objekte[i]
		s.start("Rueckgabeparameter")
		s.folge("Rueckgabeparameter", func(e string) {
			switch e {
			case "NummerImStapel":
				if o.Nummer > 0 {
					s.text(e, strconv.Itoa(o.Nummer))
				}
			case "IDSGO":
				s.text(e, o.ID)
			case "Parameter":
				s.start(e)
				if o.Ablageort != "" && len(s.p.Aufbau[e]) > 0 {
					s.text("Ablageort", o.Ablageort)
				} else {
					s.start("AllgemeinerRueckgabeparameter")
					s.text("Name", "Ergebnis")
					s.end()
				}
				s.end()
			case "Erfolgreich":
				s.flag(e, o.Erfolgreich)
			case "Rueckmeldung":
				s.rueckmeldungen(o.Codes, o.Meldungen)
			case "Hinweis":
				s.text(e, strings.Join(o.Meldungen, "; "))
			}
		})
		s.end()
	}
	s.end()
}

func (s *schreiber) rueckmeldungen(codes []dms.Code, texte []string) {
	for _, c := range codes {
		s.start("Rueckmeldung")
		nr, eigen := strings.CutPrefix(c.Liste, listeFehlermeldung)
		switch {
		case c.Liste == listeRueckmeldung:
			s.code("AllgemeineRueckmeldung", dms.Code{Wert: c.Wert, Name: c.Name})
		case eigen:
			s.code("SpezifischeFehlermeldung"+nr, dms.Code{Wert: c.Wert, Name: c.Name})
		case len(s.p.Aufbau["Rueckmeldung"]) > 0:
			s.code("SonstigeFehlermeldungCode", c)
		default:
			s.text("SonstigeFehlermeldung", strings.TrimSpace(c.Wert+" "+c.Name))
		}
		s.end()
	}
	for _, t := range texte {
		s.start("Rueckmeldung")
		s.text("SonstigeFehlermeldung", t)
		s.end()
	}
}
