package pruefung

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// MinSalz is the least length of a salt.
const MinSalz = 32

// Options configures [Compile] and [NewVerzeichnis]. Nil means defaults.
type Options struct {
	// Salz keys the draw of the sample, at least [MinSalz] random bytes, secret.
	// Without it no Regelwerk with a sample comes to Standardfall.
	Salz []byte
	// FruehereSalze are salts that were in use before; [Pruefer.Replay] alone needs them.
	FruehereSalze [][]byte
	// Nachschlagen are the functions that rules may ask, by name. Each one that a
	// Regelwerk declares must be there; more may be.
	Nachschlagen map[string]Nachschlagen
}

// Pruefer runs one Regelwerk: compiled once, run many times. It is safe for
// concurrent use.
type Pruefer struct {
	werk    *werk
	regeln  atomic.Pointer[Regelwerk]
	salz    *salz
	salze   map[string]*salz // by their name, the one in use among them
	fragbar map[string]Nachschlagen
}

type salz struct {
	name   string
	geheim []byte
}

// newSalz names a salt by a hash keyed with it, from which it cannot be guessed.
func newSalz(b []byte) *salz {
	return &salz{name: hex.EncodeToString(mac(b, "fachwerk.pruefung.salz/1")[:8]), geheim: slices.Clone(b)}
}

func mac(schluessel []byte, teile ...string) []byte {
	m := hmac.New(sha256.New, schluessel)
	for _, t := range teile {
		m.Write([]byte(t))
		m.Write([]byte{0})
	}
	return m.Sum(nil)
}

// Compile makes a Pruefer. A salt that is too short and a declared function that
// is not registered are problems (fehler.ErrInvalid).
func Compile(w *Regelwerk, o *Options) (*Pruefer, error) {
	if o == nil {
		o = &Options{}
	}
	if w == nil || w.werk == nil {
		return nil, fehler.New("pruefung.Compile", "", fehler.ErrInvalid, fehler.Probleme{problem("leer", "", "no Regelwerk", "Das Regelwerk fehlt.")})
	}
	p := &Pruefer{werk: w.werk, salze: map[string]*salz{}, fragbar: map[string]Nachschlagen{}}
	p.regeln.Store(w)
	c := &pruefer{}
	for i, s := range append([][]byte{o.Salz}, o.FruehereSalze...) {
		if i == 0 && len(s) == 0 {
			continue
		}
		c.fordere(len(s) >= MinSalz, "salz-kurz", "/salz", fmt.Sprintf("salt shorter than %d bytes", MinSalz),
			"Das Salz der Stichprobe ist zu kurz.")
		z := newSalz(s)
		p.salze[z.name] = z
		if i == 0 {
			p.salz = z
		}
	}
	for i, n := range w.a.Nachschlagen {
		f := o.Nachschlagen[n.Name]
		c.fordere(f != nil, "nachschlag-unbekannt", fmt.Sprintf("/nachschlagen/%d", i), "function is not registered",
			"Ein Nachschlagewerk, das die Regeln brauchen, ist nicht eingerichtet.")
		p.fragbar[n.Name] = f
	}
	if len(c.probleme) > 0 {
		return nil, fehler.New("pruefung.Compile", w.a.kennung(), fehler.ErrInvalid, c.probleme)
	}
	return p, nil
}

// Regelwerk gives the rules as they are now, with the switch.
func (p *Pruefer) Regelwerk() *Regelwerk { return p.regeln.Load() }

// SwitchOff stops automatic decisions at once: no Check that returns after
// SwitchOff returned comes to Standardfall unless its gates were read before. It
// gives the Regelwerk to store. Rights and errors are those of [Regelwerk.SwitchOff].
func (p *Pruefer) SwitchOff(a tenant.Akteur, am datum.Datum, grund string) (*Regelwerk, error) {
	for {
		alt := p.regeln.Load()
		neu, err := alt.SwitchOff(a, am, grund)
		if err != nil || neu == alt || p.regeln.CompareAndSwap(alt, neu) {
			return neu, err
		}
	}
}

// Check runs the rules over the data of one case: JSON of at most [MaxEingabe]
// bytes. Stichtag is the day the law is applied on; nothing reads a clock. Data
// that is no JSON of this kind, or a missing Stichtag, is [fehler.ErrInvalid]; data
// that breaks the schema is no error but an outcome. When ctx ends, its error comes
// back and nothing is decided.
func (p *Pruefer) Check(ctx context.Context, daten []byte, stichtag datum.Datum) (vorgang.Pruefprotokoll, error) {
	return p.laufe(ctx, "pruefung.Check", daten, stichtag, art{salz: p.salz})
}

