package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Router finds the competent Einheit. *tenant.Zustaendigkeiten fits.
type Router interface {
	Route(leistung tenant.Leistungsschluessel, ort tenant.ARS, tag datum.Datum) (tenant.Ziel, error)
}

// Params of an Annahme; all are mandatory.
type Params struct {
	Store     *storage.Store
	Blobs     blob.Store
	Mandanten tenant.Mandanten
	Router    Router
	// Parser in the order they are asked.
	Parser []Parser
	// Betreiber is the Mandant whose Klaerfach takes what belongs to nobody yet,
	// and who keeps the register of all deliveries.
	Betreiber tenant.ID
}

// Options of an Annahme; nil means defaults.
type Options struct {
	Now    func() time.Time
	NewID  func() uuid.UUID
	Limits Limits
	Log    *slog.Logger
	// Bestaetigung writes the Eingangsbestaetigung; nil results send none. The
	// default names number, service, date and the unit.
	Bestaetigung func(m *tenant.Mandant, s vorgang.Params) *messaging.Nachricht
	// Frist gives the period in which a new Vorgang must be decided, with its warnings
	// (vorgang.NewBearbeitungsfrist); nil results set none. An error is logged and sets none:
	// an Antrag is not turned away because a period could not be worked out.
	Frist func(m *tenant.Mandant, s vorgang.Params) (*vorgang.Bearbeitungsfrist, error)
	// Scanner looks for malware in every file and the form data; nil looks for none.
	Scanner Scanner
	// Pruefen orders a check by rules of each new Vorgang; there must be a Handler for it
	// (package storage/relay/pruefung).
	Pruefen bool
	// Schritte add steps to the pipeline or replace some, one after the other;
	// [Annahme.Schritte] names what is there.
	Schritte []Einschub
}

// Annahme is the pipeline. Safe for concurrent use; several processes may share one storage.
type Annahme struct {
	p      Params
	o      Options
	limits Limits
	akteur tenant.Akteur
	// schritte run in this order; they are not changed after New.
	schritte []Schritt
}

