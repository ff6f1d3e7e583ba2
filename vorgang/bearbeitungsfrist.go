package vorgang

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Bearbeitungsfrist is the period in which the authority must decide, as package
// bescheid/frist works it out.
type Bearbeitungsfrist struct {
	ID uuid.UUID `json:"id"`
	// Beginn is the first day that counts, Ende the last one without Aussetzungen; see
	// [Stand.Fristende].
	Beginn datum.Datum `json:"beginn"`
	Ende   datum.Datum `json:"ende"`
	// Regeln by which it was worked out.
	Regeln []string `json:"regeln,omitempty"`
	// Schritte for people: in the entry of the journal, not in the Stand.
	Schritte []string `json:"schritte,omitempty"`
	// Fiktion: after the end the permit counts as granted (§ 42a VwVfG).
	Fiktion bool `json:"fiktion,omitempty"`
	// Warnungen are the days on which to warn.
	Warnungen []datum.Datum `json:"warnungen,omitempty"`
	// Verlaengert is when it was extended and why; zero if it was not.
	Verlaengert        datum.Datum `json:"verlaengert,omitzero"`
	VerlaengerungGrund string      `json:"verlaengerungGrund,omitempty"`
	// UrspruenglichesEnde is the one before it was extended.
	UrspruenglichesEnde datum.Datum `json:"urspruenglichesEnde,omitzero"`
	// Eingabe is the case it was worked out from, for [Vorgang.Nachrechnen]; nil if it was
	// set by hand.
	Eingabe *frist.Eingabe `json:"eingabe,omitempty"`
}

// NewBearbeitungsfrist takes over a result of bescheid/frist for the case
// Bearbeitungsfrist or Genehmigungsfiktion, and the days on which to
// warn. Of several readings of the law the earliest end counts. A result without an
// end, or for another case, is fehler.ErrInvalid. Aussetzungen do not belong into the
// case: those of the Vorgang are added by [Stand.Fristende].
func NewBearbeitungsfrist(e frist.Ergebnis, warnungen ...frist.Vorwarnung) (Bearbeitungsfrist, error) {
	const op = "vorgang.NewBearbeitungsfrist"
	var am datum.Datum
	var rest bool
	switch c := e.Eingabe; {
	case c.Bearbeitungsfrist != nil:
		am, rest = c.Bearbeitungsfrist.Am, len(c.Bearbeitungsfrist.Aussetzungen) > 0
	case c.Genehmigungsfiktion != nil:
		am, rest = c.Genehmigungsfiktion.Vollstaendig, len(c.Genehmigungsfiktion.Aussetzungen) > 0
	default:
		return Bearbeitungsfrist{}, fehler.New(op, string(e.Zweck), fehler.ErrInvalid, errors.New("is no period for a decision"))
	}
	if e.Fruehestes().IsZero() || rest {
		return Bearbeitungsfrist{}, fehler.New(op, string(e.Zweck), fehler.ErrInvalid, errors.New("the result has no end, or Aussetzungen of its own"))
	}
	f := Bearbeitungsfrist{
		Beginn: am.AddTage(1), Ende: e.Fruehestes(), Fiktion: e.Eingabe.Genehmigungsfiktion != nil, Schritte: slices.Clone(e.Schritte),
		Eingabe: cloneEingabe(&e.Eingabe),
	}
	for _, b := range e.Belege {
		f.Regeln = append(f.Regeln, b.ID)
	}
	for _, w := range warnungen {
		f.Warnungen = append(f.Warnungen, w.Tag)
	}
	return f, nil
}

func (f *Bearbeitungsfrist) clone() *Bearbeitungsfrist {
	f = kopie(f)
	if f != nil {
		f.Eingabe = cloneEingabe(f.Eingabe)
		f.Regeln, f.Schritte, f.Warnungen = slices.Clone(f.Regeln), slices.Clone(f.Schritte), slices.Clone(f.Warnungen)
	}
	return f
}

