package xdomea

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// Nachricht is a message as it was understood. Of the pointers exactly one is set.
type Nachricht struct {
	// Nummer are the four digits of the message, Version that of the standard.
	Nummer, Version string
	// Ausgelassen are the paths of elements that were passed over because the model
	// has no place for them; sorted, without positions.
	Ausgelassen []string

	Information     *dms.Information     // 0101
	Abgabe          *dms.Paket           // 0401
	Anbietung       *dms.Anbietung       // 0501
	Bewertung       *dms.Bewertung       // 0502
	Aussonderung    *dms.Aussonderung    // 0503
	Ablage          *dms.Ablage          // 0604, 0605
	Vermerke        *dms.Vermerke        // 0607
	Gesamtprotokoll *dms.Gesamtprotokoll // 0623
	Schliessung     *dms.Schliessung     // 0624
	Bestaetigung    *Bestaetigung        // 0102, 0402, 0403, 0504-0507, 0629, 0630
}

// Dateien goes through all files the message names.
func (n *Nachricht) Dateien() iter.Seq[*dms.Datei] {
	switch {
	case n.Information != nil:
		return n.Information.Dateien()
	case n.Abgabe != nil:
		return n.Abgabe.Dateien()
	case n.Anbietung != nil:
		return n.Anbietung.Dateien()
	case n.Aussonderung != nil:
		return n.Aussonderung.Dateien()
	case n.Ablage != nil:
		return n.Ablage.Dateien()
	case n.Gesamtprotokoll != nil:
		return n.Gesamtprotokoll.Dateien()
	}
	return func(func(*dms.Datei) bool) {}
}

// Read reads any message of any version the package knows; the content decides.
// Files have no content then. A message it does not know is fehler.ErrUnsupported, and
// so is an Akte with something else than Vorgaenge in it or, for 0401, 0604 and 0605,
// with other than one, and a Vorgang that only is context (4.0.0).
func (k *Kodierer) Read(ctx context.Context, r io.Reader) (*Nachricht, error) {
	n, _, err := k.read(ctx, r, nil, nil, "")
	if err != nil {
		return nil, readError("xdomea.Read", err)
	}
	return n, nil
}

// read reads a message; nummer other than empty demands that one. It binds the files to
// the archive they came in, if there is one; the reader knows their names.
func (k *Kodierer) read(ctx context.Context, r io.Reader, find func(string) *zip.File, a *archiv, nummer string) (*Nachricht, *abgabeleser, error) {
	p := k.pruefeMit(ctx)
	m := &abgabeleser{leser: newLeser(ctx, p.along(r), k.grenzen), find: find, archiv: a, namen: map[string]string{}}
	n := &Nachricht{Nummer: nummer}
	root, ok := m.root()
	if ok && nummer == "" {
		n.Nummer = root.Name.Local[strings.LastIndexByte(root.Name.Local, '.')+1:]
	}
	if ok {
		n.Version = m.version(root, n.Nummer)
	}
	m.profil = k.profilOf(n.Version)
	if m.profil.Nachrichtenkopf {
		m.produktOf(root.Attr)
	}
	m.nachricht(n)
	m.finish()
	if err := p.end(m.err); err != nil {
		return nil, nil, err
	}
	n.Ausgelassen = m.omitted()
	return n, m, nil
}

func (m *abgabeleser) produktOf(attr []xml.Attr) {
	for _, a := range attr {
		switch a.Name.Local {
		case "produkt":
			m.produkt.Produkt = a.Value
		case "produkthersteller":
			m.produkt.Hersteller = a.Value
		case "produktversion":
			m.produkt.Version = a.Value
		}
	}
}

func (m *abgabeleser) nachricht(n *Nachricht) {
	if m.err != nil {
		return
	}
	switch n.Nummer {
	case "0101":
		n.Information = &dms.Information{}
		m.objektnachricht(&n.Information.Kopf, &n.Information.Objekte, nil)
	case "0401":
		n.Abgabe = m.abgabe()
	case "0501":
		n.Anbietung = &dms.Anbietung{}
		m.objektnachricht(&n.Anbietung.Kopf, &n.Anbietung.Objekte, nil)
	case "0502":
		n.Bewertung = m.bewertung()
	case "0503":
		n.Aussonderung = &dms.Aussonderung{}
		m.objektnachricht(&n.Aussonderung.Kopf, &n.Aussonderung.Objekte, func(name string) bool {
			if name != "RueckmeldungArchivkennung" {
				return false
			}
			n.Aussonderung.WithArchivkennung = m.flag()
			return true
		})
	case "0604", "0605":
		n.Ablage = m.ablage(n.Nummer == "0604")
	case "0607":
		n.Vermerke = m.vermerke()
	case "0623":
		n.Gesamtprotokoll = m.gesamtprotokoll()
	case "0624":
		n.Schliessung = m.schliessung()
	default:
		if slices.Contains(empfangsnummern, n.Nummer) || slices.Contains(importnummern, n.Nummer) {
			n.Bestaetigung = m.bestaetigung(n.Nummer)
			return
		}
		m.unsupported(fmt.Errorf("message of another kind"))
	}
}

