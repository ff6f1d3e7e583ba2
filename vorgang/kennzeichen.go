package vorgang

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Limits of what marks a Vorgang.
const (
	// MaxKennzeichen is how many Aktenzeichen, how many Schlagworte and how many
	// Verknuepfungen a Vorgang can have.
	MaxKennzeichen = 100
	// MaxKennzeichenBytes is the length of one of them, and of each field of an
	// Ansprechpartner.
	MaxKennzeichenBytes = 200
)

// Ansprechpartner is who the citizen may call: the only person of the authority the
// citizen gets to see.
type Ansprechpartner struct {
	Name    string `json:"name"`
	Telefon string `json:"telefon,omitempty"`
	Email   string `json:"email,omitempty"`
	Raum    string `json:"raum,omitempty"`
}

// VerknuepfungArt says what another Vorgang is to this one.
type VerknuepfungArt string

// The kinds of links. Each has a counterpart, see [VerknuepfungArt.Gegenstueck].
const (
	Hauptvorgang  VerknuepfungArt = "hauptvorgang"   // the other one is above this one
	Teilvorgang   VerknuepfungArt = "teilvorgang"    // the other one is a part of this one
	SetztFort     VerknuepfungArt = "setzt_fort"     // this one goes on with the other one
	FortgesetztIn VerknuepfungArt = "fortgesetzt_in" // the other one goes on with this one
	DubletteVon   VerknuepfungArt = "dublette_von"   // this one is a duplicate of the other one
	HatDublette   VerknuepfungArt = "hat_dublette"   // the other one is a duplicate of this one
	Verwandt      VerknuepfungArt = "verwandt"
)

var gegenstuecke = map[VerknuepfungArt]VerknuepfungArt{
	Hauptvorgang: Teilvorgang, Teilvorgang: Hauptvorgang, SetztFort: FortgesetztIn, FortgesetztIn: SetztFort,
	DubletteVon: HatDublette, HatDublette: DubletteVon, Verwandt: Verwandt,
}

// Gegenstueck is how the link looks from the other side; empty for an unknown kind.
func (a VerknuepfungArt) Gegenstueck() VerknuepfungArt { return gegenstuecke[a] }

// Verknuepfung links this Vorgang to another one of the same Mandant.
type Verknuepfung struct {
	Art     VerknuepfungArt `json:"art"`
	Vorgang uuid.UUID       `json:"vorgang"`
	// Nummer of the other one, for people.
	Nummer string `json:"nummer,omitempty"`
}

// SetAktenzeichen replaces the Aktenzeichen. The same ones again are no change.
func (v *Vorgang) SetAktenzeichen(a tenant.Akteur, now time.Time, zeichen []string) error {
	const op = "SetAktenzeichen"
	if err := v.check(op, a, now, BefehlAktenzeichenSetzen); err != nil {
		return err
	}
	neu, err := v.kennzeichen(op, "/aktenzeichen", zeichen)
	if err != nil || slices.Equal(neu, v.s.Aktenzeichen) {
		return err
	}
	return v.record(a, now, &AktenzeichenGesetzt{Befehl: BefehlAktenzeichenSetzen, Nach: neu, Von: slices.Clone(v.s.Aktenzeichen)})
}

// SetSchlagworte replaces the tags by which clerks find the Vorgang.
func (v *Vorgang) SetSchlagworte(a tenant.Akteur, now time.Time, worte []string) error {
	const op = "SetSchlagworte"
	if err := v.check(op, a, now, BefehlVerschlagworten); err != nil {
		return err
	}
	neu, err := v.kennzeichen(op, "/schlagworte", worte)
	if err != nil || slices.Equal(neu, v.s.Schlagworte) {
		return err
	}
	return v.record(a, now, &Verschlagwortet{Befehl: BefehlVerschlagworten, Nach: neu, Von: slices.Clone(v.s.Schlagworte)})
}

