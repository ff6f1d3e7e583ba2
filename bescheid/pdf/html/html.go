// Package html writes the document of a letter as a web page: the accessible copy
// beside the PDF, for a mailbox, a telephone or a screen reader. It says the same in
// the same order, and needs no script, no network and no other file.
package html

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
)

// Options of [Write]; nil means defaults.
type Options struct {
	// Einbetten leaves out doctype, head and body: for a page that has its own. The heading
	// of the letter is then of this level (1 to 5) and the others follow; 0 writes a whole page.
	Einbetten int
}

// Write writes the document. What it holds is text and never becomes markup; check it with
// the [pdf.Renderer] first, which knows its rules. Files inside the document are named with
// their size only. Errors are those of w.
func Write(w io.Writer, d pdf.Dokument, o *Options) error {
	p := &seite{w: bufio.NewWriter(w), d: &d, ebene: 0}
	if o != nil && o.Einbetten > 0 {
		p.ebene = min(o.Einbetten, 5) - 1
	}
	ganz := o == nil || o.Einbetten == 0
	sprache := d.Sprache
	if sprache == "" {
		sprache = "de-DE"
	}
	if ganz {
		p.roh(`<!DOCTYPE html>` + "\n" + `<html lang="` + attr(sprache) + `">` + "\n" + `<head>` + "\n" +
			`<meta charset="utf-8">` + "\n" + `<meta name="viewport" content="width=device-width, initial-scale=1">` + "\n" +
			`<title>` + text(d.Titel) + `</title>` + "\n" + `<style>` + stil + `</style>` + "\n" + `</head>` + "\n" + `<body>` + "\n" + `<main>` + "\n")
	} else {
		p.roh(`<article lang="` + attr(sprache) + `">` + "\n")
	}
	p.brief()
	p.bloecke(d.Inhalt)
	p.schluss()
	if ganz {
		p.roh("</main>\n</body>\n</html>\n")
	} else {
		p.roh("</article>\n")
	}
	return p.w.Flush()
}

// stil is enough to read on paper and screen, in light and dark, and at 200 %.
const stil = `
:root{color-scheme:light dark}
body{margin:0;font:1rem/1.5 system-ui,"Liberation Sans",Arial,sans-serif}
main{max-width:42rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.4rem;line-height:1.25;margin:2rem 0 1rem}
h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
h3,h4,h5,h6{font-size:1rem;margin:1.25rem 0 .25rem}
p{margin:0 0 .75rem}
address{font-style:normal;margin:0 0 1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0 0 1rem}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:0 0 1rem}
caption{font-weight:bold;text-align:left;padding:.25rem 0}
th,td{padding:.35rem .5rem;text-align:left;vertical-align:top;border-bottom:1px solid}
.rechts{text-align:right;font-variant-numeric:tabular-nums}
.tabelle{overflow-x:auto}
.ein{margin-left:2rem}
figure{margin:0 0 1rem}
img,svg{max-width:100%;height:auto;background:#fff}
footer{margin-top:2rem;padding-top:1rem;border-top:1px solid;font-size:.9rem}
@media print{main{max-width:none}}
`

// seite writes one page. Errors of the writer stick in it until Flush.
type seite struct {
	w     *bufio.Writer
	d     *pdf.Dokument
	ebene int // added to the level of headings
}

func (p *seite) roh(s string) { _, _ = p.w.WriteString(s) } // see seite

// text escapes, and writes lines as lines.
func text(s string) string {
	return strings.ReplaceAll(html.EscapeString(strings.ReplaceAll(s, "\r\n", "\n")), "\n", "<br>")
}

func attr(s string) string { return html.EscapeString(s) }

func (p *seite) zeilen(tag string, z []string) {
	if len(z) > 0 {
		p.roh("<" + tag + ">" + text(strings.Join(z, "\n")) + "</" + tag + ">\n")
	}
}

func (p *seite) brief() {
	b := p.d.Brief
	if b == nil {
		return
	}
	p.roh("<header>\n")
	if b.Logo != nil {
		p.bild(*b.Logo, 15)
	}
	p.zeilen("address", b.Absender)
	if len(b.Vermerk) > 0 {
		p.zeilen("p", b.Vermerk)
	}
	p.zeilen("address", b.Anschrift)
	if len(b.Informationsblock) > 0 {
		p.roh("<dl>\n")
		for _, a := range b.Informationsblock {
			p.roh("<dt>" + text(a.Name) + "</dt><dd>" + text(a.Wert) + "</dd>\n")
		}
		p.roh("</dl>\n")
	}
	if ort := strings.Join(nichtLeer(b.Ort, b.Datum), ", "); ort != "" {
		p.roh("<p>" + text(ort) + "</p>\n")
	}
	p.roh("</header>\n")
	p.ueberschrift(1, b.Betreff)
	if b.Anrede != "" {
		p.roh("<p>" + text(b.Anrede) + "</p>\n")
	}
}

