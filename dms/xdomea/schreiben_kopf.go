package xdomea

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// kopfdaten are a head and what single messages add to it.
type kopfdaten struct {
	dms.Kopf
	fach          dms.Fachkopf
	archivkennung bool
	session       string // FVSessionID
	stapel        int
}

func (s *schreiber) kopf(nummer string, k *kopfdaten, mehr []string) {
	typ := dms.Code{Wert: nummer, Liste: listeNachrichtentyp, Version: s.p.ListeNachrichtentyp}
	if s.p.Nachrichtenkopf {
		s.start("nachrichtenkopf")
	} else {
		s.start("Kopf")
	}
	s.folge("Kopf", func(e string) {
		switch e {
		case "ProzessID":
			s.text(e, k.ProzessID)
		case "identifikation.nachricht":
			s.start(e)
			s.text("~nachrichtenUUID", nachrichtID(&k.Kopf, nummer))
			s.code("~nachrichtentyp", typ)
			s.time("~erstellungszeitpunkt", k.Erstellt)
			s.end()
		case "Nachrichtentyp":
			s.code(e, typ)
		case "Erstellungszeitpunkt":
			s.time(e, k.Erstellt)
		case "Absender", "autor":
			s.kontakt(e, &k.Absender)
		case "Empfaenger", "leser":
			s.kontakt(e, &k.Empfaenger)
		case "SendendesSystem":
			s.system(e, k.System)
		case "InstanzID":
			s.text(e, k.System.Instanz)
		case "Hinweis":
			s.text(e, k.Hinweis)
		}
	})
	if s.p.Nachrichtenkopf {
		s.end()
		s.kopfteile(k, mehr)
		return
	}
	s.kopfteile(k, mehr)
	s.end()
}

// kopfteile are what the head of a message has beyond that of every message.
func (s *schreiber) kopfteile(k *kopfdaten, mehr []string) {
	for _, e := range mehr {
		switch e {
		case "Importbestaetigung":
			s.flag(e, true)
		case "Empfangsbestaetigung":
			s.flag(e, k.WithReceipt)
		case "RueckmeldungArchivkennung":
			s.flag(e, k.archivkennung)
		case "UUIDUrsprungsnachricht":
			s.text(e, k.Bezug)
		case "LfdNrNachrichtProTyp", "GesamtanzahlNachrichtenProTyp":
			s.text(e, "1")
		case "EmpfangendesSystem":
			s.system(e, k.fach.System)
		case "Erstellerkennung":
			s.text(e, k.fach.Ersteller)
		case "ErstellerRolle":
			s.text(e, k.fach.Rolle)
		case "Stapel":
			s.flag(e, k.stapel > 1)
		case "Stapellaenge":
			if k.stapel > 1 {
				s.text(e, strconv.Itoa(k.stapel))
			}
		case "DMSSessionID":
			s.text(e, k.fach.Session)
		case "FVSessionID":
			s.must(e, k.session)
		}
	}
}

// nachrichtID: the same message keeps its id when it is written again.
func nachrichtID(k *dms.Kopf, nummer string) string {
	if k.NachrichtID != "" {
		return k.NachrichtID
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("xdomea:"+k.ProzessID+":"+nummer)).String()
}

func (s *schreiber) system(name string, sys dms.System) {
	if s.p.Pflicht[name] {
		s.start(name)
	} else {
		s.group(name)
	}
	s.text("InstanzID", sys.Instanz)
	s.text("Produktname", sys.Produkt)
	s.text("Version", sys.Version)
	s.end()
}
