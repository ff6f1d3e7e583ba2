package amt

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func (a *Amt) tischwege() []Route {
	return []Route{
		{"GET /vorgaenge", lesend, (*anfrage).vorrat},
		{"GET /fristen", lesend, (*anfrage).fristen},
		{"GET /wiedervorlagen", handelnd, (*anfrage).wiedervorlagen},
		{"GET /klaerfach", klaerend, (*anfrage).klaerfach},
		{"POST /klaerfach/{id}", klaerend, (*anfrage).klaere},
		{"POST /vorgaenge/ziehen", fachlich, (*anfrage).ziehen},
		{"POST /vorgaenge/verteilen", fachlich, (*anfrage).verteilen},
		{"POST /vorgaenge/zurueck", fachlich, (*anfrage).verteilungZurueck},
		{"GET /strom", lesend, (*anfrage).strom},
	}
}

// zeile is a Vorgang in a list, with names instead of keys.
type zeile struct {
	storage.Zeile
	LeistungName, EinheitName string
	Ampel                     ampel
	// Fremd: it belongs to another Mandant, whose name it is.
	Fremd string
}

type liste struct {
	Zeilen     []zeile
	Sicht      string
	Sichten    []punkt
	Suche      string
	Leistung   string
	Status     string
	Einheit    string
	Leistungen []tenant.Leistung
	Einheiten  []tenant.Organisationseinheit
	Statusse   []vorgang.Status
	Kollegen   []tenant.Akteur
	Weiter     string
	Gefiltert  bool
	auswahl    bool
}

// seitenlaenge is how many Vorgaenge a page shows.
const seitenlaenge = 50

func (x *anfrage) zeile(z storage.Zeile) zeile {
	out := zeile{Zeile: z, LeistungName: string(z.Leistung), EinheitName: z.Einheit, Ampel: amp(z.Frist, datum.Von(x.now))}
	m := x.a.mandanten[z.Mandant]
	if m == nil {
		return out
	}
	if z.Mandant != x.m.ID {
		out.Fremd = m.Name
	}
	if l, ok := m.Leistung(z.Leistung); ok {
		out.LeistungName = l.Name
	}
	if e, ok := m.Einheit(z.Einheit); ok {
		out.EinheitName = e.Name
	}
	return out
}

var offen = []vorgang.Status{vorgang.Neu, vorgang.Angenommen, vorgang.InBearbeitung, vorgang.Beschieden}

// vorrat is the list of the desk. All that selects stands in the address, so that it
// survives a reload and can be sent to a colleague.
func (x *anfrage) vorrat() error {
	q := x.URL.Query()
	d := liste{Sicht: cmp.Or(q.Get("sicht"), "stapel"), Suche: q.Get("q"), Leistung: q.Get("leistung"), Status: q.Get("status"), Einheit: q.Get("einheit"),
		Leistungen: x.m.Leistungen, Einheiten: x.m.Einheiten, Statusse: offen, Kollegen: x.kollegen()}
	for _, s := range []punkt{{"Stapel", "stapel", false}, {"Meine", "meine", false}, {"Alle", "alle", false}, {"Von anderen Behörden", "geteilt", false}} {
		p := url.Values{"sicht": {s.Ziel}}
		for _, f := range []string{"q", "leistung", "status", "einheit"} {
			if q.Get(f) != "" {
				p.Set(f, q.Get(f))
			}
		}
		d.Sichten = append(d.Sichten, punkt{s.Text, "?" + p.Encode(), s.Ziel == d.Sicht})
	}
	d.Gefiltert = d.Suche != "" || d.Leistung != "" || d.Status != "" || d.Einheit != ""
	f := storage.Filter{Einheiten: x.akteur.Einheiten, Status: offen}
	if d.Einheit != "" {
		if !x.akteur.SiehtEinheit(d.Einheit) {
			return seiteFuer(http.StatusForbidden, "Diese Organisationseinheit gehört nicht zu Ihren.")
		}
		f.Einheiten = []string{d.Einheit}
	}
	if d.Leistung != "" {
		f.Leistungen = []tenant.Leistungsschluessel{tenant.Leistungsschluessel(d.Leistung)}
	}
	switch d.Sicht {
	case "stapel":
		f.Status = offen[:3]
	case "meine":
		f.Bearbeiter = []string{x.akteur.ID}
	case "alle":
		f.Status = nil
		d.Statusse = append(slices.Clone(offen), vorgang.Abgeschlossen, vorgang.Verworfen, vorgang.ZuLoeschen)
	case "geteilt":
		return x.geteilte(d)
	default:
		return nichtGefunden
	}
	if d.Status != "" {
		f.Status = []vorgang.Status{vorgang.Status(d.Status)}
	}
	if err := x.lies(&d, f, q.Get("ab")); err != nil {
		return err
	}
	if d.Weiter != "" {
		q.Set("ab", d.Weiter)
		d.Weiter = "?" + q.Encode()
	}
	return x.seite("vorrat", "Arbeitsvorrat", d)
}

