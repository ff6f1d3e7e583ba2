package vorgang

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Bounds of a Vorgang.
const (
	// MaxGebuehren is how many fees one Vorgang can have.
	MaxGebuehren = 50
	// MaxOnlinezahlungen is how many payments at services one fee can have.
	MaxOnlinezahlungen = 20
)

// Gebuehr is a fee that was decided, with what became of it. The whole result of the
// calculation lies in the journal ([GebuehrFestgesetzt]).
type Gebuehr struct {
	// ID is also that of the Forderung, as text.
	ID uuid.UUID `json:"id"`
	// Bescheid that fixes it; zero if it stands alone.
	Bescheid uuid.UUID `json:"bescheid,omitzero"`
	// Schuldner is the addressee of the Bescheid who owes it; zero if it has only one.
	Schuldner uuid.UUID `json:"schuldner,omitzero"`
	// Gesamtschuldner are further addressees each of whom owes the whole sum, once.
	Gesamtschuldner []uuid.UUID `json:"gesamtschuldner,omitempty"`
	// Tabelle is the Kennung of the fee table, Regeln the ids of the rows used, and
	// Schritte how the sum came about, in German.
	Tabelle  string   `json:"tabelle"`
	Regeln   []string `json:"regeln,omitempty"`
	Schritte []string `json:"schritte,omitempty"`
	// NachBekanntgabe: due FaelligTage after the Bekanntgabe of the Bescheid, whatever
	// becomes of that day; the day in the Forderung is then only an estimate.
	NachBekanntgabe bool `json:"nachBekanntgabe,omitempty"`
	FaelligTage     int  `json:"faelligTage,omitempty"`
	// Forderung as it was opened and what happened to it. Its day is the right one in
	// what [Stand.Forderung] gives.
	Forderung zahlung.Forderung `json:"forderung"`
	// Augen that cannot waive it: who decided it, and whom that person stands in for.
	Augen []string `json:"augen"`
	// Vorgelegt is the day the step counted from with which it was handed to a person; zero
	// if it was not, see [Vorgang.ReachMahnung].
	Vorgelegt datum.Datum `json:"vorgelegt,omitzero"`
	// Zahlungen at payment services, in the order they were begun.
	Zahlungen []Onlinezahlung `json:"zahlungen,omitempty"`
}

// Onlinezahlung is a payment at a service as it was last reported. Weg is empty until
// the service has it.
type Onlinezahlung struct {
	zahlung.Zahlung
	Angeordnet time.Time `json:"angeordnet"`
}

func (g *Gebuehr) kennung() uuid.UUID { return g.ID }

func (g Gebuehr) clone() Gebuehr {
	g.Regeln, g.Schritte, g.Augen = slices.Clone(g.Regeln), slices.Clone(g.Schritte), slices.Clone(g.Augen)
	g.Zahlungen, g.Gesamtschuldner = slices.Clone(g.Zahlungen), slices.Clone(g.Gesamtschuldner)
	g.Forderung = g.Forderung.Clone()
	return g
}

// Festsetzung says what fee is decided.
type Festsetzung struct {
	// Ergebnis of the calculation by the fee table; its sum is above zero.
	Ergebnis gebuehr.Ergebnis
	// Bescheid of the Vorgang that fixes the fee; zero if it stands alone, such as an
	// advance. One Bescheid has one fee, unless the earlier one was waived in whole.
	Bescheid uuid.UUID
	// Schuldner is who of several addressees of the Bescheid owes it. The letters to the
	// others do not tell how it is paid.
	Schuldner uuid.UUID
	// Gesamtschuldner are the other addressees who owe the whole sum with the Schuldner
	// (§ 421 BGB; § 44 AO and the fee laws of the Laender): the letter to each tells how to pay,
	// and each is reminded, until one has paid.
	Gesamtschuldner []uuid.UUID
	// Kassenzeichen is what the payer writes on the transfer, 1 to 35 characters.
	// It must be unique for the Mandant; see package kassenzeichen.
	Kassenzeichen string
	// Faellig is the last day to pay. Zero with a Bescheid: FaelligTage (0 to 3650) after its
	// Bekanntgabe.
	Faellig     datum.Datum
	FaelligTage int
	Zahler      zahlung.Zahler
}

