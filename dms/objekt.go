package dms

import (
	"iter"
	"reflect"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Objekt is one Schriftgutobjekt of a message: a Vorgang, alone or in its Akte, or a
// Dokument. Exactly one of Vorgang and Dokument is set; Akte only with a Vorgang.
// Several objects may be in one Akte: each names it with the same content, and those
// that follow each other are transmitted in one Akte.
type Objekt struct {
	Akte     *Akte     `json:"akte,omitempty"`
	Vorgang  *Vorgang  `json:"vorgang,omitempty"`
	Dokument *Dokument `json:"dokument,omitempty"`
}

// ID is the id of the Vorgang or the Dokument.
func (o *Objekt) ID() string {
	switch {
	case o.Vorgang != nil:
		return o.Vorgang.ID
	case o.Dokument != nil:
		return o.Dokument.ID
	}
	return ""
}

func (o *Objekt) dateien(yield func(*Datei) bool) bool {
	if o.Vorgang != nil && !o.Vorgang.dateien(yield) {
		return false
	}
	return o.Dokument == nil || o.Dokument.dateien(yield)
}

// Dokumente goes through the documents of the object, Anlagen included.
func (o *Objekt) Dokumente() iter.Seq[*Dokument] {
	return func(yield func(*Dokument) bool) {
		if o.Vorgang != nil && !o.Vorgang.dokumente(yield) {
			return
		}
		if o.Dokument != nil {
			o.Dokument.dokumente(yield)
		}
	}
}

func eachDatei(objekte []Objekt) iter.Seq[*Datei] {
	return func(yield func(*Datei) bool) {
		for i := range objekte {
			if !objekte[i].dateien(yield) {
				return
			}
		}
	}
}

// Information tells another authority about objects, for its knowledge or to take over
// (xdomea 0101).
type Information struct {
	Kopf
	Objekte []Objekt `json:"objekte"` // at least one
}

// Check tells what is wrong, as [Paket.Check] does.
func (i *Information) Check() fehler.Probleme {
	c := newPruefer()
	c.kopf(&i.Kopf)
	c.objekte(i.Objekte)
	return c.probleme
}

// Dateien goes through all files in the order of the message.
func (i *Information) Dateien() iter.Seq[*Datei] { return eachDatei(i.Objekte) }

// objekte: an Akte may be the container of several Vorgaenge of the message.
func (c *pruefer) objekte(os []Objekt) {
	if len(os) == 0 {
		c.add("dms.fehlt", "/objekte", "no object", "Die Nachricht enthält kein Schriftgutobjekt.")
	}
	akten := map[string]*Akte{}
	for i := range os {
		c.objekt(at("", "objekte", i), &os[i], akten)
	}
}

func (c *pruefer) objekt(pfad string, o *Objekt, akten map[string]*Akte) {
	if (o.Vorgang == nil) == (o.Dokument == nil) || o.Akte != nil && o.Vorgang == nil {
		c.add("dms.objekt", pfad, "not exactly one of Vorgang and Dokument", "Ein Schriftgutobjekt ist widersprüchlich angegeben.")
		return
	}
	if o.Akte != nil {
		id := lower(o.Akte.ID)
		switch old := akten[id]; {
		case old == nil:
			akten[id] = o.Akte
			c.akte(pfad+"/akte", o.Akte)
		case !reflect.DeepEqual(old, o.Akte): // the same container, but described otherwise
			c.add("dms.akte", pfad+"/akte", "Akte is described in two ways", "Eine Akte ist widersprüchlich beschrieben.")
		}
	}
	if o.Vorgang != nil {
		c.vorgang(pfad+"/vorgang", o.Vorgang, 1)
	}
	if o.Dokument != nil {
		c.dokument(pfad+"/dokument", o.Dokument, 1)
	}
}