// lies reads a page of the list. Of the stack it shows what waits; where little of a page
// waits it reads another one, three at most.
func (x *anfrage) lies(d *liste, f storage.Filter, ab string) error {
	for range 3 {
		var zeilen []storage.Zeile
		if d.Suche != "" {
			t, err := x.a.Store.Search(x.Context(), x.m.ID, storage.SearchParams{Text: d.Suche, Filter: f, Akteur: x.akteur, Limit: seitenlaenge, Cursor: ab})
			if errors.Is(err, fehler.ErrInvalid) { // no word in what was typed so far
				return nil
			} else if err != nil {
				return err
			}
			zeilen, ab = t.Zeilen, t.Next
		} else {
			p, err := x.a.Store.Page(x.Context(), x.m.ID, storage.PageParams{Filter: f, Limit: seitenlaenge, Cursor: ab, Absteigend: d.Sicht == "alle"})
			if err != nil {
				return err
			}
			zeilen, ab = p.Zeilen, p.Next
		}
		for _, z := range zeilen {
			if d.Sicht != "stapel" || z.Wartend && z.LeaseBis.Before(x.now) {
				d.Zeilen = append(d.Zeilen, x.zeile(z))
			}
		}
		if d.Weiter = ab; ab == "" || len(d.Zeilen) >= seitenlaenge {
			return nil
		}
	}
	return nil
}

// geteilte are the Vorgaenge other authorities let this one take part in.
func (x *anfrage) geteilte(d liste) error {
	n := 0
	for g, err := range x.a.Store.Geteilte(x.Context(), x.m.ID) {
		if err != nil {
			return err
		}
		if n++; n > 4 { // each is read by itself, see docs/rathaus.md
			break
		}
		v, err := x.a.Store.Get(x.Context(), x.m.ID, g.Vorgang)
		if errors.Is(err, fehler.ErrNotFound) {
			continue // ended meanwhile
		} else if err != nil {
			return err
		}
		s := v.Stand()
		d.Zeilen = append(d.Zeilen, x.zeile(storage.Zeile{Mandant: s.Mandant, ID: s.ID, Nummer: s.Nummer, Status: s.Status, Leistung: s.Leistung,
			Einheit: s.Einheit, Bearbeiter: s.Bearbeiter(), Antragsteller: s.Antrag.Antragsteller.Name, Eingang: s.Eingang, Frist: s.Frist()}))
	}
	return x.seite("vorrat", "Arbeitsvorrat", d)
}

// kollegen are who a Vorgang can be given to.
func (x *anfrage) kollegen() (out []tenant.Akteur) {
	for _, n := range x.a.Nutzer {
		if n.Akteur.Mandant == x.m.ID && n.Akteur.Hat(fachlich...) {
			out = append(out, n.Akteur)
		}
	}
	return out
}

// fristen shows what is due within two weeks or over, the most urgent first.
func (x *anfrage) fristen() error {
	p, err := x.a.Store.Page(x.Context(), x.m.ID, storage.PageParams{Limit: 200, Filter: storage.Filter{
		Einheiten: x.akteur.Einheiten, Status: offen, FristBis: datum.Von(x.now).AddTage(14)}})
	if err != nil {
		return err
	}
	d := liste{Weiter: p.Next}
	for _, z := range p.Zeilen {
		d.Zeilen = append(d.Zeilen, x.zeile(z))
	}
	slices.SortStableFunc(d.Zeilen, func(a, b zeile) int { return a.Frist.Compare(b.Frist) })
	return x.seite("fristen", "Fristen", d)
}

func (x *anfrage) wiedervorlagen() error {
	type eine struct {
		storage.Faellig
		Ampel ampel
	}
	var d struct {
		Faellig, Spaeter []eine
	}
	heute := datum.Von(x.now)
	for w, err := range x.a.Store.Wiedervorlagen(x.Context(), x.m.ID, x.akteur.ID, heute.AddTage(30)) {
		if err != nil {
			return err
		}
		e := eine{w, amp(w.Wiedervorlage.Faellig, heute)}
		if w.Wiedervorlage.Faellig.Nach(heute) {
			d.Spaeter = append(d.Spaeter, e)
		} else {
			d.Faellig = append(d.Faellig, e)
		}
		if len(d.Faellig)+len(d.Spaeter) >= 200 {
			break
		}
	}
	return x.seite("wiedervorlagen", "Wiedervorlagen", d)
}

