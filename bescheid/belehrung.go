package bescheid

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Belehrungstext is a dated template of a Rechtsbehelfsbelehrung. {behoerde} and
// {sitz} are replaced.
type Belehrungstext struct {
	ID string `json:"id"`
	// Norm the text follows, such as "§ 70 Abs. 1 VwGO".
	Norm string `json:"norm"`
	// Laender for which it is meant; empty means all without a text of their own.
	Laender []tenant.Land `json:"laender,omitempty"`
	// Verfahren: vwvfg, sgbx or ao.
	Verfahren string `json:"verfahren"`
	// Rechtsbehelf: widerspruch, klage, einspruch, or klage-nach-widerspruch against a
	// decision as the Widerspruchsbescheid left it.
	Rechtsbehelf string `json:"rechtsbehelf"`
	datum.Zeitraum
	Text   string `json:"text"`
	Quelle string `json:"quelle"`
	// Konfidenz: A (wording of the norm), B (secondary source), U (unverified).
	Konfidenz string `json:"konfidenz"`
}

// Belehrungen is a set of templates. Safe for concurrent use.
type Belehrungen struct{ texte []Belehrungstext }

//go:embed belehrungen.json
var standardBelehrungen []byte

// StandardBelehrungen gives the shipped templates.
func StandardBelehrungen() (*Belehrungen, error) { return LoadBelehrungen(standardBelehrungen) }

// LoadBelehrungen reads templates from JSON. Templates without id, text, source,
// with an unknown placeholder or Land, with the id of another one, or that end
// before they begin are Probleme.
func LoadBelehrungen(b []byte) (*Belehrungen, error) {
	var texte []Belehrungstext
	if err := json.Unmarshal(b, &texte); err != nil {
		return nil, fehler.New("bescheid.LoadBelehrungen", "", fehler.ErrInvalid, err)
	}
	var p fehler.Probleme
	ids := map[string]bool{}
	for _, t := range texte {
		if ids[t.ID] || slices.ContainsFunc(t.Laender, func(l tenant.Land) bool { return !l.Valid() }) ||
			(!t.Von.IsZero() && !t.Bis.IsZero() && t.Bis.Vor(t.Von)) {
			p = append(p, fehler.Problem{
				Code: "bescheid.belehrung-angaben", Pfad: t.ID, Meldung: "id is used twice, a Land is unknown or bis lies before von",
				Hinweis: "Die Vorlage der Rechtsbehelfsbelehrung hat eine doppelte Kennung, ein unbekanntes Land oder endet, bevor sie beginnt.",
			})
		}
		ids[t.ID] = true
		rest := strings.NewReplacer("{behoerde}", "", "{sitz}", "").Replace(t.Text)
		if t.ID == "" || t.Text == "" || t.Quelle == "" || t.Konfidenz == "" || strings.ContainsAny(rest, "{}") {
			p = append(p, fehler.Problem{
				Code: "bescheid.belehrung", Pfad: t.ID, Meldung: "id, text, quelle, konfidenz are mandatory; placeholders are {behoerde} and {sitz}",
				Hinweis: "Die Vorlage der Rechtsbehelfsbelehrung ist unvollständig oder enthält einen unbekannten Platzhalter.",
			})
		}
	}
	if len(p) > 0 {
		return nil, p
	}
	return &Belehrungen{texte: texte}, nil
}

// BelehrungParams select a text.
type BelehrungParams struct {
	Land         tenant.Land
	Verfahren    string
	Rechtsbehelf string
	// Tag of the decision.
	Tag datum.Datum
	// Behoerde and Sitz fill the placeholders: the body where the remedy is to be lodged, and its address.
	Behoerde string
	Sitz     string
}

// Choose gives the text for the Land, or the general one, valid on the day; of
// several the first. It returns fehler.ErrNotFound if there is none, and
// fehler.ErrInvalid if Behoerde or Sitz is empty where the text names it: a
// Belehrung with a gap would be wrong, and the remedy period one year (§ 58 (2) VwGO).
func (b *Belehrungen) Choose(p BelehrungParams) (text string, vorlage Belehrungstext, err error) {
	best := -1
	for i, t := range b.texte {
		if t.Verfahren != p.Verfahren || t.Rechtsbehelf != p.Rechtsbehelf || !t.Enthaelt(p.Tag) {
			continue
		}
		own := false
		for _, l := range t.Laender {
			own = own || l == p.Land
		}
		if own {
			best = i
			break
		}
		if len(t.Laender) == 0 && best < 0 {
			best = i
		}
	}
	if best < 0 {
		return "", Belehrungstext{}, fehler.New("bescheid.Choose", p.Verfahren+"/"+p.Rechtsbehelf, fehler.ErrNotFound, nil)
	}
	t := b.texte[best]
	t.Laender = slices.Clone(t.Laender)
	if (p.Behoerde == "" && strings.Contains(t.Text, "{behoerde}")) || (p.Sitz == "" && strings.Contains(t.Text, "{sitz}")) {
		return "", Belehrungstext{}, fehler.New("bescheid.Choose", t.ID, fehler.ErrInvalid, fehler.Probleme{{
			Code: "bescheid.belehrung-behoerde", Pfad: t.ID, Meldung: "behoerde and sitz are mandatory for this text",
			Hinweis: "Für die Rechtsbehelfsbelehrung fehlen Name oder Sitz der Stelle, bei der der Rechtsbehelf einzulegen ist.",
		}})
	}
	return strings.NewReplacer("{behoerde}", p.Behoerde, "{sitz}", p.Sitz).Replace(t.Text), t, nil
}

// FillIn gives the text with the Belehrung that the Land of the Mandant wants for
// a Widerspruch on the day. The remedy is lodged with the Mandant's
// Widerspruchsstelle, or with the Mandant itself. A Widerspruchsstelle without
// seat is fehler.ErrInvalid.
func (b *Belehrungen) FillIn(i Inhalt, m *tenant.Mandant, tag datum.Datum) (Inhalt, error) {
	stelle, sitz := "der Behörde "+m.Name, strings.Join(m.Anschrift.Zeilen(), ", ")
	if m.Widerspruchsstelle != "" { // its seat is its own
		stelle, sitz, _ = strings.Cut(m.Widerspruchsstelle, ", ")
	}
	text, _, err := b.Choose(BelehrungParams{
		Land: m.Land, Verfahren: i.Verfahren, Rechtsbehelf: "widerspruch", Tag: tag,
		Behoerde: stelle, Sitz: sitz,
	})
	if err != nil {
		return Inhalt{}, err
	}
	i = i.Clone()
	i.Rechtsbehelfsbelehrung, i.OhneBelehrung = text, ""
	return i, nil
}
