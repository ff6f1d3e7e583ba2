package vorgang_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// docs/zustaende.svg is drawn from the table: go test ./vorgang -run Zustand -update
func TestZustandsbild(t *testing.T) {
	t.Parallel()
	pfad := filepath.Join(testenv.Root(t), "docs", "zustaende.svg")
	want := zustandsbild()
	if *update {
		require.NoError(t, os.WriteFile(pfad, want, 0o644))
	}
	got, err := os.ReadFile(pfad)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "docs/zustaende.svg is stale: go test ./vorgang -run Zustand -update")
	for _, r := range vorgang.Regeln() {
		bewegt := r.Zurueck || r.Nach != "" && !slices.Equal(r.Von, []vorgang.Status{r.Nach})
		require.Equal(t, bewegt, bytes.Contains(got, []byte(">"+string(r.Befehl)+"<")), "%s is drawn if it changes the state", r.Befehl)
	}
}

// The states from top to bottom; commands that lead down are on the right, those that
// lead up on the left, each on a lane of its own.
var bildfolge = []vorgang.Status{
	vorgang.Neu, vorgang.Verworfen, vorgang.Angenommen, vorgang.InBearbeitung,
	vorgang.Beschieden, vorgang.Abgeschlossen, vorgang.ZuLoeschen, vorgang.Geloescht,
}

const (
	kasten, zeile, luecke = 170, 20, 26 // width of a box, height of a port, gap
	schild, spur          = 180, 16     // room for a label, distance of lanes
)

// bahn is a command on one side: from boxes to boxes.
type bahn struct {
	befehl   vorgang.Befehl
	von, zu  []int
	umkehrt  bool
	links    bool
	vony, zy []int // ports
}

func bahnen() (out []*bahn) {
	for _, r := range vorgang.Regeln() {
		ziele := []vorgang.Status{r.Nach}
		if r.Zurueck { // to where its counterpart came from
			ziele = nil
			for _, o := range vorgang.Regeln() {
				if slices.Equal(r.Von, []vorgang.Status{o.Nach}) {
					ziele = append(ziele, o.Von...)
				}
			}
		}
		seiten := map[bool]*bahn{}
		for _, z := range ziele {
			for _, v := range r.Von {
				a, b := slices.Index(bildfolge, v), slices.Index(bildfolge, z)
				if a == b || b < 0 {
					continue
				}
				links := b < a
				s := seiten[links]
				if s == nil {
					s = &bahn{befehl: r.Befehl, umkehrt: r.Umkehrbar, links: links}
					seiten[links] = s
					out = append(out, s)
				}
				if !slices.Contains(s.von, a) {
					s.von = append(s.von, a)
				}
				if !slices.Contains(s.zu, b) {
					s.zu = append(s.zu, b)
				}
			}
		}
	}
	weite := func(b *bahn) int { return slices.Max(append(b.von, b.zu...)) - slices.Min(append(b.von, b.zu...)) }
	slices.SortStableFunc(out, func(a, b *bahn) int { return weite(a) - weite(b) }) // the short ones inside
	return out
}