// nachrichtteil takes what stands beside the head in 4.0.0; f more.
func (m *abgabeleser) nachrichtteil(name string, k *dms.Kopf, f func(string) bool) {
	switch name {
	case "Empfangsbestaetigung":
		k.WithReceipt = m.flag()
	case "UUIDUrsprungsnachricht":
		k.Bezug = m.uuid()
	case "Importbestaetigung", "LfdNrNachrichtProTyp", "GesamtanzahlNachrichtenProTyp":
		m.skip()
	default:
		if f == nil || !f(name) {
			m.omit()
		}
	}
}

func isKopf(name string) bool { return name == "Kopf" || name == "nachrichtenkopf" }

func (m *abgabeleser) objektnachricht(k *dms.Kopf, os *[]dms.Objekt, f func(string) bool) {
	m.each(func(name string, _ []xml.Attr) {
		switch {
		case isKopf(name):
			m.kopf(k, f)
		case name == "Schriftgutobjekt":
			*os = append(*os, m.objekte()...)
		default:
			m.nachrichtteil(name, k, f)
		}
	})
	m.kopfGelesen(k)
	if m.err == nil && len(*os) == 0 {
		m.unsupported(errKeinVorgang)
	}
}

// objekte reads a Schriftgutobjekt: a Vorgang, a Dokument, or an Akte with Vorgaenge,
// each of which is an object in this Akte.
func (m *abgabeleser) objekte() (os []dms.Objekt) {
	n := 0
	m.each(func(name string, _ []xml.Attr) {
		if n++; n > 1 {
			m.skip()
			return
		}
		switch name {
		case "Vorgang":
			v := &dms.Vorgang{}
			m.vorgang(v, 1)
			os = append(os, dms.Objekt{Vorgang: v})
		case "Akte":
			a := &dms.Akte{}
			for _, v := range m.akte(a) {
				os = append(os, dms.Objekt{Akte: a, Vorgang: v})
			}
		case "Dokument":
			d := &dms.Dokument{}
			m.dokument(d, 1)
			os = append(os, dms.Objekt{Dokument: d})
		default:
			m.skip()
		}
	})
	if m.err == nil && (n != 1 || len(os) == 0) {
		m.unsupported(errKeinVorgang)
	}
	return os
}

func (m *abgabeleser) abgabe() *dms.Paket {
	var k dms.Kopf
	var os []dms.Objekt
	m.objektnachricht(&k, &os, nil)
	if m.err == nil && (len(os) != 1 || os[0].Vorgang == nil) {
		m.unsupported(errKeinVorgang)
	}
	if m.err != nil {
		return nil
	}
	return &dms.Paket{ProzessID: k.ProzessID, Erstellt: k.Erstellt, Absender: k.Absender, Empfaenger: k.Empfaenger,
		System: k.System, Hinweis: k.Hinweis, WithReceipt: k.WithReceipt, Akte: os[0].Akte, Vorgang: *os[0].Vorgang}
}

func (m *abgabeleser) bewertung() *dms.Bewertung {
	b := &dms.Bewertung{}
	m.each(func(name string, _ []xml.Attr) {
		switch {
		case isKopf(name):
			m.kopf(&b.Kopf, nil)
		case name == "BewertetesObjekt", name == "BewertetesSGO":
			var u dms.Urteil
			m.each(func(name string, _ []xml.Attr) {
				switch name {
				case "ID", "xdomeaUUID":
					u.ID = m.uuid()
				case "Aussonderungsart":
					u.Aussonderungsart, u.Vereinbart = m.aussonderungsart()
				default:
					m.omit()
				}
			})
			if u.ID == "" {
				m.fail("xdomea.wert", "verdict without object id", "Einem Urteil fehlt die Kennung des Objekts.")
			}
			switch u.Aussonderungsart {
			case "", dms.Archivwuerdig, dms.Bewerten, dms.Vernichten:
			default: // nothing is deleted on a code nobody knows
				m.fail("xdomea.wert", "unknown kind of Aussonderung", "Ein Urteil ist unbekannt (nicht A, B oder V).")
			}
			b.Urteile = append(b.Urteile, u)
		default:
			m.nachrichtteil(name, &b.Kopf, nil)
		}
	})
	m.kopfGelesen(&b.Kopf)
	if len(b.Urteile) == 0 {
		m.fail("xdomea.inhalt", "appraisal without a verdict", "Die Bewertung enthält kein Urteil.")
	}
	return b
}