// cloneEingabe copies the cases a Bearbeitungsfrist can have.
func cloneEingabe(e *frist.Eingabe) *frist.Eingabe {
	if e == nil {
		return nil
	}
	out := &frist.Eingabe{Bearbeitungsfrist: kopie(e.Bearbeitungsfrist), Genehmigungsfiktion: kopie(e.Genehmigungsfiktion)}
	if c := out.Bearbeitungsfrist; c != nil {
		c.Aussetzungen, c.Verlaengerung = slices.Clone(c.Aussetzungen), kopie(c.Verlaengerung)
	}
	if c := out.Genehmigungsfiktion; c != nil {
		c.Aussetzungen, c.Dauer, c.Verlaengerung = slices.Clone(c.Aussetzungen), kopie(c.Dauer), kopie(c.Verlaengerung)
	}
	return out
}

// Fristende is the last day of the Bearbeitungsfrist as it looks on the day: the days
// the Vorgang rested are added, each once, also those of an Aussetzung that is still
// running. It is not moved to a working day: that could only make it later, and the
// authority must not rely on it. Zero if there is no Bearbeitungsfrist.
func (s Stand) Fristende(tag datum.Datum) datum.Datum {
	f := s.Bearbeitungsfrist
	if f == nil {
		return datum.Datum{}
	}
	ende := f.Ende
	// In the order they began: what rests counts only if the period was running then.
	for _, a := range s.Aussetzungen {
		if a.Von.Nach(ende) {
			continue
		}
		if a.Von.Vor(f.Beginn) {
			a.Von = f.Beginn
		}
		ende = ende.AddTage(a.tage(tag))
	}
	return ende
}

// SetBearbeitungsfrist sets or replaces the Bearbeitungsfrist and orders its
// warnings. The id is given here.
func (v *Vorgang) SetBearbeitungsfrist(a tenant.Akteur, now time.Time, f Bearbeitungsfrist) error {
	const op = "SetBearbeitungsfrist"
	if err := v.check(op, a, now, BefehlFristSetzen); err != nil {
		return err
	}
	if f.Beginn.IsZero() || f.Ende.IsZero() || f.Ende.Vor(f.Beginn) {
		return v.fail(op, fehler.ErrInvalid, problem("frist.zeitraum", "/ende", "beginn and ende are mandatory, in this order", "Bitte Beginn und Ende der Frist angeben."))
	}
	if len(f.Warnungen) > MaxWarnungen {
		return v.fail(op, fehler.ErrInvalid, problem("frist.warnungen", "/warnungen", "too many warnings", "Das sind zu viele Vorwarnungen."))
	}
	f.ID, f.Verlaengert, f.VerlaengerungGrund, f.UrspruenglichesEnde = v.k.NewID(), datum.Datum{}, "", datum.Datum{}
	f.Warnungen = slices.Compact(slices.SortedFunc(slices.Values(f.Warnungen), datum.Datum.Compare))
	if err := v.record(a, now, &FristGesetzt{Wechsel[Bearbeitungsfrist]{Befehl: BefehlFristSetzen, Nach: f.clone(), Von: v.s.Bearbeitungsfrist.clone()}}); err != nil {
		return err
	}
	return v.orderWarnung(now, WarnungBearbeitungsfrist, f.ID, f.Warnungen...)
}

// Verlaengerung of the Bearbeitungsfrist.
type Verlaengerung struct {
	// Ende is the new last day, without Aussetzungen; after the old one.
	Ende  datum.Datum
	Grund string
	// Betreff and Text of the letter that tells the applicant; the text is mandatory.
	Betreff, Text string
	Regeln        []string
	Warnungen     []datum.Datum
}

