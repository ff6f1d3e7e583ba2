package main

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Measures of the chart, in pixels.
const (
	breite   = 960
	spalten  = 2
	rand     = 32
	kopf     = 118 // above the panels: title and legend
	fuss     = 34
	feldHoch = 266 // a panel with its title and labels
	links    = 62  // within a panel: labels of the y axis
	oben     = 60
	unten    = 46
	abstand  = 36
)

// bild collects SVG.
type bild struct{ bytes.Buffer }

func (b *bild) add(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }

func (b *bild) text(x, y float64, class, anchor, s string) {
	b.add(`<text x="%s" y="%s" class="%s" text-anchor="%s">%s</text>`, zahl(x), zahl(y), class, anchor, escape.Replace(s))
}

func (b *bild) linie(x1, y1, x2, y2 float64, class string) {
	b.add(`<line x1="%s" y1="%s" x2="%s" y2="%s" class="%s"/>`, zahl(x1), zahl(y1), zahl(x2), zahl(y2), class)
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// zahl is short, and the same everywhere.
func zahl(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

const stil = `<style>
text{font-family:"Liberation Sans",Arial,Helvetica,sans-serif;fill:#1f2933}
.titel{font-size:22px;font-weight:bold}.unter{font-size:14px;fill:#52606d}
.fall{font-size:15px;font-weight:bold}.zusatz{font-size:12px;fill:#52606d}
.achse{font-size:12px;fill:#52606d}.legende{font-size:14px}
.netz{stroke:#e4e7eb;stroke-width:1}.grund{stroke:#7b8794;stroke-width:1}
.linie{fill:none;stroke-width:2.5;stroke-linejoin:round}
.boden{fill:none;stroke-width:1.5;stroke-dasharray:5 4;stroke-linejoin:round}
</style>`

func zeichnen(punkte []punkt) []byte {
	var da []fall
	von, bis := math.Inf(1), math.Inf(-1)
	for _, f := range faelle {
		if len(auswahl(punkte, f.name, "")) > 0 {
			da = append(da, f)
		}
	}
	for _, p := range punkte {
		von, bis = min(von, math.Log10(float64(p.zeilen))), max(bis, math.Log10(float64(p.zeilen)))
	}
	reihen := (len(da) + spalten - 1) / spalten
	hoch := kopf + reihen*feldHoch + fuss
	b := &bild{}
	b.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="t d">`, breite, hoch, breite, hoch)
	b.add(`<title id="t">Zeit je Aufruf bei wachsendem Bestand</title>`)
	b.add(`<desc id="d">Je Fall eine Linie für SQLite und PostgreSQL, dazu gestrichelt dieselbe Arbeit in handgeschriebenem SQL.</desc>`)
	b.add("%s", stil)
	b.add(`<rect width="%d" height="%d" fill="#ffffff"/>`, breite, hoch)
	b.text(rand, 44, "titel", "start", "Was kostet ein wachsender Bestand?")
	b.text(rand, 68, "unter", "start", "Zeit je Aufruf über der Zahl der gespeicherten Vorgänge. Waagerecht heißt: Der Bestand kostet nichts.")
	b.legende()
	feldBreit := float64(breite-2*rand-(spalten-1)*abstand) / spalten
	for i, f := range da {
		x := rand + float64(i%spalten)*(feldBreit+abstand)
		y := kopf + float64(i/spalten)*feldHoch
		b.feld(x, y, feldBreit, f, auswahl(punkte, f.name, ""), von, bis)
	}
	b.text(breite/2, float64(hoch-18), "achse", "middle", "Gespeicherte Vorgänge (logarithmisch)")
	b.add("</svg>")
	return b.Bytes()
}

// marke is a point of a line. Its form tells the lines apart where colours do not.
func (b *bild) marke(x, y float64, eckig bool, farbe string) {
	if eckig {
		b.add(`<rect x="%s" y="%s" width="7" height="7" fill="%s"/>`, zahl(x-3.5), zahl(y-3.5), farbe)
		return
	}
	b.add(`<circle cx="%s" cy="%s" r="4" fill="%s"/>`, zahl(x), zahl(y), farbe)
}

func (b *bild) legende() {
	x := float64(rand)
	for _, k := range backends {
		b.add(`<line x1="%s" y1="94" x2="%s" y2="94" class="linie" stroke="%s"/>`, zahl(x), zahl(x+28), k.farbe)
		b.marke(x+14, 94, k.eckig, k.farbe)
		b.text(x+36, 99, "legende", "start", k.titel)
		x += 60 + 9*float64(len(k.titel))
	}
	b.add(`<line x1="%s" y1="94" x2="%s" y2="94" class="boden" stroke="#52606d"/>`, zahl(x), zahl(x+28))
	b.text(x+36, 99, "legende", "start", "dieselbe Arbeit in handgeschriebenem SQL")
}

// auswahl gives the figures of a case, of one backend or of all.
func auswahl(punkte []punkt, fall, backend string) (out []punkt) {
	for _, p := range punkte {
		if p.fall == fall && (backend == "" || p.backend == backend) {
			out = append(out, p)
		}
	}
	return out
}

func (b *bild) feld(x, y, w float64, f fall, punkte []punkt, von, bis float64) {
	hoechste := 0.0
	for _, p := range punkte {
		hoechste = max(hoechste, p.zeit, p.boden)
	}
	schritt := schritt(hoechste)
	ende := schritt * math.Ceil(hoechste/schritt*1.02)
	l, r, o, u := x+links, x+w-14, y+oben, y+feldHoch-unten
	b.text(x, y+18, "fall", "start", f.titel)
	b.text(x, y+36, "zusatz", "start", f.zusatz)
	hoehe := func(v float64) float64 { return u - (u-o)*v/ende }
	for v := 0.0; v <= ende*1.001; v += schritt {
		class := "netz"
		if v == 0 {
			class = "grund"
		}
		b.linie(l, hoehe(v), r, hoehe(v), class)
		b.text(l-8, hoehe(v)+4, "achse", "end", dauer(v, ende))
	}
	stelle := func(zeilen int) float64 {
		if bis <= von {
			return (l + r) / 2
		}
		return l + 30 + (r-l-60)*(math.Log10(float64(zeilen))-von)/(bis-von)
	}
	seen := map[int]bool{}
	for _, p := range punkte {
		if !seen[p.zeilen] {
			seen[p.zeilen] = true
			b.linie(stelle(p.zeilen), u, stelle(p.zeilen), u+5, "grund")
			b.text(stelle(p.zeilen), u+20, "achse", "middle", tausender(p.zeilen))
		}
	}
	for _, k := range backends {
		eigene := auswahl(punkte, f.name, k.name)
		if len(eigene) == 0 {
			continue
		}
		var linie, boden []string
		for _, p := range eigene {
			linie = append(linie, zahl(stelle(p.zeilen))+","+zahl(hoehe(p.zeit)))
			boden = append(boden, zahl(stelle(p.zeilen))+","+zahl(hoehe(p.boden)))
		}
		b.add(`<polyline points="%s" class="boden" stroke="%s"/>`, strings.Join(boden, " "), k.farbe)
		b.add(`<polyline points="%s" class="linie" stroke="%s"/>`, strings.Join(linie, " "), k.farbe)
		for _, p := range eigene {
			b.marke(stelle(p.zeilen), hoehe(p.zeit), k.eckig, k.farbe)
		}
	}
}

// schritt is a round distance of grid lines, of which three to six fit.
func schritt(hoechste float64) float64 {
	if hoechste <= 0 {
		return 1
	}
	potenz := math.Pow(10, math.Floor(math.Log10(hoechste)))
	for _, m := range []float64{0.2, 0.25, 0.5, 1, 2} {
		if hoechste/(potenz*m) <= 5 {
			return potenz * m
		}
	}
	return potenz * 2
}

// dauer is a label in the unit that fits the end of the axis.
func dauer(v, ende float64) string {
	if v == 0 {
		return "0"
	}
	if ende < 1000 {
		return zahl(v) + " µs"
	}
	return strings.Replace(strconv.FormatFloat(v/1000, 'f', -1, 64), ".", ",", 1) + " ms"
}

// tausender writes 1.000.000, as German does.
func tausender(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}
