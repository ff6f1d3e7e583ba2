package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Lauf is one delivery on its way through the steps.
type Lauf struct {
	// Lieferung is the Annahme's own copy. A step may fill in what it knows (Leistung,
	// Ort, Referenz, addresses) and append files, each with an ID that is the same when the
	// step runs again (one that is there already adds nothing). It cannot take a file away,
	// exchange its bytes, or change Kanal, Kennung, Eingang, Abdruck, Quittung, Erfasst.
	Lieferung *Lieferung
	// Fachdaten is what a Parser reads; set by the step "zeichen".
	Fachdaten Fachdaten
	// Inhalt is what the Parser understood; set by the step "formular".
	Inhalt Inhalt
	// Ziel is the competent Einheit; set by the step "zustaendigkeit".
	Ziel tenant.Ziel

	probleme fehler.Probleme
	ablehnen bool // at least one of the problems is for the sender
}

// Probleme are what the steps found so far.
func (l *Lauf) Probleme() fehler.Probleme { return slices.Clone(l.probleme) }

// Schritt is one step of the pipeline between receipt and the durable Vorgang.
type Schritt struct {
	// Name is stable: lower-case letters, digits, hyphens.
	Name string
	// Run does the step. Problems (fehler.Probleme) refuse the delivery; wrapped by
	// [ZurKlaerung] they want a person, and the delivery goes whole to the Klaerfach. Any
	// other error, and a panic, means that the step could not work: nothing is decided, and
	// the delivery is offered again. A step may run again for the same delivery, after a
	// crash or by [Annahme.Rerun], and then comes to the same. It is safe for concurrent
	// use and keeps nothing of the Lauf.
	Run func(ctx context.Context, l *Lauf) error
	// Immer: it runs although a step before found problems, so that the sender hears of
	// all at once.
	Immer bool

	eigen bool // of the Annahme itself, whose result a crash does not lose
}

// The steps of the Annahme, in their order.
const (
	SchrittGrenzen        = "grenzen"        // number and sizes of the files
	SchrittDateitypen     = "dateitypen"     // their types by content
	SchrittSchadsoftware  = "schadsoftware"  // asks the Scanner
	SchrittZeichen        = "zeichen"        // form data to UTF-8
	SchrittFormular       = "formular"       // the Parser: format and schema
	SchrittAngaben        = "angaben"        // values to NFC
	SchrittZustaendigkeit = "zustaendigkeit" // the Router
)

// Einschub changes the list of steps: exactly one of Vor, Nach and Statt names a step
// that is there.
type Einschub struct {
	Schritt          Schritt
	Vor, Nach, Statt string
}

// klaerung are problems a person decides about.
type klaerung struct{ p fehler.Probleme }

func (k klaerung) Error() string { return k.p.Error() }
func (k klaerung) Unwrap() error { return k.p }

// ZurKlaerung makes of the problems of a step a question to a person: the delivery goes
// to the Klaerfach instead of back to the sender.
func ZurKlaerung(p fehler.Probleme) error { return klaerung{p} }

var schrittName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

// plan gives the steps in their order.
func (a *Annahme) plan(einschuebe []Einschub) ([]Schritt, error) {
	list := []Schritt{
		{Name: SchrittGrenzen, Run: a.grenzen, eigen: true},
		{Name: SchrittDateitypen, Run: a.dateitypen, Immer: true, eigen: true},
		{Name: SchrittSchadsoftware, Run: a.schadsoftware, eigen: true},
		{Name: SchrittZeichen, Run: a.zeichen, Immer: true},
		{Name: SchrittFormular, Run: a.formular, Immer: true},
		{Name: SchrittAngaben, Run: angaben},
		{Name: SchrittZustaendigkeit, Run: a.zustaendigkeit, eigen: true},
	}
	bad := func(name, text string) error {
		return fehler.New("intake.New", name, fehler.ErrInvalid, errors.New(text))
	}
	at := func(name string) int {
		return slices.IndexFunc(list, func(s Schritt) bool { return s.Name == name })
	}
	for _, e := range einschuebe {
		s := e.Schritt
		var where []string
		for _, w := range []string{e.Vor, e.Nach, e.Statt} {
			if w != "" {
				where = append(where, w)
			}
		}
		if s.Name == "" {
			s.Name = e.Statt
		}
		switch {
		case len(where) != 1:
			return nil, bad(s.Name, "a step needs exactly one of Vor, Nach and Statt")
		case at(where[0]) < 0:
			return nil, bad(where[0], "there is no step of this name")
		case !schrittName.MatchString(s.Name):
			return nil, bad("", "the name of a step is not of lower-case letters, digits and hyphens")
		case s.Run == nil:
			return nil, bad(s.Name, "the step has no Run")
		case at(s.Name) >= 0 && s.Name != e.Statt:
			return nil, bad(s.Name, "two steps of one name")
		}
		switch i := at(where[0]); {
		case e.Statt != "":
			list[i] = s
		case e.Vor != "":
			list = slices.Insert(list, i, s)
		default:
			list = slices.Insert(list, i+1, s)
		}
	}
	return list, nil
}