// ExtendFrist extends the Bearbeitungsfrist: once, with a reason, and told to the
// applicant before it ends (§ 42a (2) VwVfG). Too late or a second time is
// fehler.ErrInvalid.
func (v *Vorgang) ExtendFrist(a tenant.Akteur, now time.Time, w Verlaengerung) error {
	const op = "ExtendFrist"
	if err := v.check(op, a, now, BefehlFristVerlaengern); err != nil {
		return err
	}
	if err := v.needText(op, "/grund", w.Grund, "Bitte den Grund der Verlängerung angeben."); err != nil {
		return err
	}
	if err := v.needText(op, "/text", w.Text, "Bitte den Text der Mitteilung an die antragstellende Person angeben."); err != nil {
		return err
	}
	war := v.s.Bearbeitungsfrist
	heute := v.heute(now)
	switch {
	case war == nil:
		return v.fail(op, fehler.ErrInvalid, problem("frist.keine", "/bearbeitungsfrist", "there is none", "Es läuft keine Frist, die verlängert werden könnte."))
	case !war.Verlaengert.IsZero():
		return v.fail(op, fehler.ErrInvalid, problem("frist.schon-verlaengert", "/bearbeitungsfrist", "was extended already",
			"Die Frist wurde schon einmal verlängert; ein zweites Mal ist nicht möglich."))
	case heute.Nach(v.s.Fristende(heute)):
		return v.fail(op, fehler.ErrInvalid, problem("frist.abgelaufen", "/bearbeitungsfrist", "is over",
			"Die Frist ist abgelaufen; sie hätte vorher verlängert und die Verlängerung vorher mitgeteilt werden müssen."))
	case !w.Ende.Nach(war.Ende):
		return v.fail(op, fehler.ErrInvalid, problem("frist.zeitraum", "/ende", "is not after the old end", "Das neue Ende muss nach dem bisherigen liegen."))
	case len(w.Warnungen) > MaxWarnungen:
		return v.fail(op, fehler.ErrInvalid, problem("frist.warnungen", "/warnungen", "too many warnings", "Das sind zu viele Vorwarnungen."))
	}
	ist := war.clone()
	ist.ID, ist.Ende, ist.Verlaengert, ist.VerlaengerungGrund, ist.UrspruenglichesEnde = v.k.NewID(), w.Ende, heute, w.Grund, war.Ende
	ist.Regeln = append(ist.Regeln, w.Regeln...)
	ist.Warnungen = slices.Compact(slices.SortedFunc(slices.Values(w.Warnungen), datum.Datum.Compare))
	if _, err := v.send(a, now, messaging.Nachricht{Art: messaging.Mitteilung, Betreff: w.Betreff, Text: w.Text, Antwort: messaging.AntwortMoeglich}); err != nil {
		return err
	}
	if err := v.record(a, now, &FristVerlaengert{Wechsel[Bearbeitungsfrist]{Befehl: BefehlFristVerlaengern, Nach: ist, Von: war.clone()}}); err != nil {
		return err
	}
	return v.orderWarnung(now, WarnungBearbeitungsfrist, ist.ID, ist.Warnungen...)
}

// The entries of a Bearbeitungsfrist.
type (
	// FristGesetzt sets it (frist.gesetzt).
	FristGesetzt struct{ Wechsel[Bearbeitungsfrist] }
	// FristVerlaengert extends it (frist.verlaengert).
	FristVerlaengert struct{ Wechsel[Bearbeitungsfrist] }
)

func (*FristGesetzt) code() Code     { return "frist.gesetzt" }
func (*FristVerlaengert) code() Code { return "frist.verlaengert" }

func (d *FristGesetzt) apply(s *Stand, _ *Ereignis)     { s.setzeFrist(d.Nach) }
func (d *FristVerlaengert) apply(s *Stand, _ *Ereignis) { s.setzeFrist(d.Nach) }

func (s *Stand) setzeFrist(f *Bearbeitungsfrist) {
	if s.Bearbeitungsfrist = f.clone(); f != nil {
		s.Bearbeitungsfrist.Schritte = nil
	}
}

func (*FristGesetzt) gegenstand() string     { return "bearbeitungsfrist" }
func (*FristVerlaengert) gegenstand() string { return "bearbeitungsfrist" }

func (d *FristGesetzt) umkehren() (Befehl, daten)     { return d.Befehl, &FristGesetzt{d.zurueck()} }
func (d *FristVerlaengert) umkehren() (Befehl, daten) { return d.Befehl, nil }