// ChargeFee decides a fee and opens its Forderung. A fee fixed by a Bescheid is not
// demanded from anybody before the Bescheid is on its way with a known day of
// Bekanntgabe. A fee of zero needs no command: fehler.ErrInvalid.
func (v *Vorgang) ChargeFee(a tenant.Akteur, now time.Time, f Festsetzung) (uuid.UUID, error) {
	const op = "ChargeFee"
	if err := v.check(op, a, now, BefehlGebuehrFestsetzen); err != nil {
		return uuid.Nil, err
	}
	id := v.k.NewID()
	g, err := v.festsetzung(op, id, now, f)
	if err != nil {
		return uuid.Nil, err
	}
	g.Augen = a.Augen()
	return id, v.record(a, now, &GebuehrFestgesetzt{Gebuehr: g, Ergebnis: f.Ergebnis})
}

func (v *Vorgang) festsetzung(op string, id uuid.UUID, now time.Time, f Festsetzung) (g Gebuehr, err error) {
	nein := func(kind error, code, pfad, meldung, hinweis string) (Gebuehr, error) {
		return Gebuehr{}, v.fail(op, kind, problem(code, pfad, meldung, hinweis))
	}
	g = Gebuehr{ID: id, Bescheid: f.Bescheid, Schuldner: f.Schuldner, Gesamtschuldner: slices.Clone(f.Gesamtschuldner), Tabelle: f.Ergebnis.Tabelle, Schritte: slices.Clone(f.Ergebnis.Schritte), FaelligTage: f.FaelligTage}
	ps, regeln, err := positionen(f.Ergebnis)
	g.Regeln = regeln
	summe := f.Ergebnis.Summe
	switch {
	case err != nil || f.Ergebnis.Tabelle == "":
		return nein(fehler.ErrInvalid, "gebuehr.ergebnis", "/ergebnis", "no table, or the items do not add up", "Das Ergebnis der Gebührenberechnung ist unvollständig. Bitte neu berechnen.")
	case summe <= 0:
		return nein(fehler.ErrInvalid, "gebuehr.null", "/ergebnis/summe", "nothing to charge", "Es ist nichts zu erheben.")
	case f.FaelligTage < 0 || f.FaelligTage > 3650:
		return nein(fehler.ErrInvalid, "gebuehr.faellig-tage", "/faelligTage", "not 0 to 3650", "Die Zahlungsfrist liegt außerhalb von 0 bis 3650 Tagen.")
	case f.Kassenzeichen == "" || len(f.Kassenzeichen) > 35 || strings.ContainsFunc(f.Kassenzeichen, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }):
		return nein(fehler.ErrInvalid, "gebuehr.kassenzeichen", "/kassenzeichen", "not 1 to 35 printable ASCII characters", "Das Kassenzeichen fehlt oder hat unzulässige Zeichen.")
	case len(v.s.Gebuehren) >= MaxGebuehren:
		return nein(fehler.ErrInvalid, "gebuehr.zu-viele", "/gebuehren", "too many", "Zu diesem Vorgang gibt es zu viele Gebühren.")
	case f.Bescheid != uuid.Nil && v.s.bescheid(f.Bescheid) == nil:
		return nein(fehler.ErrNotFound, "gebuehr.bescheid", "/bescheid", "no such Bescheid", "Diesen Bescheid gibt es im Vorgang nicht.")
	}
	i := bescheid.Inhalt{}
	if b := v.s.bescheid(f.Bescheid); b != nil {
		i = b.Inhalt
	}
	if _, ok := schuldner(f.Schuldner, i); !ok || fremdeGesamtschuldner(f.Schuldner, f.Gesamtschuldner, i) {
		return Gebuehr{}, v.fail(op, fehler.ErrInvalid, problemSchuldner())
	}
	for _, x := range v.s.Gebuehren {
		if x.Forderung.Kassenzeichen == f.Kassenzeichen {
			return nein(fehler.ErrExists, "gebuehr.kassenzeichen-vergeben", "/kassenzeichen", "is taken", "Dieses Kassenzeichen ist im Vorgang schon vergeben.")
		}
		if f.Bescheid != uuid.Nil && x.Bescheid == f.Bescheid && x.Forderung.Stand(v.heute(now)).Soll > 0 {
			return nein(fehler.ErrExists, "gebuehr.schon", "/bescheid", "the Bescheid has a fee", "Zu diesem Bescheid ist schon eine Gebühr festgesetzt.")
		}
	}
	faellig := f.Faellig
	if faellig.IsZero() && f.Bescheid != uuid.Nil {
		g.NachBekanntgabe, faellig = true, v.heute(now).AddTage(f.FaelligTage)
	}
	g.Forderung, err = zahlung.NewForderung(zahlung.Forderung{
		ID: id.String(), Kassenzeichen: f.Kassenzeichen, Waehrung: zahlung.EUR, Positionen: ps, Zweck: f.Kassenzeichen, Zahler: f.Zahler, Faellig: faellig,
	}, v.zeitpunkt(now))
	return g, err
}