// art tells how a run differs from a Check.
type art struct {
	salz         *salz
	band         map[string]*vorgang.Nachschlag
	nurBand      bool
	abgeschaltet *bool // as it was recorded
	probe        *bool // simulation: as if released and valid, drawn as recorded
}

func (p *Pruefer) laufe(ctx context.Context, op string, daten []byte, stichtag datum.Datum, a art) (vorgang.Pruefprotokoll, error) {
	w := p.regeln.Load()
	eingabe, prob := lies(daten, MaxEingabe)
	if prob == nil && !imKalender(stichtag) {
		prob = jsonProblem("stichtag", "", "no Stichtag, or out of range", "Der Stichtag fehlt oder liegt außerhalb des Kalenders.")
	}
	if prob != nil {
		return vorgang.Pruefprotokoll{}, fehler.New(op, w.a.kennung(), fehler.ErrInvalid, fehler.Probleme{*prob})
	}
	pr := vorgang.Pruefprotokoll{
		Form: 1, Maschine: Maschine, Regelwerk: w.a.ID, Fassung: w.a.Fassung, RegelwerkHash: w.hash, Leistung: w.a.Leistung,
		EingabeHash: summe(kanon(eingabe)), Stichtag: stichtag,
		Regeln: make([]vorgang.Regelergebnis, 0, len(p.werk.regeln)),
	}
	l := &lauf{ctx: ctx, werke: p.fragbar, band: a.band, nurBand: a.nurBand, bekannt: map[string]*vorgang.Nachschlag{}}
	b := p.werk.pruefeSchema(eingabe)
	pr.Nachforderungen, pr.Gruende = b.fehlt, b.form
	vars := map[string]any{eingabeName: geordnet{}.NativeToValue(eingabe), stichtagName: alsWert(stichtag), laufName: l}
	for i := range p.werk.regeln {
		if err := ctx.Err(); err != nil {
			return vorgang.Pruefprotokoll{}, err
		}
		p.werk.regeln[i].werte(l, vars, &pr, len(b.fehlt) > 0)
		if l.abbruch != nil {
			return vorgang.Pruefprotokoll{}, l.abbruch
		}
	}
	for _, n := range l.liste {
		pr.Nachschlaege = append(pr.Nachschlaege, *n)
	}
	p.schliesse(w, &pr, a)
	return pr.Clone(), nil
}

// schliesse reads the gates and comes to the outcome. The switch is read here, last.
func (p *Pruefer) schliesse(w *Regelwerk, pr *vorgang.Pruefprotokoll, a art) {
	pr.Abgeschaltet = p.regeln.Load().a.Abschaltung != nil
	if a.abgeschaltet != nil {
		pr.Abgeschaltet = *a.abgeschaltet
	}
	t := tore{gueltig: w.Gilt(pr.Stichtag), freigegeben: w.Freigegeben(), erlaubt: w.a.Automatik != nil, salz: true}
	if m := w.a.Automatik; m != nil && m.Stichprobe > 0 && a.probe == nil {
		t.salz = a.salz != nil
		if t.salz {
			pr.Salz = a.salz.name
			pr.Gezogen = a.salz.zieht(pr, m.Stichprobe)
		}
	}
	if a.probe != nil {
		t.gueltig, t.freigegeben = true, true
		pr.Gezogen, pr.Abgeschaltet = *a.probe, false
	}
	t.abgeschaltet, t.gezogen = pr.Abgeschaltet, pr.Gezogen
	t.entscheide(pr)
}

// zieht is the draw: by data and version alone, so that it can be repeated, and
// keyed, so that nobody outside can tell it beforehand.
func (s *salz) zieht(pr *vorgang.Pruefprotokoll, promille int) bool {
	h := mac(s.geheim, "fachwerk.pruefung.stichprobe/1", pr.EingabeHash, pr.Regelwerk, strconv.Itoa(pr.Fassung))
	return gezogen(binary.BigEndian.Uint64(h), promille)
}

// gezogen spreads 64 bits over 1000 without favouring any and takes the first ones.
func gezogen(h uint64, promille int) bool {
	n, _ := bits.Mul64(h, 1000)
	return n < uint64(promille)
}