// Schritte names the steps in the order they run.
func (a *Annahme) Schritte() (out []string) {
	for _, s := range a.schritte {
		out = append(out, s.Name)
	}
	return out
}

// beurteilen takes a delivery through all steps. Its error is technical and decides nothing;
// problems are in the Lauf.
func (a *Annahme) beurteilen(ctx context.Context, l *Lieferung) (*Lauf, error) {
	x := &Lauf{Lieferung: l}
	for _, s := range a.schritte {
		if len(x.probleme) > 0 && !s.Immer {
			continue
		}
		if err := a.schritt(ctx, s, x); err != nil {
			return nil, err
		}
	}
	if len(x.probleme) == 0 {
		if err := a.pruefeZiel(ctx, x); err != nil {
			return nil, err
		}
	}
	return x, fertig(x)
}

// wiederholen does once more the steps that make the Inhalt, for a delivery whose outcome
// is reserved: the checks and the competence stand.
func (a *Annahme) wiederholen(ctx context.Context, l Lieferung, z tenant.Ziel) (Inhalt, error) {
	l.Dateien, l.Nachweise = slices.Clone(l.Dateien), slices.Clone(l.Nachweise) // what is registered stands
	x := &Lauf{Lieferung: &l, Ziel: z}
	for _, s := range a.schritte {
		if s.eigen {
			continue
		}
		if err := a.schritt(ctx, s, x); err != nil {
			return Inhalt{}, err
		}
		if len(x.probleme) > 0 {
			return Inhalt{}, x.probleme
		}
	}
	return x.Inhalt, fertig(x)
}

// schritt runs one step and holds it to its bounds.
func (a *Annahme) schritt(ctx context.Context, s Schritt, x *Lauf) error {
	vorher, gesichert := *x, sichern(x.Lieferung)
	err := runSchritt(ctx, s, x)
	// What counts for the outcome belongs to the Annahme alone.
	x.probleme, x.ablehnen = vorher.probleme, vorher.ablehnen
	if x.Lieferung != vorher.Lieferung {
		return fehler.New("intake.Schritt", s.Name, fehler.ErrUnavailable, errors.New("the step exchanged the Lieferung"))
	}
	if q := gesichert.wahren(a, x.Lieferung); q != nil {
		return fehler.New("intake.Schritt", s.Name, fehler.ErrUnavailable, q)
	}
	p := fehler.ProblemeIn(err)
	switch {
	case err == nil:
		return nil
	case p == nil:
		return err
	case len(p) == 0:
		return fehler.New("intake.Schritt", s.Name, fehler.ErrUnavailable, errors.New("the step found problems without naming one"))
	}
	x.probleme = slices.Concat(x.probleme, p)
	if _, person := errors.AsType[klaerung](err); !person && urteil(p) == Abgelehnt {
		x.ablehnen = true
	}
	return nil
}

func runSchritt(ctx context.Context, s Schritt, x *Lauf) (err error) {
	defer func() {
		if recover() != nil { // its text may quote the data
			err = fehler.New("intake.Schritt", s.Name, fehler.ErrUnavailable, errors.New("the step panicked"))
		}
	}()
	return s.Run(ctx, x)
}

// fest is what no step changes.
type fest struct {
	kanal, kennung, abdruck string
	eingang                 time.Time
	dublette                uuid.UUID
	quittung                json.RawMessage
	erfasst                 *Erfasst
	form                    Teil
	dateien, nachweise      []Teil
}

func sichern(l *Lieferung) fest {
	f := fest{kanal: l.Kanal, kennung: l.Kennung, abdruck: l.Abdruck, eingang: l.Eingang, dublette: l.Dublette,
		quittung: bytes.Clone(l.Quittung), form: l.Fachdaten, dateien: slices.Clone(l.Dateien), nachweise: slices.Clone(l.Nachweise)}
	if l.Erfasst != nil {
		e := *l.Erfasst
		f.erfasst = &e
	}
	return f
}