func zustandsbild() []byte {
	alle := bahnen()
	// Each end of a lane is a port; a box is as high as its fuller side.
	rechts, links := make([]int, len(bildfolge)), make([]int, len(bildfolge))
	zaehle := func(b *bahn) []int {
		if b.links {
			return links
		}
		return rechts
	}
	for _, b := range alle {
		for _, i := range append(slices.Clone(b.von), b.zu...) {
			zaehle(b)[i]++
		}
	}
	oben, hoehe := make([]int, len(bildfolge)), make([]int, len(bildfolge))
	y := 60
	for i := range bildfolge {
		hoehe[i] = max(2, rechts[i], links[i])*zeile + 12
		oben[i] = y
		y += hoehe[i] + luecke
	}
	ganz := y + 26
	// Ports: what comes in above what goes out, so lines cross less.
	nr, nl := make([]int, len(bildfolge)), make([]int, len(bildfolge))
	naechster := func(b *bahn, i int) int {
		n := nr
		if b.links {
			n = nl
		}
		n[i]++
		return oben[i] + 6 + n[i]*zeile - zeile/2
	}
	for _, b := range alle {
		for _, i := range b.zu {
			b.zy = append(b.zy, naechster(b, i))
		}
	}
	for _, b := range alle {
		for _, i := range b.von {
			b.vony = append(b.vony, naechster(b, i))
		}
	}
	var anzahl [2]int
	for _, b := range alle {
		if b.links {
			anzahl[0]++
		} else {
			anzahl[1]++
		}
	}
	x0 := 20 + anzahl[0]*spur + schild
	breite := x0 + kasten + schild + anzahl[1]*spur + 20

	var o bytes.Buffer
	fmt.Fprintf(&o, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="12">`+"\n", breite, ganz)
	fmt.Fprint(&o, `<title id="t">Zustände eines Vorgangs</title>`+"\n"+`<desc id="d">Kästen sind Zustände, Linien Befehle. Rechts geht es voran, links zurück. Die Tabelle mit denselben Angaben steht in zustaende.md.</desc>`+"\n")
	fmt.Fprint(&o, `<defs><marker id="p" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#334155"/></marker></defs>`+"\n")
	fmt.Fprintf(&o, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", breite, ganz)
	fmt.Fprintf(&o, `<circle cx="%d" cy="24" r="7" fill="#334155"/><path d="M%d 31V58" stroke="#334155" stroke-width="1.3" marker-end="url(#p)"/><text x="%d" y="48" fill="#0f172a">%s</text>`+"\n",
		x0+kasten/2, x0+kasten/2, x0+kasten/2+8, vorgang.BefehlErstellen)
	var n [2]int
	for _, b := range alle {
		n[map[bool]int{true: 0, false: 1}[b.links]]++
		rand, bahnx, innen, anker, textx := x0+kasten, x0+kasten+schild+n[1]*spur, x0+kasten, "start", x0+kasten+14
		if b.links {
			rand, bahnx, innen, anker, textx = x0, x0-schild-n[0]*spur, x0, "end", x0-14
		}
		strich := ""
		if !b.umkehrt {
			strich = ` stroke-dasharray="5 3"`
		}
		fmt.Fprintf(&o, `<g fill="none" stroke="#334155" stroke-width="1.3"%s>`, strich)
		for _, y := range b.vony {
			fmt.Fprintf(&o, `<path d="M%d %dH%d"/>`, rand, y, bahnx)
		}
		ys := append(slices.Clone(b.vony), b.zy...)
		fmt.Fprintf(&o, `<path d="M%d %dV%d"/>`, bahnx, slices.Min(ys), slices.Max(ys))
		for _, y := range b.zy {
			fmt.Fprintf(&o, `<path d="M%d %dH%d" marker-end="url(#p)"/>`, bahnx, y, innen)
		}
		fmt.Fprint(&o, "</g>\n")
		for _, y := range b.zy {
			fmt.Fprintf(&o, `<text x="%d" y="%d" text-anchor="%s" fill="#0f172a">%s</text>`+"\n", textx, y-4, anker, b.befehl)
		}
	}
	for i, s := range bildfolge {
		farbe := "#e2e8f0"
		if s.Offen() {
			farbe = "#dbeafe"
		}
		fmt.Fprintf(&o, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="%s" stroke="#1e3a8a" stroke-width="1.4"/>`, x0, oben[i], kasten, hoehe[i], farbe)
		fmt.Fprintf(&o, `<text x="%d" y="%d" text-anchor="middle" font-weight="600" font-size="14" fill="#0f172a">%s</text>`+"\n", x0+kasten/2, oben[i]+hoehe[i]/2+5, s.Name())
	}
	fmt.Fprintf(&o, `<text x="20" y="%d" fill="#475569">durchgezogen: kann rückgängig gemacht werden; gestrichelt: nicht. Blau: offen.</text>`+"\n</svg>\n", ganz-12)
	return o.Bytes()
}
