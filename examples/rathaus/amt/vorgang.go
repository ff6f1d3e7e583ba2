package amt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func (a *Amt) vorgangswege() []Route {
	return []Route{
		{"GET /vorgang/{id}", lesend, (*anfrage).antrag},
		{"GET /vorgang/{id}/nachrichten", lesend, (*anfrage).nachrichten},
		{"GET /vorgang/{id}/beteiligte", lesend, (*anfrage).beteiligte},
		{"GET /vorgang/{id}/bescheid", lesend, (*anfrage).bescheide},
		{"POST /vorgang/{id}/bescheid/vorschau", fachlich, (*anfrage).vorschau},
		{"GET /vorgang/{id}/bescheid/{bescheid}", lesend, (*anfrage).bescheidPDF},
		{"GET /vorgang/{id}/verlauf", lesend, (*anfrage).verlauf},
		{"GET /vorgang/{id}/datei/{datei}", lesend, (*anfrage).datei},
		{"POST /vorgang/{id}/anlage", handelnd, (*anfrage).anlage},
		{"POST /vorgang/{id}/zuruecknehmen/{seq}", handelnd, (*anfrage).zuruecknehmen},
		{"POST /vorgang/{id}/{befehl}", handelnd, (*anfrage).befehl},
	}
}

// akte is a Vorgang on the screen.
type akte struct {
	x *anfrage
	v *vorgang.Vorgang
	vorgang.Stand
	Teil         string
	Teile        []punkt
	Owner        *tenant.Mandant
	Fremd        bool
	EinheitName  string
	Kollegen     []tenant.Akteur
	Nachbarn     []tenant.Mandant
	Wiedervorl   []vorgang.Wiedervorlage
	OffeneFragen map[uuid.UUID]vorgang.Rueckfrage

	Vorschau    *vorgang.Datei
	Journal     []eintrag
	Frist       []string
	Assistent   *assistent
	Gebuehrlage []forderung
}

// Darf tells whether the person may give the command now.
func (d *akte) Darf(b string) bool { return d.v.May(d.x.akteur, d.x.now, vorgang.Befehl(b)) == nil }

// Meins tells whether the person works on it.
func (d *akte) Meins() bool { return d.Bearbeiter() == d.x.akteur.ID }

// Naechste is the legal date that comes first.
func (d *akte) Naechste() datum.Datum { return d.Stand.Frist() }

// get reads a Vorgang the person may see: of the own Einheiten, what the person works
// on, or what another Mandant shares.
func (x *anfrage) get(ctx context.Context, id uuid.UUID) (*vorgang.Vorgang, error) {
	v, err := x.a.Store.Get(ctx, x.m.ID, id)
	if err != nil {
		return nil, err
	}
	return v, x.sieht(v)
}

func (x *anfrage) sieht(v *vorgang.Vorgang) error {
	s := v.Stand()
	if v.Mandant() != x.m.ID || x.akteur.SiehtEinheit(s.Einheit) || s.Bearbeiter() == x.akteur.ID {
		return nil
	}
	for _, st := range s.Stellungnahmen {
		if st.An.Mandant == "" && st.An.Einheit != "" && x.akteur.SiehtEinheit(st.An.Einheit) {
			return nil // the unit was asked
		}
	}
	return fehler.New("rathaus.get", v.ID().String(), fehler.ErrNotFound, nil)
}

