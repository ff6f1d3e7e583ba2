package vorlage

import (
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// daten gives the values of the data and of the records the loops are at.
type daten struct{ ebenen [1 + maxSchleifen]satz }

func (d *daten) hole(b *bezug) wert {
	s := d.ebenen[b.ebene]
	for _, i := range b.idx[:len(b.idx)-1] {
		s = s[i].satz
	}
	return s[b.idx[len(b.idx)-1]]
}

// schreiber writes texts within bounds.
type schreiber struct {
	b        strings.Builder
	daten    daten
	gesetz   *Verfahrensgesetz // nil is the VwVfG
	tiefe    int
	zeichen  int // left
	schritte int // left
}

func (w *schreiber) voll() bool { return w.zeichen < 0 || w.schritte < 0 }

// text gives one text; spaces that empty branches leave beside each other become one.
func (w *schreiber) text(teile []teil) string {
	if len(teile) == 1 && teile[0].literal != "" {
		w.zeichen -= len(teile[0].literal)
		return strings.Trim(teile[0].literal, " ")
	}
	w.b.Reset()
	w.teile(teile)
	return strings.Trim(w.b.String(), " ")
}

func (w *schreiber) schreibe(s string) {
	if w.b.Len() > 0 && strings.HasPrefix(s, " ") && strings.HasSuffix(w.b.String(), " ") {
		s = s[1:]
	}
	if w.zeichen -= len(s); w.zeichen >= 0 {
		w.b.WriteString(s)
	}
}

func (w *schreiber) teile(teile []teil) {
	for i := range teile {
		t := &teile[i]
		if w.schritte--; w.voll() {
			return
		}
		switch {
		case t.literal != "":
			w.schreibe(t.literal)
		case t.norm != nil:
			w.schreibe(t.norm[w.gesetz])
		case t.feld != nil:
			w.schreibe(t.format.schreibe(t.feld.feld, t.feld.typ(), w.daten.hole(t.feld)))
		case t.liste != nil:
			l := w.daten.hole(t.liste).liste
			w.je(l, func(n int) {
				if t.reihe && n > 0 {
					if n == len(l)-1 {
						w.schreibe(" und ")
					} else {
						w.schreibe(", ")
					}
				}
				w.teile(t.inhalt)
			})
		default:
			for j := range t.zweige {
				if z := &t.zweige[j]; z.wenn == nil || z.wenn.gilt(&w.daten) {
					w.teile(z.inhalt)
					break
				}
			}
		}
	}
}

func (w *schreiber) je(l []satz, f func(n int)) {
	w.tiefe++
	for n, s := range l {
		if w.schritte--; w.voll() {
			break
		}
		w.daten.ebenen[w.tiefe] = s
		f(n)
	}
	w.tiefe--
}

// Render fills the template. Data that do not fit the fields are
// fehler.ErrInvalid with one Problem each, as is a result beyond [MaxErgebnis] or
// [MaxSchritte]; there is no other error. The data are not kept.
func (v *Vorlage) Render(d Daten) (*Ergebnis, error) {
	const op = "vorlage.Render"
	b := &binder{}
	s := b.satz(nil, v.f.a.Felder, d)
	if len(b.probleme) > 0 {
		return nil, fehler.New(op, v.f.a.ID, fehler.ErrInvalid, b.probleme)
	}
	w := &schreiber{gesetz: v.gesetz, zeichen: MaxErgebnis, schritte: MaxSchritte}
	w.daten.ebenen[0] = s
	a := &v.f.a
	e := &Ergebnis{
		Vorlage: a.ID, Fassung: a.Fassung, Art: a.Art, Belehrung: a.Belehrung,
		Betreff: w.text(v.f.betreff), Teile: make([]Teil, 0, len(v.bloecke)), angaben: a,
	}
	if v.f.von != nil {
		e.gueltig.Von = w.daten.hole(v.f.von).tag
	}
	if v.f.bis != nil {
		e.gueltig.Bis = w.daten.hole(v.f.bis).tag
	}
	if v.f.wirkt != nil {
		e.wirktAb = w.daten.hole(v.f.wirkt).tag
	}
	if v.f.antwort != nil {
		e.antwortBis = w.daten.hole(v.f.antwort).tag
	}
	for _, k := range v.bloecke {
		if k.wenn != nil && !k.wenn.gilt(&w.daten) {
			continue
		}
		n := len(e.Teile)
		w.block(e, k)
		if k.baustein != nil && len(e.Teile) > n {
			e.Bausteine = append(e.Bausteine, Verweis{k.baustein.ID, k.baustein.Fassung, k.baustein.Mandant, k.baustein.Land})
		}
	}
	if w.voll() {
		return nil, fehler.New(op, a.ID, fehler.ErrInvalid, fehler.Probleme{problem("ergebnis-gross", "", "the result is too large",
			"Mit diesen Angaben würde der Text zu lang.")})
	}
	return e, nil
}

func (w *schreiber) block(e *Ergebnis, k *block) {
	t := Teil{Art: k.art, Block: k.id, Nebenbestimmung: k.neben}
	einzeln := func() {
		if x := w.text(k.text); x != "" {
			u := t
			u.Text = x
			e.Teile = append(e.Teile, u)
		}
	}
	if k.je == nil {
		if k.art != Aufzaehlung {
			einzeln()
			return
		}
		for _, p := range k.punkte {
			if x := w.text(p); x != "" {
				t.Punkte = append(t.Punkte, x)
			}
		}
	} else {
		for _, c := range k.spalten {
			t.Spalten = append(t.Spalten, Kopfzelle{c.kopf, c.rechts})
		}
		w.je(w.daten.hole(k.je).liste, func(int) {
			switch k.art {
			case Tabelle:
				z := make([]string, len(k.spalten))
				for i := range k.spalten {
					z[i] = w.text(k.spalten[i].text)
				}
				t.Zeilen = append(t.Zeilen, z)
			case Aufzaehlung:
				if x := w.text(k.text); x != "" {
					t.Punkte = append(t.Punkte, x)
				}
			default:
				einzeln()
			}
		})
	}
	if len(t.Punkte) > 0 || len(t.Zeilen) > 0 {
		e.Teile = append(e.Teile, t)
	}
}