// wahren gives each part its own bytes back, and an error if something fixed is not as
// it was. Parts that were added get id and name in order.
func (f fest) wahren(a *Annahme, l *Lieferung) error {
	gleich := f.kanal == l.Kanal && f.kennung == l.Kennung && f.abdruck == l.Abdruck && f.eingang.Equal(l.Eingang) &&
		f.dublette == l.Dublette && bytes.Equal(f.quittung, l.Quittung) && (f.erfasst == nil) == (l.Erfasst == nil)
	if gleich && f.erfasst != nil {
		gleich = f.erfasst.Am.Equal(l.Erfasst.Am) && f.erfasst.Akteur.ID == l.Erfasst.Akteur.ID && f.erfasst.Akteur.Mandant == l.Erfasst.Akteur.Mandant
	}
	if !gleich {
		return errors.New("the step changed what is fixed: Kanal, Kennung, Eingang, Abdruck, Quittung or Erfasst")
	}
	if l.Fachdaten.ID != f.form.ID || !dabei(l.Dateien, f.dateien) || !dabei(l.Nachweise, f.nachweise) {
		return errors.New("the step took a part away or moved it")
	}
	seen := map[uuid.UUID]bool{f.form.ID: true}
	for _, t := range slices.Concat(f.dateien, f.nachweise) {
		seen[t.ID] = true
	}
	l.Fachdaten.Open = f.form.Open
	var err error
	l.Dateien, err = neue(l.Dateien, f.dateien, seen, a.o.NewID)
	if err == nil {
		l.Nachweise, err = neue(l.Nachweise, f.nachweise, seen, a.o.NewID)
	}
	for _, t := range l.teile() {
		t.Name = safeName(t.Name)
	}
	return err
}

// dabei: the parts there were are the first ones.
func dabei(list, vorher []Teil) bool {
	return len(list) >= len(vorher) && slices.EqualFunc(list[:len(vorher)], vorher, func(x, y Teil) bool { return x.ID == y.ID })
}

// neue keeps of the parts behind those there were what was not there.
func neue(list, vorher []Teil, seen map[uuid.UUID]bool, newID func() uuid.UUID) ([]Teil, error) {
	out := slices.Clone(list[:len(vorher)])
	for i := range out {
		out[i].Open = vorher[i].Open
	}
	for _, t := range list[len(vorher):] {
		if t.Open == nil {
			return nil, errors.New("the step added a part without bytes")
		}
		if t.ID == uuid.Nil {
			t.ID = newID()
		}
		if !seen[t.ID] {
			seen[t.ID] = true
			out = append(out, t)
		}
	}
	return out, nil
}

// fertig: what goes into the Vorgang is JSON, whoever made it.
func fertig(x *Lauf) error {
	if d := x.Inhalt.Daten; len(d) > 0 && !json.Valid(d) {
		return fehler.New("intake.Schritt", "", fehler.ErrUnavailable, errors.New("the steps left Daten that are no JSON"))
	}
	return nil
}

// grenzen checks number and sizes of the files, and sets Groesse and Erkannt.
func (a *Annahme) grenzen(ctx context.Context, l *Lauf) error {
	return a.limits.messen(ctx, l.Lieferung)
}

// dateitypen checks the types of the files by content.
func (a *Annahme) dateitypen(ctx context.Context, l *Lauf) error {
	return a.limits.typen(ctx, l.Lieferung, len(l.probleme) == 0)
}

// schadsoftware asks the Scanner. With problems before, the delivery becomes no Vorgang
// now, and is scanned when it is run again.
func (a *Annahme) schadsoftware(ctx context.Context, l *Lauf) error {
	p, err := a.scan(ctx, l.Lieferung)
	if err == nil && len(p) > 0 {
		return p
	}
	return err
}

func (a *Annahme) formular(ctx context.Context, l *Lauf) error {
	if l.Fachdaten.Bytes == nil && len(l.probleme) > 0 {
		return nil // the step before said why there is nothing to read
	}
	inhalt, err := a.parse(ctx, l.Lieferung, l.Fachdaten)
	if err == nil {
		l.Inhalt = inhalt
	}
	return err
}

func (a *Annahme) zustaendigkeit(_ context.Context, l *Lauf) (err error) {
	l.Ziel, err = a.route(*l.Lieferung)
	if p := fehler.ProblemeIn(err); len(p) > 0 {
		return ZurKlaerung(p)
	}
	return err
}

// pruefeZiel makes sure that what the steps decided exists, whoever decided it: only
// then a Vorgang can be made.
func (a *Annahme) pruefeZiel(ctx context.Context, x *Lauf) error {
	_, err := tenant.ParseLeistung(x.Lieferung.Leistung)
	if err == nil {
		_, err = tenant.ParseARS(x.Lieferung.Ort)
	}
	if err == nil {
		err = a.eingerichtet(ctx, x.Ziel)
	}
	p := fehler.ProblemeIn(err)
	if err != nil && len(p) == 0 {
		return fmt.Errorf("intake: %w", err)
	}
	x.probleme = slices.Concat(x.probleme, p)
	return nil
}