func (x *anfrage) akte(teil string) (*akte, error) {
	id, err := x.kennung("id")
	if err != nil {
		return nil, err
	}
	v, err := x.get(x.Context(), id)
	if err != nil {
		return nil, err
	}
	d := &akte{x: x, v: v, Stand: v.Stand(), Teil: teil, Owner: x.a.mandanten[v.Mandant()], Fremd: v.Mandant() != x.m.ID,
		Kollegen: x.kollegen(), OffeneFragen: map[uuid.UUID]vorgang.Rueckfrage{}}
	d.EinheitName = d.Einheit
	if d.Owner == nil {
		return nil, nichtGefunden
	}
	if e, ok := d.Owner.Einheit(d.Einheit); ok {
		d.EinheitName = e.Name
	}
	for _, r := range d.Rueckfragen {
		if r.Beantwortet.IsZero() {
			d.OffeneFragen[r.Nachricht] = r
		}
	}
	for _, w := range d.Wiedervorlagen {
		if w.Offen() {
			d.Wiedervorl = append(d.Wiedervorl, w)
		}
	}
	for _, m := range x.a.Mandanten {
		if m.ID != d.Mandant {
			d.Nachbarn = append(d.Nachbarn, m)
		}
	}
	basis := "/vorgang/" + id.String()
	for _, p := range []punkt{{"Antrag", "", false}, {"Nachrichten", "/nachrichten", false}, {"Beteiligte", "/beteiligte", false}, {"Bescheid und Gebühr", "/bescheid", false}, {"Fristen und Verlauf", "/verlauf", false}} {
		d.Teile = append(d.Teile, punkt{p.Text, basis + p.Ziel, strings.TrimPrefix(p.Ziel, "/") == teil})
	}
	return d, nil
}

func (x *anfrage) zeigeAkte(d *akte, err error) error {
	if err != nil {
		return err
	}
	return x.seite("vorgang", d.Nummer+" "+d.LeistungName, d)
}

// antrag shows the application, and one of its files beside it.
func (x *anfrage) antrag() error {
	d, err := x.akte("")
	if err == nil {
		if id, err := uuid.Parse(x.URL.Query().Get("datei")); err == nil {
			if f, ok := d.Datei(id); ok {
				d.Vorschau = &f
			}
		}
	}
	return x.zeigeAkte(d, err)
}

func (x *anfrage) nachrichten() error { return x.zeigeAkte(x.akte("nachrichten")) }
func (x *anfrage) beteiligte() error  { return x.zeigeAkte(x.akte("beteiligte")) }

// eintrag is a line of the journal.
type eintrag struct {
	vorgang.Ereignis
	Wer string
	// Umkehrbar by this person now.
	Umkehrbar bool
}

// verlauf shows the journal, what of it can be taken back, and how the deadlines came
// about. Whether a step can be taken back is tried on a copy, because commands are pure.
func (x *anfrage) verlauf() error {
	d, err := x.akte("verlauf")
	if err != nil {
		return err
	}
	var roh []vorgang.Ereignis
	for e, err := range x.a.Store.Journal(x.Context(), x.m.ID, d.ID) {
		if err != nil {
			return err
		}
		if e.Seq > d.Stand.Journal.Seq {
			break // came after the Vorgang was read
		}
		roh = append(roh, e)
	}
	vorlage := vorgang.Restore(d.Stand, x.a.Store.Kontext()) // its Stand gives copies
	for i, e := range roh {
		z := eintrag{Ereignis: e}
		if a, ok := e.Who(); ok {
			if z.Wer = a.Name; z.Wer == "" || a.Art == tenant.Maschine {
				z.Wer = x.a.wer(a.ID)
			}
			if a.VertretungFuer != "" {
				z.Wer += " (in Vertretung für " + x.a.wer(a.VertretungFuer) + ")"
			}
		}
		if i > len(roh)-30 && x.akteur.Hat(handelnd...) {
			probe := vorgang.Restore(vorlage.Stand(), x.a.Store.Kontext())
			z.Umkehrbar = probe.Undo(x.akteur, x.now, e, roh[i+1:]...) == nil
		}
		d.Journal = append(d.Journal, z)
		if daten, err := e.Data(); err == nil {
			if f, ok := daten.(*vorgang.FristGesetzt); ok && f.Nach != nil {
				d.Frist = f.Nach.Schritte
			}
		}
	}
	return x.zeigeAkte(d, nil)
}

func (x *anfrage) zuruecknehmen() error {
	id, err := x.kennung("id")
	if err != nil {
		return err
	}
	var seq int64
	if _, err := fmt.Sscanf(x.PathValue("seq"), "%d", &seq); err != nil {
		return nichtGefunden
	}
	if _, err := x.get(x.Context(), id); err != nil {
		return err
	}
	if _, err := x.a.Store.Undo(x.Context(), x.m.ID, id, x.akteur, seq); err != nil {
		return err
	}
	return x.weiter("/vorgang/"+id.String()+"/verlauf", "Der Schritt ist zurückgenommen.")
}