// positionen are the items of a calculation as a payment service takes them, and the ids of the
// rules behind it. Items that do not add up to the sum are an error.
func positionen(e gebuehr.Ergebnis) (ps []zahlung.Position, regeln []string, err error) {
	for n, p := range e.Positionen {
		if !slices.Contains(regeln, p.Tarif) {
			regeln = append(regeln, p.Tarif)
		}
		if p.Betrag == 0 {
			continue
		}
		ref := p.Tarifstelle
		if ref == "" || len(ref) > 36 {
			ref = p.Tarif
		}
		ps = append(ps, zahlung.Position{ID: strconv.Itoa(n + 1), Referenz: ref, Text: postentext(p.Bezeichnung), Menge: 1, Netto: p.Betrag})
	}
	for _, b := range e.Belege {
		if !slices.Contains(regeln, b.ID) {
			regeln = append(regeln, b.ID)
		}
	}
	if summe, err := zahlung.Summe(ps); err != nil || summe != e.Summe {
		return nil, nil, errors.New("the items of the fee do not add up")
	}
	return ps, regeln, nil
}

// postentext writes a name as every payment service takes it: Latin letters, digits,
// blanks and - , . and at most 250 of them.
func postentext(t string) string {
	t = strings.Map(func(r rune) rune {
		if r >= 'À' && r <= 'ſ' || r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-,.", r)) {
			return r
		}
		return ' '
	}, t)
	z := []rune(strings.Join(strings.Fields(t), " "))
	return string(z[:min(len(z), 250)])
}

// Forderung gives what is owed for the fee, due on the day that follows from the
// Bekanntgabe as it stands now.
func (s Stand) Forderung(gebuehr uuid.UUID) (zahlung.Forderung, bool) {
	g := finde(s.Gebuehren, gebuehr)
	if g == nil {
		return zahlung.Forderung{}, false
	}
	return s.forderung(g).Clone(), true
}

func (s *Stand) forderung(g *Gebuehr) zahlung.Forderung {
	f := g.Forderung
	if b := s.bescheid(g.Bescheid); g.NachBekanntgabe && b != nil && b.Bekanntgabe != nil {
		f.Faellig = b.Bekanntgabe.Tag.AddTage(g.FaelligTage)
	}
	return f
}

// Eingefordert tells whether the fee binds its payer: it stands alone, or its Bescheid is
// on its way and the day of Bekanntgabe is known.
func (s Stand) Eingefordert(gebuehr uuid.UUID) bool {
	g := finde(s.Gebuehren, gebuehr)
	return g != nil && s.eingefordert(g)
}

func (s *Stand) eingefordert(g *Gebuehr) bool {
	if g.Bescheid == uuid.Nil {
		return true
	}
	b := s.bescheid(g.Bescheid)
	return b != nil && b.Bekanntgabe != nil && (b.Zustand == bescheid.Versandt || b.Zustand == bescheid.Bekanntgegeben || b.Zustand == bescheid.Bestandskraeftig)
}

// zuZahlen are the days of the fees that are demanded and pursued and not paid. ueberschuss
// tells whether something is to be paid back.
func (s *Stand) zuZahlen() (faellig []datum.Datum, ueberschuss bool) {
	for i := range s.Gebuehren {
		g := &s.Gebuehren[i]
		// Whether something is open does not depend on the day.
		x := s.forderung(g).Stand(datum.Von(s.Journal.Zeit))
		if s.eingefordert(g) && x.Offen > 0 && x.Lage != zahlung.Niedergeschlagen {
			faellig = append(faellig, x.Faellig)
		}
		ueberschuss = ueberschuss || x.Ueberschuss > 0
	}
	return faellig, ueberschuss
}

// forderungOffen is why the Vorgang cannot be closed or deleted.
func (s *Stand) forderungOffen(code string) []fehler.Problem {
	switch faellig, zuviel := s.zuZahlen(); {
	case len(faellig) > 0:
		return []fehler.Problem{problem(code, "/gebuehren", "a Forderung is open", "Eine Gebühr ist noch nicht bezahlt.")}
	case zuviel:
		return []fehler.Problem{problem(code, "/gebuehren", "a surplus is to be paid back", "Eine Überzahlung ist noch zu erstatten.")}
	}
	return nil
}