// ziehen gives the oldest waiting Vorgang to the person, for good: it does not fall back
// when a lease ends. Two who pull at once get two.
func (x *anfrage) ziehen() error {
	v, l, err := x.a.Store.Claim(x.Context(), x.m.ID, storage.ClaimParams{Akteur: x.akteur})
	if errors.Is(err, fehler.ErrNotFound) {
		return x.weiter("/vorgaenge", "Der Stapel ist leer.")
	} else if err != nil {
		return err
	}
	if _, err := x.a.Store.Complete(x.Context(), x.m.ID, l, func(v *vorgang.Vorgang) error {
		return v.Assign(x.akteur, x.now, x.akteur.ID, x.akteur.Name)
	}); err != nil {
		return err
	}
	return x.weiter("/vorgang/"+v.ID().String(), "Sie bearbeiten jetzt den Vorgang "+v.Nummer()+".")
}

// verteilen gives many Vorgaenge to a person, or to who has least.
func (x *anfrage) verteilen() error {
	if err := x.ParseForm(); err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, s := range x.PostForm["vorgang"] {
		id, err := uuid.Parse(s)
		if err != nil || len(ids) >= 200 {
			return falsch("/vorgang", "Bitte wählen Sie höchstens 200 Vorgänge aus.")
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return falsch("/vorgang", "Bitte wählen Sie mindestens einen Vorgang aus.")
	}
	var an []string
	for _, k := range x.kollegen() {
		if wahl := x.text("an"); wahl == k.ID || wahl == "gleichmaessig" {
			an = append(an, k.ID)
		}
	}
	if len(an) == 0 {
		return falsch("/an", "Bitte wählen Sie, wer die Vorgänge bekommt.")
	}
	last, err := x.a.Store.LeastLoaded(x.Context(), x.m.ID, an)
	if err != nil {
		return err
	}
	var done []storage.Erledigt
	var abgelehnt int
	for e, err := range x.a.Store.EditEach(x.Context(), x.m.ID, slices.Values(ids), func(v *vorgang.Vorgang) error {
		if v.Mandant() == x.m.ID && !x.akteur.SiehtEinheit(v.Stand().Einheit) {
			return fehler.New("rathaus.verteilen", v.ID().String(), fehler.ErrNotFound, nil)
		}
		return v.Assign(x.akteur, x.now, last[0].Bearbeiter, x.a.namen[last[0].Bearbeiter])
	}) {
		if err != nil {
			abgelehnt++
			continue
		}
		done = append(done, e)
		last[0].Offen++
		slices.SortStableFunc(last, func(a, b storage.Last) int { return cmp.Compare(a.Offen, b.Offen) })
	}
	text := fmt.Sprintf("%d verteilt.", len(done))
	if abgelehnt > 0 {
		text += fmt.Sprintf(" %d ließen sich nicht verteilen, zum Beispiel weil sie abgeschlossen sind.", abgelehnt)
	}
	x.a.o.Sitzungen.SetHinweis(x.sitzung, text, append([]storage.Erledigt{}, done...))
	return x.weiter("/vorgaenge?sicht=stapel", "")
}

func (x *anfrage) verteilungZurueck() error {
	var ok, nicht int
	for _, err := range x.a.Store.UndoEach(x.Context(), x.m.ID, x.akteur, x.a.o.Sitzungen.TakeVerteilt(x.sitzung)) {
		if err != nil {
			nicht++
		} else {
			ok++
		}
	}
	text := fmt.Sprintf("%d liegen wieder auf dem Stapel.", ok)
	if nicht > 0 {
		text += fmt.Sprintf(" Bei %d hat inzwischen jemand weitergearbeitet.", nicht)
	}
	return x.weiter("/vorgaenge?sicht=stapel", text)
}

// Waehlbar tells whether Vorgaenge of the list can be distributed.
func (l liste) Waehlbar() bool { return l.auswahl && l.Sicht != "geteilt" && l.Sicht != "" }

// MitAuswahl is the list with boxes to choose by.
func (l liste) MitAuswahl(ja bool) liste {
	l.auswahl = ja
	return l
}
