package pdf

import (
	"fmt"
	"strings"
)

const (
	ruhezone    = 4 // fields of white around a code (ISO/IEC 18004, 5.3.8)
	stdKante    = 30
	minKante    = 5
	maxKante    = 120
	maxFelder   = 200
	maxAltZeich = 1000
)

// masse gives the size of a field and the height with the quiet zone, in points.
func (m *Matrixcode) masse() (feld, hoehe float64) {
	kante := m.Millimeter
	if kante == 0 {
		kante = stdKante
	}
	feld = kante * mm / float64(len(m.Felder[0]))
	return feld, feld * float64(len(m.Felder)+2*ruhezone)
}

// matrixcode draws the code as rectangles, one for each run of black fields.
func (f *fluss) matrixcode(e *elem, m *Matrixcode, danach float64) {
	feld, hoehe := m.masse()
	if f.belegt && f.y+hoehe+danach > f.unten {
		f.neueSeite()
	}
	x0, y0 := links+ruhezone*feld, seitenHoehe-f.y-ruhezone*feld
	fig := f.elem(e, "Figure")
	fig.alt = m.Alternativtext
	a := []byte("<</O /Layout /Placement /Block /BBox [")
	for _, v := range []float64{x0, y0 - feld*float64(len(m.Felder)), x0 + feld*float64(len(m.Felder[0])), y0} {
		a = append(appendZahl(a, v, 2), ' ')
	}
	fig.attr = string(a) + "]>>"

	f.marke(fig)
	b := append(f.b, "q 0 g\n"...)
	for r, zeile := range m.Felder {
		for i := 0; i < len(zeile); {
			j := i
			for j < len(zeile) && zeile[j] {
				j++
			}
			if j == i {
				i++
				continue
			}
			for _, v := range []float64{x0 + float64(i)*feld, y0 - float64(r+1)*feld, float64(j-i) * feld, feld} {
				b = append(appendZahl(b, v, 3), ' ')
			}
			b = append(b, "re\n"...)
			i = j
		}
	}
	f.b = append(b, "f Q\n"...)
	f.zu()
	f.schliesse(fig)
	f.y += hoehe
	f.belegt = true
}

func (c *pruefer) matrixcode(p string, m *Matrixcode) {
	breite, schwarz := 0, false
	if len(m.Felder) > 0 {
		breite = len(m.Felder[0])
	}
	for _, z := range m.Felder {
		if len(z) != breite {
			breite = 0
			break
		}
		for _, x := range z {
			schwarz = schwarz || x
		}
	}
	if breite == 0 || breite > maxFelder || len(m.Felder) > maxFelder || !schwarz {
		c.melde(CodeMatrixcode, p+"/felder", fmt.Sprintf("not 1 to %d rows and columns of one length with a black field", maxFelder),
			"Der Matrixcode ist leer oder nicht rechteckig.")
	}
	if m.Millimeter != 0 && !(m.Millimeter >= minKante && m.Millimeter <= maxKante) {
		c.melde(CodeMatrixcode, p+"/millimeter", fmt.Sprintf("not between %d and %d", minKante, maxKante),
			fmt.Sprintf("Der Matrixcode ist nicht zwischen %d und %d mm breit.", minKante, maxKante))
	} else if breite > 0 {
		if feld, hoehe := m.masse(); hoehe > unten-oben || feld*float64(breite+2*ruhezone) > rechts-links {
			c.melde(CodeMatrixcode, p+"/felder", "does not fit on a page with its quiet zone", "Der Matrixcode ist zu groß für eine Seite.")
		}
	}
	if strings.TrimSpace(m.Alternativtext) == "" {
		c.melde(CodeAlternativtextFehlt, p+"/alternativtext", "alternative text is required", "Der Matrixcode braucht einen Alternativtext.")
	}
	if len(m.Alternativtext) > maxAltZeich {
		c.zuLang(p+"/alternativtext", maxAltZeich)
		return
	}
	c.runen(p+"/alternativtext", m.Alternativtext, false)
}
