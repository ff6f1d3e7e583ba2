package dms

import (
	"iter"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Anbietung offers objects to the archive (xdomea 0501, Anbieteverzeichnis). Files are
// not transmitted; every object states how it is to be judged.
type Anbietung struct {
	Kopf
	Objekte []Objekt `json:"objekte"` // at least one
}

// Check tells what is wrong, as [Paket.Check] does. The archive needs the
// Aussonderungsart of every Vorgang or of its Akte, which hands it down.
func (a *Anbietung) Check() fehler.Probleme {
	c := newPruefer()
	c.kopf(&a.Kopf)
	c.objekte(a.Objekte)
	c.archiviert(a.Objekte)
	return c.probleme
}

// Dateien goes through the files; an Anbietung transmits none, but one that was read
// may name some.
func (a *Anbietung) Dateien() iter.Seq[*Datei] { return eachDatei(a.Objekte) }

func (c *pruefer) archiviert(os []Objekt) {
	for i := range os {
		o, pfad := &os[i], at("", "objekte", i)
		switch {
		case o.Vorgang == nil:
			c.add("dms.aussonderung-dokument", pfad, "a single Dokument is not offered", "Angeboten werden Vorgänge und Akten, keine einzelnen Dokumente.")
		case o.Vorgang.Aufbewahrung.Aussonderungsart == "" && (o.Akte == nil || o.Akte.Aufbewahrung.Aussonderungsart == ""):
			c.add("dms.aussonderungsart", pfad, "no kind of Aussonderung", "Die Aussonderungsart (A, B oder V) fehlt.")
		}
	}
}

// Bewertung is the archive's verdict on an Anbietung (xdomea 0502, Bewertungsverzeichnis).
type Bewertung struct {
	Kopf
	Urteile []Urteil `json:"urteile"` // at least one
}

// Urteil is the verdict on one object.
type Urteil struct {
	ID string `json:"id"` // UUID of the Akte, Vorgang or Teilvorgang
	// Aussonderungsart is the verdict. Bewerten, and an empty one, decide nothing.
	Aussonderungsart Aussonderungsart `json:"aussonderungsart,omitempty"`
	// Vereinbart is a verdict outside the list that both sides agreed on; with it
	// Aussonderungsart is empty. Since xdomea 3.0.
	Vereinbart string `json:"vereinbart,omitempty"`
}

// Check tells what is wrong, as [Paket.Check] does.
func (b *Bewertung) Check() fehler.Probleme {
	c := newPruefer()
	c.kopf(&b.Kopf)
	if len(b.Urteile) == 0 {
		c.add("dms.fehlt", "/urteile", "no verdict", "Die Bewertung enthält kein Urteil.")
	}
	for i, u := range b.Urteile {
		p := at("", "urteile", i)
		c.id(p+"/id", u.ID)
		switch u.Aussonderungsart {
		case Archivwuerdig, Bewerten, Vernichten:
			if u.Vereinbart != "" {
				c.add("dms.aussonderungsart", p, "two verdicts", "Ein Urteil ist widersprüchlich.")
			}
		case "":
			if u.Vereinbart == "" {
				c.add("dms.aussonderungsart", p, "no verdict", "Ein Urteil ist leer.")
			}
		default:
			c.add("dms.aussonderungsart", p, "unknown kind", "Die Aussonderungsart ist unbekannt (A, B oder V).")
		}
	}
	return c.probleme
}

// Bewertet is what a Bewertung means for the objects of an Anbietung, by the ids of
// their Vorgaenge in the order of the Anbietung.
type Bewertet struct {
	// Archivwuerdig are to be handed over, Vernichten may be deleted without.
	Archivwuerdig, Vernichten []string
	// Offen are not decided: no verdict, Bewerten, or one outside the list.
	Offen []string
	// Fremd are ids of verdicts on objects that were not offered.
	Fremd []string
}

// Match applies the verdicts to what was offered. A verdict on a Vorgang goes before
// that on its Akte, which hands its own down. A Teilvorgang judged A keeps its whole
// Vorgang from being deleted: if its Vorgang is judged V, the Vorgang is Offen and a
// person must look at it. Two verdicts on one object that differ leave it Offen too. A
// Bewertung of another process is fehler.ErrInvalid (dms.antwort-fremd).
func (a *Anbietung) Match(b *Bewertung) (Bewertet, error) {
	if !sameUUID(a.ProzessID, b.ProzessID) {
		return Bewertet{}, invalid(a.ProzessID, "dms.antwort-fremd", "appraisal belongs to another process",
			"Die Bewertung gehört zu einem anderen Vorgang der Aussonderung.")
	}
	urteile := map[string]Aussonderungsart{}
	for _, u := range b.Urteile {
		id := lower(u.ID)
		if old, twice := urteile[id]; twice && old != u.Aussonderungsart {
			u.Aussonderungsart = Bewerten
		}
		urteile[id] = u.Aussonderungsart
	}
	var out Bewertet
	offered := map[string]bool{}
	for i := range a.Objekte {
		o := &a.Objekte[i]
		if o.Vorgang == nil {
			continue
		}
		art, judged := urteile[lower(o.Vorgang.ID)]
		if o.Akte != nil {
			offered[lower(o.Akte.ID)] = true
			if !judged {
				art = urteile[lower(o.Akte.ID)]
			}
		}
		switch anders := o.Vorgang.judged(urteile, offered, art); {
		case art == Archivwuerdig:
			out.Archivwuerdig = append(out.Archivwuerdig, o.Vorgang.ID)
		case art == Vernichten && !anders:
			out.Vernichten = append(out.Vernichten, o.Vorgang.ID)
		default:
			out.Offen = append(out.Offen, o.Vorgang.ID)
		}
	}
	for _, u := range b.Urteile {
		if !offered[lower(u.ID)] && !slices.Contains(out.Fremd, u.ID) {
			out.Fremd = append(out.Fremd, u.ID)
		}
	}
	return out, nil
}

// judged notes the ids below v as offered and tells whether one has another verdict.
func (v *Vorgang) judged(urteile map[string]Aussonderungsart, offered map[string]bool, art Aussonderungsart) (anders bool) {
	note := func(id string) {
		offered[lower(id)] = true
		if u, ok := urteile[lower(id)]; ok && u != art {
			anders = true
		}
	}
	note(v.ID)
	var docs func([]Dokument)
	docs = func(ds []Dokument) {
		for i := range ds {
			note(ds[i].ID)
			docs(ds[i].Anlagen)
		}
	}
	docs(v.Dokumente)
	for i := range v.Teilvorgaenge {
		if v.Teilvorgaenge[i].judged(urteile, offered, art) {
			anders = true
		}
	}
	return anders
}

// Aussonderung hands objects and their files over to the archive (xdomea 0503).
type Aussonderung struct {
	Kopf
	// WithArchivkennung asks the archive for its signatures.
	WithArchivkennung bool     `json:"withArchivkennung,omitempty"`
	Objekte           []Objekt `json:"objekte"` // at least one
}

// Check tells what is wrong, as [Anbietung.Check] does.
func (a *Aussonderung) Check() fehler.Probleme {
	c := newPruefer()
	c.kopf(&a.Kopf)
	c.objekte(a.Objekte)
	c.archiviert(a.Objekte)
	return c.probleme
}

// Dateien goes through all files in the order of the message.
func (a *Aussonderung) Dateien() iter.Seq[*Datei] { return eachDatei(a.Objekte) }

func lower(s string) string { return strings.ToLower(s) }