func nichtLeer(s ...string) (out []string) {
	for _, t := range s {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

func (p *seite) schluss() {
	b := p.d.Brief
	if b != nil {
		if b.Grussformel != "" {
			p.roh("<p>" + text(b.Grussformel) + "</p>\n")
		}
		p.zeilen("p", b.Unterzeichner)
		if len(b.Anlagen) > 0 {
			p.ueberschrift(2, "Anlagen")
			p.roh("<ul>\n")
			for _, a := range b.Anlagen {
				p.roh("<li>" + text(a) + "</li>\n")
			}
			p.roh("</ul>\n")
		}
	}
	if len(p.d.Anlagen) > 0 {
		p.ueberschrift(2, "Dateien im PDF")
		p.roh("<ul>\n")
		for _, a := range p.d.Anlagen {
			p.roh("<li>" + text(strings.Join(nichtLeer(a.Name, a.Beschreibung), ": ")) + fmt.Sprintf(" (%d Bytes)</li>\n", len(a.Inhalt)))
		}
		p.roh("</ul>\n")
	}
	if b != nil && len(b.Geschaeftsangaben) > 0 {
		p.roh("<footer>\n")
		for _, s := range b.Geschaeftsangaben {
			p.zeilen("p", s)
		}
		p.roh("</footer>\n")
	}
}

func (p *seite) ueberschrift(ebene int, s string) {
	h := "h" + strconv.Itoa(min(ebene+p.ebene, 6))
	p.roh("<" + h + ">" + text(s) + "</" + h + ">\n")
}

func (p *seite) bloecke(bl []pdf.Block) {
	for _, b := range bl {
		switch b := b.(type) {
		case pdf.Ueberschrift:
			p.ueberschrift(b.Ebene, b.Text)
		case pdf.Absatz:
			p.roh("<p")
			if b.Eingerueckt {
				p.roh(` class="ein"`)
			}
			p.sprache(b.Sprache)
			p.roh(">")
			p.laeufe(b.Text, b.Laeufe)
			p.roh("</p>\n")
		case pdf.Liste:
			p.liste(&b)
		case pdf.Tabelle:
			p.tabelle(&b)
		case pdf.Matrixcode:
			p.matrixcode(&b)
		case pdf.Bild:
			p.roh("<figure>\n")
			p.bild(b, 40)
			p.roh("</figure>\n")
		case pdf.Trennlinie:
			p.roh(`<hr aria-hidden="true">` + "\n")
		case pdf.Abstand, pdf.Seitenumbruch: // of paper
		}
	}
}

func (p *seite) sprache(s string) {
	if s != "" {
		p.roh(` lang="` + attr(s) + `"`)
	}
}

func (p *seite) laeufe(s string, l []pdf.Lauf) {
	if len(l) == 0 {
		p.roh(text(s))
		return
	}
	for _, r := range l {
		var ende string
		open := func(tag, mehr string) { p.roh("<" + tag + mehr + ">"); ende = "</" + tag + ">" + ende }
		if r.Ziel != "" && erlaubt(r.Ziel) {
			open("a", ` href="`+attr(r.Ziel)+`"`)
		}
		if r.Sprache != "" {
			open("span", ` lang="`+attr(r.Sprache)+`"`)
		}
		if r.Fett {
			open("strong", "")
		}
		if r.Kursiv {
			open("em", "")
		}
		p.roh(text(r.Text) + ende)
	}
}

// erlaubt: the kinds of address the PDF takes. A script never becomes a link.
func erlaubt(ziel string) bool {
	z := strings.ToLower(ziel)
	for _, s := range []string{"https://", "http://", "mailto:", "tel:"} {
		if strings.HasPrefix(z, s) {
			return true
		}
	}
	return false
}

func (p *seite) liste(l *pdf.Liste) {
	tag, mehr := "ul", ""
	if l.Nummeriert {
		if tag = "ol"; l.Beginn > 1 {
			mehr = ` start="` + strconv.Itoa(l.Beginn) + `"`
		}
	}
	p.roh("<" + tag + mehr + ">\n")
	for i := range l.Punkte {
		p.roh("<li>")
		p.laeufe(l.Punkte[i].Text, l.Punkte[i].Laeufe)
		if u := l.Punkte[i].Unter; u != nil {
			p.roh("\n")
			p.liste(u)
		}
		p.roh("</li>\n")
	}
	p.roh("</" + tag + ">\n")
}

func (p *seite) tabelle(t *pdf.Tabelle) {
	name := t.Titel
	if name == "" {
		name = "Tabelle"
	}
	// Who has only a keyboard must be able to scroll what is too wide.
	p.roh(`<div class="tabelle" role="region" aria-label="` + attr(name) + `" tabindex="0">` + "\n<table>\n")
	if t.Titel != "" {
		p.roh("<caption>" + text(t.Titel) + "</caption>\n")
	}
	p.roh("<thead>\n<tr>")
	for i := range t.Spalten {
		p.zelle("th", ` scope="col"`, &t.Spalten[i], t.Spalten[i].Kopf)
	}
	p.roh("</tr>\n</thead>\n<tbody>\n")
	for _, z := range t.Zeilen {
		p.reihe(t, z, false)
	}
	p.roh("</tbody>\n")
	if t.Summe != nil {
		p.roh("<tfoot>\n")
		p.reihe(t, t.Summe, true)
		p.roh("</tfoot>\n")
	}
	p.roh("</table>\n</div>\n")
}

func (p *seite) reihe(t *pdf.Tabelle, z []string, fett bool) {
	p.roh("<tr>")
	for i, s := range z {
		if i >= len(t.Spalten) {
			break
		}
		if sp := &t.Spalten[i]; sp.Zeilenkopf && s != "" {
			p.zelle("th", ` scope="row"`, sp, s)
		} else if fett && s != "" {
			p.roh("<td" + klasse(sp) + "><strong>" + text(s) + "</strong></td>")
		} else {
			p.zelle("td", "", sp, s)
		}
	}
	p.roh("</tr>\n")
}

func klasse(s *pdf.Spalte) string {
	if s.Rechts {
		return ` class="rechts"`
	}
	return ""
}

func (p *seite) zelle(tag, mehr string, s *pdf.Spalte, inhalt string) {
	p.roh("<" + tag + mehr + klasse(s) + ">" + text(inhalt) + "</" + tag + ">")
}

// bild embeds a picture of the kinds the PDF takes; rem is its width if it has none.
func (p *seite) bild(b pdf.Bild, rem float64) {
	typ := http.DetectContentType(b.Daten)
	if typ != "image/png" && typ != "image/jpeg" {
		return
	}
	breite := strconv.FormatFloat(rem/4, 'f', -1, 64) + "rem"
	if b.Millimeter > 0 {
		breite = strconv.FormatFloat(b.Millimeter, 'f', -1, 64) + "mm"
	}
	p.roh(`<img alt="` + attr(b.Alternativtext) + `" style="width:` + breite + `" src="data:` + typ + `;base64,`)
	e := base64.NewEncoder(base64.StdEncoding, p.w)
	_, _ = e.Write(b.Daten) // see seite
	_ = e.Close()
	p.roh(`">` + "\n")
}

// matrixcode draws the code with its quiet zone.
func (p *seite) matrixcode(m *pdf.Matrixcode) {
	const ruhe = 4
	if len(m.Felder) == 0 {
		return
	}
	b, h := len(m.Felder[0])+2*ruhe, len(m.Felder)+2*ruhe
	kante := m.Millimeter
	if kante == 0 {
		kante = 30
	}
	fmt.Fprintf(p.w, `<figure><svg role="img" aria-label="%s" viewBox="0 0 %d %d" style="width:%gmm" xmlns="http://www.w3.org/2000/svg"><path d="`, attr(m.Alternativtext), b, h, kante)
	for y, z := range m.Felder {
		for x := 0; x < len(z); x++ {
			n := 0
			for x+n < len(z) && z[x+n] {
				n++
			}
			if n > 0 {
				fmt.Fprintf(p.w, "M%d %dh%dv1h-%dz", x+ruhe, y+ruhe, n, n)
				x += n
			}
		}
	}
	p.roh(`"/></svg></figure>` + "\n")
}