// befehl gives a command. The same form sent twice gives it once; a form that was filled
// in while somebody else worked is merged, or refused with what stands in the way.
func (x *anfrage) befehl() error {
	id, err := x.kennung("id")
	if err != nil {
		return err
	}
	b, ok := befehle[x.PathValue("befehl")]
	if !ok {
		return nichtGefunden
	}
	if _, err := x.get(x.Context(), id); err != nil {
		return err // whoever may not see it learns nothing about the form either
	}
	if _, err := x.edit(id, func(v *vorgang.Vorgang) error { return b.gib(x, v) }); err != nil {
		return err
	}
	ziel := "/vorgang/" + id.String()
	if b.teil != "" {
		ziel += "/" + b.teil
	}
	return x.weiter(ziel, b.danach)
}

// edit gives a command to a Vorgang in one transaction with the key of the form, so that
// a double click is one command. A guest's command goes to the owner's data, where the key
// cannot lie; there the merge alone protects.
func (x *anfrage) edit(id uuid.UUID, f func(v *vorgang.Vorgang) error) (schon bool, err error) {
	var gesehen int64
	if _, err := fmt.Sscanf(x.text("gesehen"), "%d", &gesehen); err != nil {
		return false, falsch("/gesehen", "Das Formular ist unvollständig. Bitte laden Sie die Seite neu.")
	}
	einmal, err := uuid.Parse(x.text("einmal"))
	if err != nil {
		return false, falsch("/einmal", "Das Formular ist unvollständig. Bitte laden Sie die Seite neu.")
	}
	schon, err = x.a.Store.Once(x.Context(), x.m.ID, "formular:"+einmal.String(), 0, nil, func(ctx context.Context, tx *storage.Tx) (any, error) {
		v, err := tx.Lock(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := x.sieht(v); err != nil {
			return nil, err
		}
		var seither []vorgang.Ereignis
		if v.Stand().Journal.Seq > gesehen {
			for e, err := range tx.Journal(ctx, id) {
				if err != nil {
					return nil, err
				}
				if e.Seq > gesehen {
					seither = append(seither, e)
				}
			}
		}
		if err := f(v); err != nil {
			return nil, err
		}
		if err := v.Merges(seither); err != nil {
			return nil, err
		}
		return nil, tx.Save(ctx, v)
	})
	if errors.Is(err, fehler.ErrNotFound) { // not ours: perhaps shared with us
		if _, err := x.get(x.Context(), id); err != nil {
			return false, err
		}
		_, err = x.a.Store.EditSeen(x.Context(), x.m.ID, id, gesehen, f)
		return false, err
	}
	return schon, err
}

// datei gives a file of the Vorgang. What a browser could run is never shown, only saved.
func (x *anfrage) datei() error {
	id, err := x.kennung("id")
	if err != nil {
		return err
	}
	v, err := x.get(x.Context(), id)
	if err != nil {
		return err
	}
	fid, err := x.kennung("datei")
	if err != nil {
		return err
	}
	f, ok := v.Stand().Datei(fid)
	if !ok {
		return nichtGefunden
	}
	return x.gibDatei(v.Mandant(), f.Anhang)
}

var zeigbar = []string{"application/pdf", "image/png", "image/jpeg", "text/plain"}

// Zeigbar tells whether the browser may show the file beside the application.
func (d *akte) Zeigbar(f vorgang.Datei) bool { return slices.Contains(zeigbar, f.MIME) }

// Bild tells whether it is a picture.
func (d *akte) Bild(f vorgang.Datei) bool { return strings.HasPrefix(f.MIME, "image/") }

// policyDatei lets a file be shown in a frame of these pages and do nothing.
func (x *anfrage) policyDatei() {
	x.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; object-src 'self'; frame-ancestors 'self'")
}