// OeffentlicheZahlung is what the citizen reads about a fee.
type OeffentlicheZahlung struct {
	// Text is a German sentence.
	Text string
	// Betrag and Faellig of what is still to be paid; zero if nothing is. Kassenzeichen is
	// what to write on the transfer, URL the pay page of a payment that was begun.
	Betrag        zahlung.Betrag
	Faellig       datum.Datum
	Kassenzeichen string
	URL           string
}

// zahlungen are the fees as the citizen may know them: none that is not demanded.
func (s *Stand) zahlungen(tag datum.Datum) (out []OeffentlicheZahlung) {
	for i := range s.Gebuehren {
		g := &s.Gebuehren[i]
		if !s.eingefordert(g) || !s.vomAntragsteller(g) {
			continue
		}
		if o := s.oeffentlicheZahlung(g, tag); o.Text != "" {
			out = append(out, o)
		}
	}
	return out
}

func (s *Stand) oeffentlicheZahlung(g *Gebuehr, tag datum.Datum) OeffentlicheZahlung {
	f := s.forderung(g)
	x := f.Stand(tag)
	o := OeffentlicheZahlung{Text: zahlungstext(f, x)}
	if x.Offen > 0 && x.Lage != zahlung.Niedergeschlagen {
		o.Betrag, o.Faellig, o.Kassenzeichen = x.Offen, zahlbarBis(f, x), f.Kassenzeichen
		for _, z := range g.Zahlungen {
			if z.Zustand == zahlung.Initial {
				o.URL = z.URL
			}
		}
	}
	return o
}

// Zahlungsseite is what somebody who owes the fee may see of the Vorgang, and nothing else of
// it: what is to be paid, until when and how. Not ok while the fee is not demanded, and once the
// Vorgang is to be deleted. Whoever shows it has checked a [Zahlungscodes] code, or a login.
func (s Stand) Zahlungsseite(gebuehr uuid.UUID, tag datum.Datum) (OeffentlicheZahlung, bool) {
	g := finde(s.Gebuehren, gebuehr)
	if g == nil || !s.eingefordert(g) || s.Status == ZuLoeschen || s.Status == Geloescht {
		return OeffentlicheZahlung{}, false
	}
	o := s.oeffentlicheZahlung(g, tag)
	return o, o.Text != ""
}

// zahlbarBis is the day the payer was told last.
func zahlbarBis(f zahlung.Forderung, x zahlung.Stand) datum.Datum {
	for _, b := range slices.Backward(f.Bewegungen) {
		if x.Stufe > 0 && b.Art == zahlung.Mahnung {
			return b.Bis
		}
	}
	return x.Faellig
}

func zahlungstext(f zahlung.Forderung, x zahlung.Stand) string {
	switch bis := zahlbarBis(f, x).Deutsch(); x.Lage {
	case zahlung.Ueberzahlt:
		return "Sie haben zu viel bezahlt. Sie bekommen " + x.Ueberschuss.Deutsch() + " zurück."
	case zahlung.LageErstattet:
		return "Ihre Zahlung wurde Ihnen zurückgezahlt."
	case zahlung.Bezahlt:
		if x.Gezahlt == 0 {
			return "Sie müssen nichts bezahlen."
		}
		return "Ihre Zahlung ist eingegangen."
	case zahlung.Niedergeschlagen:
		return ""
	case zahlung.Gestundet:
		return "Sie müssen " + x.Offen.Deutsch() + " erst bis zum " + bis + " bezahlen."
	case zahlung.Ueberfaellig:
		return "Ihre Zahlung fehlt noch. Bitte bezahlen Sie " + x.Offen.Deutsch() + "; das war bis zum " + bis + " fällig."
	default:
		return "Bitte bezahlen Sie " + x.Offen.Deutsch() + " bis zum " + bis + "."
	}
}

// GebuehrFestgesetzt: a fee was decided (gebuehr.festgesetzt). Ergebnis is the calculation
// with its input, steps and the table, so that it can be repeated.
type GebuehrFestgesetzt struct {
	Gebuehr  Gebuehr          `json:"gebuehr"`
	Ergebnis gebuehr.Ergebnis `json:"ergebnis"`
}

func (*GebuehrFestgesetzt) code() Code { return "gebuehr.festgesetzt" }
func (d *GebuehrFestgesetzt) apply(s *Stand, _ *Ereignis) {
	s.Gebuehren = append(s.Gebuehren, d.Gebuehr.clone())
}
func (d *GebuehrFestgesetzt) gegenstand() string        { return "gebuehr/" + d.Gebuehr.ID.String() }
func (d *GebuehrFestgesetzt) umkehren() (Befehl, daten) { return BefehlGebuehrFestsetzen, nil }