// kennzeichen gives the texts without blanks around them, each once, nil for none.
func (v *Vorgang) kennzeichen(op, pfad string, list []string) ([]string, error) {
	var out []string
	for i, k := range list {
		k = strings.Join(strings.Fields(k), " ")
		if k == "" || len(k) > MaxKennzeichenBytes {
			return nil, v.fail(op, fehler.ErrInvalid, problem("vorgang.kennzeichen", fmt.Sprintf("%s/%d", pfad, i),
				fmt.Sprintf("is empty or longer than %d bytes", MaxKennzeichenBytes), "Der Eintrag ist leer oder zu lang."))
		}
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	if len(out) > MaxKennzeichen {
		return nil, v.fail(op, fehler.ErrInvalid, problem("vorgang.kennzeichen-zu-viele", pfad,
			fmt.Sprintf("more than %d", MaxKennzeichen), fmt.Sprintf("Höchstens %d Einträge sind möglich.", MaxKennzeichen)))
	}
	return out, nil
}

// SetAnsprechpartner names who the citizen may call; nil names nobody.
func (v *Vorgang) SetAnsprechpartner(a tenant.Akteur, now time.Time, p *Ansprechpartner) error {
	const op = "SetAnsprechpartner"
	if err := v.check(op, a, now, BefehlAnsprechpartnerSetzen); err != nil {
		return err
	}
	if p != nil {
		if err := v.needText(op, "/name", p.Name, "Bitte den Namen angeben."); err != nil {
			return err
		}
		for _, f := range []struct{ pfad, text string }{{"/name", p.Name}, {"/telefon", p.Telefon}, {"/email", p.Email}, {"/raum", p.Raum}} {
			if len(f.text) > MaxKennzeichenBytes {
				return v.fail(op, fehler.ErrInvalid, problem("vorgang.kennzeichen", f.pfad,
					fmt.Sprintf("is longer than %d bytes", MaxKennzeichenBytes), "Der Eintrag ist zu lang."))
			}
		}
	}
	if war := v.s.Ansprechpartner; p == war || p != nil && war != nil && *p == *war {
		return nil
	}
	return v.record(a, now, &AnsprechpartnerGesetzt{Befehl: BefehlAnsprechpartnerSetzen, Nach: kopie(p), Von: kopie(v.s.Ansprechpartner)})
}

// Link adds a Verknuepfung; the one that is there already is fehler.ErrExists. It is
// one side: who links both writes [VerknuepfungArt.Gegenstueck] to the other Vorgang in
// the same transaction.
func (v *Vorgang) Link(a tenant.Akteur, now time.Time, k Verknuepfung) error {
	const op = "Link"
	if err := v.check(op, a, now, BefehlVerknuepfen); err != nil {
		return err
	}
	switch {
	case k.Art.Gegenstueck() == "":
		return v.fail(op, fehler.ErrInvalid, problem("verknuepfung.art", "/art", "unknown kind", "Diese Art der Verknüpfung gibt es nicht."))
	case k.Vorgang == uuid.Nil || k.Vorgang == v.s.ID:
		return v.fail(op, fehler.ErrInvalid, problem("verknuepfung.vorgang", "/vorgang",
			"another Vorgang is needed", "Ein Vorgang kann nur mit einem anderen verknüpft werden."))
	case len(k.Nummer) > MaxKennzeichenBytes:
		return v.fail(op, fehler.ErrInvalid, problem("vorgang.kennzeichen", "/nummer",
			fmt.Sprintf("is longer than %d bytes", MaxKennzeichenBytes), "Die Vorgangsnummer ist zu lang."))
	case len(v.s.Verknuepfungen) >= MaxKennzeichen:
		return v.fail(op, fehler.ErrInvalid, problem("vorgang.kennzeichen-zu-viele", "/verknuepfungen",
			fmt.Sprintf("more than %d", MaxKennzeichen), fmt.Sprintf("Höchstens %d Verknüpfungen sind möglich.", MaxKennzeichen)))
	case v.s.verknuepfung(k) >= 0:
		return v.fail(op, fehler.ErrExists, problem("verknuepfung.vorhanden", "/vorgang", "is linked so already", "Diese Verknüpfung gibt es schon."))
	}
	return v.record(a, now, &Verknuepft{Verknuepfung: k})
}

// Unlink removes a Verknuepfung of that kind to that Vorgang.
func (v *Vorgang) Unlink(a tenant.Akteur, now time.Time, k Verknuepfung) error {
	const op = "Unlink"
	if err := v.check(op, a, now, BefehlVerknuepfungLoesen); err != nil {
		return err
	}
	i := v.s.verknuepfung(k)
	if i < 0 {
		return v.fail(op, fehler.ErrNotFound, problem("verknuepfung.unbekannt", "/vorgang", "is not linked so", "Diese Verknüpfung gibt es nicht."))
	}
	return v.record(a, now, &VerknuepfungGeloest{Befehl: BefehlVerknuepfungLoesen, Verknuepfung: v.s.Verknuepfungen[i], Platz: i})
}

func (s *Stand) verknuepfung(k Verknuepfung) int {
	return slices.IndexFunc(s.Verknuepfungen, func(o Verknuepfung) bool { return o.Art == k.Art && o.Vorgang == k.Vorgang })
}

// The entries of what marks a Vorgang.
type (
	// AktenzeichenGesetzt replaces the Aktenzeichen (vorgang.aktenzeichen).
	AktenzeichenGesetzt struct {
		Befehl Befehl   `json:"befehl"`
		Nach   []string `json:"nach"`
		Von    []string `json:"von"`
	}
	// Verschlagwortet replaces the Schlagworte (vorgang.schlagworte).
	Verschlagwortet struct {
		Befehl Befehl   `json:"befehl"`
		Nach   []string `json:"nach"`
		Von    []string `json:"von"`
	}
	// AnsprechpartnerGesetzt replaces the Ansprechpartner (vorgang.ansprechpartner).
	AnsprechpartnerGesetzt struct {
		Befehl Befehl           `json:"befehl"`
		Nach   *Ansprechpartner `json:"nach"`
		Von    *Ansprechpartner `json:"von"`
	}
	// Verknuepft adds a link (vorgang.verknuepft), or puts one back to its Platz (Rueck).
	Verknuepft struct {
		Verknuepfung Verknuepfung `json:"verknuepfung"`
		Rueck        bool         `json:"rueck,omitempty"`
		Platz        int          `json:"platz,omitempty"`
	}
	// VerknuepfungGeloest removes a link (vorgang.verknuepfung_geloest).
	VerknuepfungGeloest struct {
		Befehl       Befehl       `json:"befehl"`
		Verknuepfung Verknuepfung `json:"verknuepfung"`
		Platz        int          `json:"platz"`
	}
)

func (*AktenzeichenGesetzt) code() Code    { return "vorgang.aktenzeichen" }
func (*Verschlagwortet) code() Code        { return "vorgang.schlagworte" }
func (*AnsprechpartnerGesetzt) code() Code { return "vorgang.ansprechpartner" }
func (*Verknuepft) code() Code             { return "vorgang.verknuepft" }
func (*VerknuepfungGeloest) code() Code    { return "vorgang.verknuepfung_geloest" }

func (d *AktenzeichenGesetzt) apply(s *Stand, _ *Ereignis)    { s.Aktenzeichen = slices.Clone(d.Nach) }
func (d *Verschlagwortet) apply(s *Stand, _ *Ereignis)        { s.Schlagworte = slices.Clone(d.Nach) }
func (d *AnsprechpartnerGesetzt) apply(s *Stand, _ *Ereignis) { s.Ansprechpartner = kopie(d.Nach) }

func (d *Verknuepft) apply(s *Stand, _ *Ereignis) {
	i := len(s.Verknuepfungen)
	if d.Rueck {
		i = min(d.Platz, i)
	}
	s.Verknuepfungen = slices.Insert(s.Verknuepfungen, i, d.Verknuepfung)
}

func (d *VerknuepfungGeloest) apply(s *Stand, _ *Ereignis) {
	if i := s.verknuepfung(d.Verknuepfung); i >= 0 {
		s.Verknuepfungen = slices.Delete(s.Verknuepfungen, i, i+1)
	}
}