// New makes an Annahme.
func New(p Params, o *Options) (*Annahme, error) {
	if p.Store == nil || p.Blobs == nil || p.Mandanten == nil || p.Router == nil || p.Betreiber == "" {
		return nil, fehler.New("intake.New", "", fehler.ErrInvalid, errors.New("missing one of Store, Blobs, Mandanten, Router, Betreiber"))
	}
	a := &Annahme{p: p, akteur: tenant.System("annahme")}
	if o != nil {
		a.o = *o
	}
	if a.o.Now == nil {
		a.o.Now = time.Now
	}
	if a.o.NewID == nil {
		a.o.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	if a.o.Log == nil {
		a.o.Log = slog.New(slog.DiscardHandler)
	}
	if a.o.Bestaetigung == nil {
		a.o.Bestaetigung = standardBestaetigung
	}
	a.limits = a.o.Limits.withDefaults()
	var err error
	if a.schritte, err = a.plan(a.o.Schritte); err != nil {
		return nil, err
	}
	return a, nil
}

// Ausgang says what became of a delivery.
type Ausgang string

// The outcomes; they are the states of an Eingang.
const (
	Offen      Ausgang = "offen" // begun, not finished: the next delivery of the same continues
	Angenommen Ausgang = "angenommen"
	Klaerung   Ausgang = "klaerung" // whole in the Klaerfach
	Abgelehnt  Ausgang = "abgelehnt"
)

// Ergebnis is the answer of [Annahme.Receive].
type Ergebnis struct {
	Ausgang Ausgang
	// Eingang is the id in the register of the Betreiber.
	Eingang uuid.UUID
	// Eingegangen and Abdruck are those of the delivery that came first under the key.
	Eingegangen time.Time
	Abdruck     string
	// Dublette is the Eingang of an earlier delivery with the same Abdruck, if any.
	Dublette uuid.UUID
	// Mandant, Vorgang and Nummer are set when Angenommen.
	Mandant tenant.ID
	Vorgang uuid.UUID
	Nummer  string
	// Probleme when Abgelehnt or Klaerung.
	Probleme fehler.Probleme
	// Bekannt: the same delivery had been finished before.
	Bekannt bool
	// Quittung is the Lieferung's, for the channel to acknowledge with: the outcome
	// is durable and no Vorgang has an Auftrag to do it. Nil when Abgelehnt, and when
	// the Vorgang acknowledges by its Auftrag.
	Quittung json.RawMessage
}

// akte is what the register keeps of a delivery (JSON of Eingang.Daten).
type akte struct {
	Lieferung Lieferung       `json:"lieferung"`
	Einheit   string          `json:"einheit,omitempty"`
	Regel     string          `json:"regel,omitempty"`
	Nummer    string          `json:"nummer,omitempty"`
	Probleme  fehler.Probleme `json:"probleme,omitempty"`
	// Geklaert: it lay in the Klaerfach, and the channel itself answers the sender.
	Geklaert bool `json:"geklaert,omitempty"`
}

// Receive takes one delivery through the pipeline. When it returns without an
// error the outcome is durable and the sender may be told. The same delivery
// again gives the same outcome with Bekannt set, and the same Vorgang; what counts
// is the key, and of two contents under one key the one that came first. An error
// means that nothing was decided: the delivery must be offered again.
func (a *Annahme) Receive(ctx context.Context, l Lieferung) (Ergebnis, error) {
	l, err := a.begin("intake.Receive", l)
	if err != nil {
		return Ergebnis{}, err
	}
	for _, t := range l.teile() {
		if t.Open == nil {
			return Ergebnis{}, fehler.New("intake.Receive", l.Schluessel(), fehler.ErrInvalid, errors.New("missing Open of Fachdaten or of another Teil"))
		}
	}
	e, err := a.known(ctx, l.Schluessel())
	if err != nil {
		return Ergebnis{}, err
	}
	if e != nil {
		return a.resume(ctx, *e)
	}
	return a.run(ctx, l)
}

// begin gives a copy with key, time, ids and names in order; the Teile of the
// caller stay as they are.
func (a *Annahme) begin(op string, l Lieferung) (Lieferung, error) {
	if l.Kanal == "" || l.Kennung == "" || strings.Contains(l.Kanal, ":") {
		return l, fehler.New(op, l.Schluessel(), fehler.ErrInvalid, errors.New("missing Kanal (which has no colon) or Kennung"))
	}
	if len(l.Schluessel()) > storage.MaxText {
		return l, fehler.New(op, "", fehler.ErrInvalid, fmt.Errorf("key of Kanal and Kennung longer than %d bytes", storage.MaxText))
	}
	if !abdruckForm.MatchString(l.Abdruck) {
		return l, fehler.New(op, "", fehler.ErrInvalid, errors.New("the Abdruck is not of letters and digits, at most 128"))
	}
	l.Dublette = uuid.Nil
	if l.Eingang.IsZero() {
		l.Eingang = a.o.Now()
	}
	l.Eingang = l.Eingang.UTC().Truncate(time.Microsecond)
	l.Dateien, l.Nachweise = slices.Clone(l.Dateien), slices.Clone(l.Nachweise)
	l.Adressen, l.Quittung = slices.Clone(l.Adressen), slices.Clone(l.Quittung)
	for _, t := range l.teile() {
		t.Name = safeName(t.Name)
		if t.ID == uuid.Nil {
			t.ID = a.o.NewID()
		}
	}
	return l, nil
}

// Known gives the outcome of a delivery that was finished before, with Bekannt
// set. One that never came, or stopped halfway, is fehler.ErrNotFound: it must be
// received.
func (a *Annahme) Known(ctx context.Context, kanal, kennung string) (Ergebnis, error) {
	l := Lieferung{Kanal: kanal, Kennung: kennung}
	e, err := a.known(ctx, l.Schluessel())
	if err != nil {
		return Ergebnis{}, err
	}
	if e == nil || Ausgang(e.Zustand) == Offen {
		return Ergebnis{}, fehler.New("intake.Known", l.Schluessel(), fehler.ErrNotFound, nil)
	}
	return a.resume(ctx, *e)
}

// run judges a delivery nobody has seen before.
func (a *Annahme) run(ctx context.Context, l Lieferung) (Ergebnis, error) {
	lauf, err := a.beurteilen(ctx, &l)
	if err != nil {
		return Ergebnis{}, err
	}
	if len(lauf.probleme) > 0 {
		return a.register(ctx, a.p.Betreiber, lauf.ausgang(), akte{Lieferung: l, Probleme: lauf.probleme})
	}
	ziel := lauf.Ziel
	if err := a.keep(ctx, ziel.Mandant, &l); err != nil {
		return Ergebnis{}, err
	}
	k := akte{Lieferung: l, Einheit: ziel.Einheit, Regel: ziel.Regel.String()}
	e, err := a.insert(ctx, Offen, ziel.Mandant, &k)
	if errors.Is(err, fehler.ErrExists) {
		// The same delivery is being received elsewhere at this moment; join it.
		other, err := a.known(ctx, l.Schluessel())
		if err != nil || other == nil {
			return Ergebnis{}, errors.Join(err, fehler.New("intake.Receive", l.Schluessel(), fehler.ErrUnavailable, nil))
		}
		return a.resume(ctx, *other)
	}
	if err != nil {
		return Ergebnis{}, err
	}
	return a.open(ctx, e, k, lauf.Inhalt)
}

// resume answers for a finished delivery, or finishes one that stopped halfway.
func (a *Annahme) resume(ctx context.Context, e storage.Eingang) (Ergebnis, error) {
	var k akte
	if err := json.Unmarshal(e.Daten, &k); err != nil {
		return Ergebnis{}, fehler.New("intake.Receive", e.ID.String(), fehler.ErrInvalid, errors.New("the stored delivery is not readable"))
	}
	if Ausgang(e.Zustand) != Offen {
		r := ergebnis(e, k)
		r.Bekannt = true
		return r, nil
	}
	return a.finish(ctx, e, k)
}

// finish completes a reserved Eingang from the bytes that were kept then: what the
// sender offers now under the same key may be something else.
func (a *Annahme) finish(ctx context.Context, e storage.Eingang, k akte) (Ergebnis, error) {
	v, err := a.p.Store.Get(ctx, e.ZielMandant, e.ZielVorgang)
	if err == nil {
		return a.settle(ctx, e, k, v.Nummer())
	}
	if !errors.Is(err, fehler.ErrNotFound) {
		return Ergebnis{}, err
	}
	a.reopen(e.ZielMandant, &k.Lieferung)
	inhalt, err := a.wiederholen(ctx, k.Lieferung, tenant.Ziel{Mandant: e.ZielMandant, Einheit: k.Einheit})
	if err != nil {
		return Ergebnis{}, fehler.New("intake.Receive", e.ID.String(), fehler.ErrInvalid, err)
	}
	return a.open(ctx, e, k, inhalt)
}

func ergebnis(e storage.Eingang, k akte) Ergebnis {
	r := Ergebnis{Ausgang: Ausgang(e.Zustand), Eingang: e.ID, Eingegangen: k.Lieferung.Eingang, Abdruck: k.Lieferung.Abdruck,
		Dublette: k.Lieferung.Dublette, Probleme: k.Probleme}
	if r.Ausgang == Angenommen {
		r.Mandant, r.Vorgang, r.Nummer = e.ZielMandant, e.ZielVorgang, k.Nummer
	}
	if r.Ausgang == Klaerung || r.Ausgang == Angenommen && k.Geklaert {
		r.Quittung = k.Lieferung.Quittung
	}
	return r
}

func (a *Annahme) route(l Lieferung) (tenant.Ziel, error) {
	leistung, err := tenant.ParseLeistung(l.Leistung)
	if err != nil {
		return tenant.Ziel{}, err
	}
	ort, err := tenant.ParseARS(l.Ort)
	if err != nil {
		return tenant.Ziel{}, err
	}
	return a.p.Router.Route(leistung, ort, datum.Von(l.Eingang))
}

// eingerichtet: Mandant and Einheit are there.
func (a *Annahme) eingerichtet(ctx context.Context, z tenant.Ziel) error {
	m, err := a.p.Mandanten.Mandant(ctx, z.Mandant)
	if errors.Is(err, fehler.ErrNotFound) {
		return fehler.Probleme{{Code: "routing.mandant-unbekannt", Pfad: string(z.Mandant), Meldung: "the rule names a Mandant that is not set up",
			Hinweis: "Die Zuständigkeit nennt einen Mandanten, der nicht eingerichtet ist."}}
	}
	if err != nil {
		return err
	}
	if _, ok := m.Einheit(z.Einheit); !ok {
		return fehler.Probleme{{Code: "routing.einheit-unbekannt", Pfad: z.Einheit, Meldung: "the rule names an Einheit that is not set up",
			Hinweis: "Die Zuständigkeit nennt eine Organisationseinheit, die es nicht gibt."}}
	}
	return nil
}

// keep makes all bytes durable for the Mandant and notes size and hash.
func (a *Annahme) keep(ctx context.Context, m tenant.ID, l *Lieferung) error {
	for _, t := range l.teile() {
		r, err := t.open(ctx)
		if err != nil {
			return err
		}
		if there, ok := r.(*abgelegt); ok && there.mandant == m { // not a second time
			t.Groesse, t.SHA512 = there.ref.Groesse, there.ref.SHA512
			if err := r.Close(); err != nil {
				return err
			}
			continue
		}
		ref, err := a.p.Blobs.Put(ctx, m, r)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
		t.Groesse, t.SHA512 = ref.Groesse, ref.SHA512
	}
	return nil
}

// ausgang is what the problems of the steps come to.
func (l *Lauf) ausgang() Ausgang {
	if l.ablehnen && !l.Lieferung.OhneAbsage {
		return Abgelehnt
	}
	return Klaerung
}

// urteil: what breaks a rule is refused. If nothing is wrong but the type of a
// file or single values of the form, a person decides.
func urteil(p fehler.Probleme) Ausgang {
	for _, q := range p {
		switch q.Code {
		case "intake.dateityp", "intake.wert", "intake.wert-mehrdeutig", "intake.wert-fehlt":
		default:
			return Abgelehnt
		}
	}
	return Klaerung
}
