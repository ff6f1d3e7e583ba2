package dms

import (
	"iter"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Fachkopf is what the head of a message to a DMS that files for us (xdomea group 06)
// adds.
type Fachkopf struct {
	// System is the DMS.
	System System `json:"system,omitzero"`
	// Ersteller is the user the DMS acts for, as it knows them; required.
	Ersteller string `json:"ersteller"`
	Rolle     string `json:"rolle,omitempty"`
	// Session of the DMS; optional, since xdomea 3.0.
	Session string `json:"session,omitempty"`
}

// Ablage files objects into a DMS while the procedure stays in charge (xdomea 0605) or
// asks it to create them (0604).
type Ablage struct {
	Kopf
	Fach Fachkopf `json:"fach"`
	// Erstellen asks to create (0604) instead of to file (0605).
	Erstellen bool           `json:"erstellen,omitempty"`
	Objekte   []Ablageobjekt `json:"objekte"` // at least one
}

// Ablageobjekt is one object to file. Its place in the list is its number in the batch,
// counted from 1, by which the answer names it: a DMS gives documents new ids.
type Ablageobjekt struct {
	// FachID is the id the procedure knows the object by; required.
	FachID string `json:"fachID"`
	// Container is the id of an Akte or Vorgang the DMS already has; optional.
	Container string `json:"container,omitempty"`
	Objekt
	// Ablageort is where the files lie (0605): a directory or a URL.
	Ablageort string `json:"ablageort,omitempty"`
	// Oeffnen opens the object for the user (0604).
	Oeffnen bool `json:"oeffnen,omitempty"`
}

// Check tells what is wrong, as [Paket.Check] does.
func (a *Ablage) Check() fehler.Probleme {
	c := newPruefer()
	c.fachkopf(&a.Kopf, &a.Fach)
	if len(a.Objekte) == 0 {
		c.add("dms.fehlt", "/objekte", "no object", "Die Nachricht enthält kein Schriftgutobjekt.")
	}
	akten := map[string]*Akte{}
	for i := range a.Objekte {
		p := at("", "objekte", i)
		c.noetig(p+"/fachID", a.Objekte[i].FachID)
		c.objekt(p, &a.Objekte[i].Objekt, akten)
		if a.Erstellen && a.Objekte[i].Ablageort != "" || !a.Erstellen && a.Objekte[i].Oeffnen {
			c.add("dms.ablage", p, "a place is for filing, opening for creating", "Ablageort und Öffnen passen nicht zur Nachricht.")
		}
	}
	return c.probleme
}

// Dateien goes through all files in the order of the message.
func (a *Ablage) Dateien() iter.Seq[*Datei] {
	return func(yield func(*Datei) bool) {
		for i := range a.Objekte {
			if !a.Objekte[i].dateien(yield) {
				return
			}
		}
	}
}

// Vermerke adds notes of who did what to objects of a DMS (xdomea 0607).
type Vermerke struct {
	Kopf
	Fach      Fachkopf  `json:"fach"`
	Eintraege []Vermerk `json:"eintraege"` // at least one
}

// Vermerk is one note.
type Vermerk struct {
	ID         string    `json:"id"`         // UUID of the object in the DMS
	Bearbeiter string    `json:"bearbeiter"` // required
	Zeit       time.Time `json:"zeit"`       // required; seconds are kept
	Notiz      string    `json:"notiz"`      // required
}

// Check tells what is wrong, as [Paket.Check] does.
func (v *Vermerke) Check() fehler.Probleme {
	c := newPruefer()
	c.fachkopf(&v.Kopf, &v.Fach)
	if len(v.Eintraege) == 0 {
		c.add("dms.fehlt", "/eintraege", "no entry", "Die Nachricht enthält keinen Vermerk.")
	}
	for i, e := range v.Eintraege {
		p := at("", "eintraege", i)
		c.uuid(p+"/id", e.ID)
		c.noetig(p+"/bearbeiter", e.Bearbeiter)
		c.noetig(p+"/notiz", e.Notiz)
		c.zeit(p+"/zeit", e.Zeit)
	}
	return c.probleme
}

// Gesamtprotokoll files the whole log of objects (xdomea 0623). It always goes with
// the zdA-Verfuegung.
type Gesamtprotokoll struct {
	Kopf
	Fach       Fachkopf    `json:"fach"`
	Protokolle []Protokoll `json:"protokolle"` // at least one
}

// Protokoll is the log of one object.
type Protokoll struct {
	ID        string `json:"id"`        // UUID of the object in the DMS
	Ablageort string `json:"ablageort"` // required
	// Dokument is the log to read; optional.
	Dokument *Dokument          `json:"dokument,omitempty"`
	Historie []Protokolleintrag `json:"historie,omitempty"`
}

// Check tells what is wrong, as [Paket.Check] does.
func (g *Gesamtprotokoll) Check() fehler.Probleme {
	c := newPruefer()
	c.fachkopf(&g.Kopf, &g.Fach)
	if len(g.Protokolle) == 0 {
		c.add("dms.fehlt", "/protokolle", "no log", "Die Nachricht enthält kein Protokoll.")
	}
	for i := range g.Protokolle {
		e, p := &g.Protokolle[i], at("", "protokolle", i)
		c.uuid(p+"/id", e.ID)
		c.noetig(p+"/ablageort", e.Ablageort)
		c.historie(p+"/historie", e.Historie)
		if e.Dokument != nil {
			c.dokument(p+"/dokument", e.Dokument, 1)
		}
	}
	return c.probleme
}

// Dateien goes through all files in the order of the message.
func (g *Gesamtprotokoll) Dateien() iter.Seq[*Datei] {
	return func(yield func(*Datei) bool) {
		for i := range g.Protokolle {
			if d := g.Protokolle[i].Dokument; d != nil && !d.dateien(yield) {
				return
			}
		}
	}
}

// Schliessung closes objects of a DMS by the zdA-Verfuegung (xdomea 0624).
type Schliessung struct {
	Kopf
	Fach Fachkopf `json:"fach"`
	IDs  []string `json:"ids"` // UUIDs of the objects in the DMS; at least one
}

// Check tells what is wrong, as [Paket.Check] does.
func (s *Schliessung) Check() fehler.Probleme {
	c := newPruefer()
	c.fachkopf(&s.Kopf, &s.Fach)
	if len(s.IDs) == 0 {
		c.add("dms.fehlt", "/ids", "no object", "Die Nachricht nennt kein Schriftgutobjekt.")
	}
	for i, id := range s.IDs {
		c.id(at("", "ids", i), id)
	}
	return c.probleme
}

func (c *pruefer) fachkopf(k *Kopf, f *Fachkopf) {
	c.kopf(k)
	c.noetig("/fach/ersteller", f.Ersteller)
}
