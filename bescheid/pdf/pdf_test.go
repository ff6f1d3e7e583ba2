package pdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func renderer(t testing.TB, o *pdf.Options) *pdf.Renderer {
	t.Helper()
	r, err := pdf.New(o)
	require.NoError(t, err)
	return r
}

func schreibe(t testing.TB, r *pdf.Renderer, d pdf.Dokument) ([]byte, pdf.Bericht) {
	t.Helper()
	var b bytes.Buffer
	bericht, err := r.Write(&b, d)
	require.NoError(t, err)
	require.Equal(t, int64(b.Len()), bericht.Bytes)
	return b.Bytes(), bericht
}

func muster() map[string]pdf.Dokument {
	lang := strings.Repeat("Eine sehr lange Zelle, die über mehrere Seiten läuft. ", 260)
	return map[string]pdf.Dokument{
		"brief":      musterbrief(),
		"handbuch":   handbuch(60),
		"leer":       {Titel: "Leer", Erstellt: stichtag},
		"leererText": {Titel: "Leer", Erstellt: stichtag, Inhalt: []pdf.Block{pdf.Absatz{}, pdf.Liste{Punkte: []pdf.Punkt{{}}}}},
		"kurz":       kurzbrief(5),
		"knapp":      {Titel: "Brief", Erstellt: stichtag, Brief: &pdf.Brief{Betreff: "Nur ein Betreff"}},
		"langeZelle": {Titel: "Zelle", Erstellt: stichtag, Inhalt: []pdf.Block{
			pdf.Absatz{Text: strings.Repeat("Donaudampfschifffahrtsgesellschaftskapitän", 300)},
			pdf.Tabelle{Spalten: []pdf.Spalte{{Kopf: "Schmal", Anteil: 0.1}, {Kopf: "Breit", Anteil: 10}}, Zeilen: [][]string{{"Verwaltungsverfahrensgesetz", lang}, {"b", "c"}}, Summe: []string{"", lang}},
		}},
		"gestaltet": gestaltet(),
		"code": {Titel: "Code", Erstellt: stichtag, Inhalt: []pdf.Block{
			pdf.Ueberschrift{Ebene: 1, Text: "Bezahlen"},
			pdf.Matrixcode{Felder: schachbrett(25), Alternativtext: "Matrixcode für die Überweisung"},
			pdf.Absatz{Text: "Darunter steht Text."},
			pdf.Matrixcode{Felder: schachbrett(177), Millimeter: 120, Alternativtext: "groß"},
			pdf.Matrixcode{Felder: schachbrett(200), Millimeter: 120, Alternativtext: "auf der nächsten Seite"},
		}},
		"sprachen": {Titel: "Langues", Sprache: "fr", Erstellt: stichtag, Inhalt: []pdf.Block{
			pdf.Absatz{Text: "Guten Tag", Sprache: "de"},
			pdf.Absatz{Laeufe: []pdf.Lauf{{Text: "Hello", Sprache: "en", Ziel: "https://amt.example/" + strings.Repeat("lang/", 60)}, {Text: strings.Repeat(" weiter im Verweis", 60), Ziel: "mailto:amt@amt.example", Fett: true, Kursiv: true}}},
		}},
	}
}

func schachbrett(n int) [][]bool {
	out := make([][]bool, n)
	for i := range out {
		out[i] = make([]bool, n)
		for k := range out[i] {
			out[i][k] = (i*k+i)%3 != 1
		}
	}
	return out
}

func TestKonform(t *testing.T) {
	for _, grad := range []float64{9, 11, 16} {
		r := renderer(t, &pdf.Options{Schriftgrad: grad})
		for name, d := range muster() {
			b, _ := schreibe(t, r, d)
			require.Empty(t, pdfcheck.Check(b), "%s in %g points", name, grad)
		}
	}
}

// Whatever document is accepted conforms.
func TestKonformZufall(t *testing.T) {
	r := renderer(t, &pdf.Options{MaxSeiten: 60})
	text := rapid.StringOf(rapid.SampledFrom([]rune("abcäöüß ŁğC\u0306M\u0302„“–€§ 12.\u00ad\u00a0-/(\\)\n")))
	zeile := rapid.StringOf(rapid.SampledFrom([]rune("abcÄßx ,.(\\)€")))
	lauf := rapid.Custom(func(t *rapid.T) pdf.Lauf {
		return pdf.Lauf{Text: text.Draw(t, "text"), Fett: rapid.Bool().Draw(t, "fett"), Kursiv: rapid.Bool().Draw(t, "kursiv"),
			Sprache: rapid.SampledFrom([]string{"", "", "en"}).Draw(t, "sprache"), Ziel: rapid.SampledFrom([]string{"", "", "tel:115"}).Draw(t, "ziel")}
	})
	block := rapid.Custom(func(t *rapid.T) pdf.Block {
		switch rapid.IntRange(0, 7).Draw(t, "art") {
		case 0:
			return pdf.Ueberschrift{Ebene: 1, Text: "Ü" + zeile.Draw(t, "ü")}
		case 1:
			return pdf.Liste{Nummeriert: rapid.Bool().Draw(t, "num"), Punkte: []pdf.Punkt{{Text: text.Draw(t, "p")}, {Laeufe: []pdf.Lauf{lauf.Draw(t, "l")}, Unter: &pdf.Liste{Punkte: []pdf.Punkt{{Text: "x"}}}}}}
		case 2:
			return pdf.Tabelle{Titel: zeile.Draw(t, "titel"), Spalten: []pdf.Spalte{{Kopf: "A", Zeilenkopf: rapid.Bool().Draw(t, "zk")}, {Kopf: "B", Rechts: true}},
				Zeilen: [][]string{{text.Draw(t, "z"), strings.Repeat(text.Draw(t, "z2"), rapid.IntRange(0, 40).Draw(t, "mal"))}}}
		case 3:
			return pdf.Seitenumbruch{}
		case 4:
			return pdf.Trennlinie{}
		case 5:
			return pdf.Abstand{Millimeter: rapid.Float64Range(0, 250).Draw(t, "mm")}
		}
		return pdf.Absatz{Laeufe: rapid.SliceOfN(lauf, 0, 6).Draw(t, "läufe"), Eingerueckt: rapid.Bool().Draw(t, "ein")}
	})
	rapid.Check(t, func(t *rapid.T) {
		d := pdf.Dokument{Titel: "T" + zeile.Draw(t, "titel"), Erstellt: stichtag, Inhalt: rapid.SliceOfN(block, 0, 12).Draw(t, "inhalt")}
		if rapid.Bool().Draw(t, "brief") {
			d.Brief = &pdf.Brief{Betreff: "B" + zeile.Draw(t, "betreff"), Unterzeichner: []string{"x"}, Grussformel: "Gruß"}
		}
		var b bytes.Buffer
		if _, err := r.Write(&b, d); err != nil {
			require.ErrorIs(t, err, fehler.ErrInvalid)
			return
		}
		require.Empty(t, pdfcheck.Check(b.Bytes()))
	})
}

func TestWiederholbar(t *testing.T) {
	r := renderer(t, nil)
	for name, d := range muster() {
		eins, b1 := schreibe(t, r, d)
		zwei, _ := schreibe(t, renderer(t, nil), d)
		require.True(t, bytes.Equal(eins, zwei), name)
		d.Titel += "!"
		_, b2 := schreibe(t, r, d)
		require.NotEqual(t, b1.Kennung, b2.Kennung)
	}
}

func TestNebenlaeufig(t *testing.T) {
	r := renderer(t, nil)
	brief, _ := schreibe(t, r, musterbrief())
	bericht, _ := schreibe(t, r, handbuch(20))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			d, soll := musterbrief(), brief
			if i%2 == 0 {
				d, soll = handbuch(20), bericht
			}
			var b bytes.Buffer
			_, err := r.Write(&b, d)
			if err != nil || !bytes.Equal(soll, b.Bytes()) {
				t.Error("another file than alone", err)
			}
		})
	}
	wg.Wait()
}

func TestProbleme(t *testing.T) {
	absatz := func(s string) func(*pdf.Dokument) {
		return func(d *pdf.Dokument) { d.Inhalt = []pdf.Block{pdf.Absatz{Text: s}} }
	}
	block := func(b pdf.Block) func(*pdf.Dokument) { return func(d *pdf.Dokument) { d.Inhalt = []pdf.Block{b} } }
	brief := func(f func(*pdf.Brief)) func(*pdf.Dokument) {
		return func(d *pdf.Dokument) {
			d.Brief = &pdf.Brief{Betreff: "x"}
			f(d.Brief)
		}
	}
	anlage := func(a ...pdf.Anlagedatei) func(*pdf.Dokument) { return func(d *pdf.Dokument) { d.Anlagen = a } }
	tief := &pdf.Liste{Punkte: []pdf.Punkt{{Text: "x"}}}
	for range 3 {
		tief = &pdf.Liste{Punkte: []pdf.Punkt{{Text: "x", Unter: tief}}}
	}
	for _, f := range []struct {
		code, pfad, meldung string
		tue                 func(d *pdf.Dokument)
	}{
		{"pdf.zeichen-fehlt", "/inhalt/0/text", "U+1F600 at character 5", absatz("äöü \U0001F600")},
		{"pdf.zeichen-fehlt", "/inhalt/0/text", "U+4E2D", absatz("a\u4E2D")},
		{"pdf.zeichen-fehlt", "/inhalt/0/text", "U+E001", absatz("\uE001")},
		{"pdf.zeichen-fehlt", "/inhalt/0/text", "U+FFFE", absatz("\uFFFE")},
		{"pdf.steuerzeichen", "/inhalt/0/text", "U+0009", absatz("a\tb")},
		{"pdf.steuerzeichen", "/inhalt/0/text", "U+0000", absatz("\x00")},
		{"pdf.steuerzeichen", "/inhalt/0/text", "U+0085", absatz("\u0085")},
		{"pdf.steuerzeichen", "/inhalt/0/text", "U+000D", absatz("a\rb")},
		{"pdf.steuerzeichen", "/titel", "U+000A", func(d *pdf.Dokument) { d.Titel = "a\nb" }},
		{"pdf.steuerzeichen", "/brief/anschrift/0", "U+000A", brief(func(b *pdf.Brief) { b.Anschrift = []string{"a\nb"} })},
		{"pdf.kein-utf8", "/inhalt/0/text", "byte 1", absatz("a\xff")},
		{"pdf.schreibrichtung", "/inhalt/0/text", "U+202E", absatz("a\u202Eb")},
		{"pdf.schreibrichtung", "/inhalt/0/text", "U+05D0", absatz("\u05D0")},
		{"pdf.titel-fehlt", "/titel", "", func(d *pdf.Dokument) { d.Titel = " " }},
		{"pdf.feld-zu-lang", "/titel", "", func(d *pdf.Dokument) { d.Titel = strings.Repeat("x", 501) }},
		{"pdf.feld-zu-lang", "/fusszeile", "", func(d *pdf.Dokument) { d.Fusszeile = strings.Repeat("x", 1001) }},
		{"pdf.sprache", "/sprache", "", func(d *pdf.Dokument) { d.Sprache = "deutsch!" }},
		{"pdf.datum", "/erstellt", "", func(d *pdf.Dokument) { d.Erstellt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"pdf.datum", "/erstellt", "", func(d *pdf.Dokument) { d.Erstellt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3601)) }},
		{"pdf.text-zu-lang", "", "", absatz(strings.Repeat("x ", 1000))},
		{"pdf.zu-viele-seiten", "", "", absatz(strings.Repeat("\n", 700))},
		{"pdf.zu-viele-bloecke", "/inhalt", "", func(d *pdf.Dokument) {
			for range 100_001 {
				d.Inhalt = append(d.Inhalt, pdf.Seitenumbruch{})
			}
		}},
		{"pdf.text-doppelt", "/inhalt/0", "", block(pdf.Absatz{Text: "x", Laeufe: []pdf.Lauf{{Text: "y"}}})},
		{"pdf.ziel", "/inhalt/0/laeufe/0/ziel", "", block(pdf.Absatz{Laeufe: []pdf.Lauf{{Text: "y", Ziel: "javascript:alert(1)"}}})},
		{"pdf.ueberschrift-ebene", "/inhalt/0/ebene", "", block(pdf.Ueberschrift{Ebene: 2, Text: "x"})},
		{"pdf.ueberschrift-ebene", "/inhalt/0/ebene", "", block(pdf.Ueberschrift{Ebene: -1, Text: "x"})},
		{"pdf.ueberschrift-leer", "/inhalt/0/text", "", block(pdf.Ueberschrift{Ebene: 1})},
		{"pdf.liste-leer", "/inhalt/0", "", block(pdf.Liste{})},
		{"pdf.liste-tiefe", "/inhalt/0/punkte/0/unter/punkte/0/unter/punkte/0/unter", "", block(*tief)},
		{"pdf.liste-beginn", "/inhalt/0/beginn", "", block(pdf.Liste{Beginn: -1, Punkte: []pdf.Punkt{{}}})},
		{"pdf.tabelle-leer", "/inhalt/0", "", block(pdf.Tabelle{Spalten: []pdf.Spalte{{Kopf: "A"}}})},
		{"pdf.tabelle-zeile", "/inhalt/0/zeilen/0", "", block(pdf.Tabelle{Spalten: []pdf.Spalte{{Kopf: "A"}}, Zeilen: [][]string{{"1", "2"}}})},
		{"pdf.spalte-ohne-kopf", "/inhalt/0/spalten/0/kopf", "", block(pdf.Tabelle{Spalten: []pdf.Spalte{{}}, Zeilen: [][]string{{"1"}}})},
		{"pdf.spalte-anteil", "/inhalt/0/spalten/0/anteil", "", block(pdf.Tabelle{Spalten: []pdf.Spalte{{Kopf: "A", Anteil: math.NaN()}}, Zeilen: [][]string{{"1"}}})},
		{"pdf.abstand", "/inhalt/0/millimeter", "", block(pdf.Abstand{Millimeter: math.Inf(1)})},
		{"pdf.block", "/inhalt/0", "", block(nil)},
		{"pdf.matrixcode", "/inhalt/0/felder", "", block(pdf.Matrixcode{Alternativtext: "x"})},
		{"pdf.matrixcode", "/inhalt/0/felder", "", block(pdf.Matrixcode{Felder: [][]bool{{true}, {true, false}}, Alternativtext: "x"})},
		{"pdf.matrixcode", "/inhalt/0/felder", "", block(pdf.Matrixcode{Felder: [][]bool{{true}}, Alternativtext: "x"})},
		{"pdf.matrixcode", "/inhalt/0/millimeter", "", block(pdf.Matrixcode{Felder: schachbrett(21), Millimeter: math.NaN(), Alternativtext: "x"})},
		{"pdf.alternativtext-fehlt", "/inhalt/0/alternativtext", "", block(pdf.Matrixcode{Felder: schachbrett(21)})},
		{"pdf.bild", "/inhalt/0/daten", "not a PNG", block(pdf.Bild{Daten: []byte("GIF89a"), Alternativtext: "x"})},
		{"pdf.bild", "/inhalt/0/daten", "pixels", block(pdf.Bild{Daten: pngKopf(5000, 4000), Alternativtext: "x"})},
		{"pdf.bild", "/inhalt/0/daten", "bytes", block(pdf.Bild{Daten: append(wappen(t, "png"), make([]byte, 9<<20)...), Alternativtext: "x"})},
		{"pdf.bild", "/inhalt", "decoded", block(pdf.Bild{Daten: wappen(t, "png")[:80], Alternativtext: "x"})},
		{"pdf.bild", "/inhalt", "decoded", block(pdf.Bild{Daten: wappen(t, "jpeg")[:700], Alternativtext: "x"})},
		{"pdf.bild", "/inhalt/0/millimeter", "", block(pdf.Bild{Daten: wappen(t, "png"), Millimeter: 166, Alternativtext: "x"})},
		{"pdf.alternativtext-fehlt", "/inhalt/0/alternativtext", "", block(pdf.Bild{Daten: wappen(t, "png")})},
		{"pdf.bild", "/brief/logo/daten", "", brief(func(b *pdf.Brief) { b.Logo = &pdf.Bild{Alternativtext: "Wappen"} })},
		{"pdf.farbe", "/brief/farbe", "#rrggbb", brief(func(b *pdf.Brief) { b.Farbe = "rot" })},
		{"pdf.farbe", "/brief/farbe", "contrast to white is 1.07", brief(func(b *pdf.Brief) { b.Farbe = "#ffff00" })},
		{"pdf.anlage", "/anlagen/0/name", "", anlage(pdf.Anlagedatei{Name: "../x", MIME: "text/plain"})},
		{"pdf.anlage", "/anlagen/1/name", "", anlage(pdf.Anlagedatei{Name: "x", MIME: "text/plain"}, pdf.Anlagedatei{Name: "x", MIME: "text/plain"})},
		{"pdf.anlage", "/anlagen/0/mime", "", anlage(pdf.Anlagedatei{Name: "x", MIME: "Text"})},
		{"pdf.anlage", "/anlagen/0/beziehung", "", anlage(pdf.Anlagedatei{Name: "x", MIME: "text/plain", Beziehung: "Freund"})},
		{"pdf.anlage", "/anlagen", "more than 50", anlage(make([]pdf.Anlagedatei, 51)...)},
		{"pdf.siegel", "/siegelfeld/name", "", func(d *pdf.Dokument) { d.Siegelfeld = &pdf.Siegelfeld{Name: "a.b"} }},
		{"pdf.siegel", "/siegelfeld/bytes", "", func(d *pdf.Dokument) { d.Siegelfeld = &pdf.Siegelfeld{Bytes: -1} }},
		{"pdf.block", "/inhalt/0", "", block(&pdf.Absatz{})},
		{"pdf.betreff-fehlt", "/brief/betreff", "", brief(func(b *pdf.Brief) { b.Betreff = "" })},
		{"pdf.zu-viele-zeilen", "/brief/anschrift", "", brief(func(b *pdf.Brief) { b.Vermerk, b.Anschrift = make([]string, 3), make([]string, 7) })},
		{"pdf.zu-viele-zeilen", "/brief/informationsblock", "", brief(func(b *pdf.Brief) { b.Informationsblock = make([]pdf.Angabe, 16) })},
		{"pdf.zu-viele-spalten", "/brief/geschaeftsangaben", "", brief(func(b *pdf.Brief) { b.Geschaeftsangaben = make([][]string, 5) })},
		{"pdf.anschrift-zu-breit", "/brief/anschrift", "", brief(func(b *pdf.Brief) { b.Anschrift = []string{strings.Repeat("Lang ", 40)} })},
	} {
		t.Run(f.code, func(t *testing.T) {
			d := pdf.Dokument{Titel: "x", Erstellt: stichtag}
			f.tue(&d)
			_, err := renderer(t, &pdf.Options{MaxZeichen: 1500, MaxSeiten: 10}).Write(io.Discard, d)
			require.ErrorIs(t, err, fehler.ErrInvalid)
			p := fehler.ProblemeIn(err)
			require.NotEmpty(t, p)
			require.Equal(t, f.code, p[0].Code)
			require.Equal(t, f.pfad, p[0].Pfad)
			require.Contains(t, p[0].Meldung, f.meldung)
			require.NotEmpty(t, p[0].Hinweis)
		})
	}
}

// Every code is reported by a case above.
func TestCodes(t *testing.T) {
	codes, err := os.ReadFile("codes.go")
	require.NoError(t, err)
	tests, err := os.ReadFile("pdf_test.go")
	require.NoError(t, err)
	l := regexp.MustCompile(`= ("pdf\.[a-z0-9]+(?:-[a-z0-9]+)*")`).FindAllStringSubmatch(string(codes), -1)
	require.Len(t, l, strings.Count(string(codes), "\tCode"))
	for _, m := range l {
		require.Contains(t, string(tests), m[1])
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []pdf.Options{{MaxSeiten: -1}, {MaxSeiten: 1_000_000}, {MaxZeichen: -1}, {Schriftgrad: 3}, {Schriftgrad: math.NaN()}} {
		_, err := pdf.New(&o)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.Equal(t, pdf.CodeOptions, fehler.ProblemeIn(err)[0].Code) // "pdf.options"
	}
	uhr := func() time.Time { return stichtag }
	ohne, mit := musterbrief(), musterbrief()
	ohne.Erstellt = time.Time{}
	a, _ := schreibe(t, renderer(t, &pdf.Options{Now: uhr}), ohne)
	b, _ := schreibe(t, renderer(t, nil), mit)
	require.Equal(t, b, a)
}

type kaputt struct{ n int }

func (k *kaputt) Write(p []byte) (int, error) {
	if k.n -= len(p); k.n < 0 {
		return 0, errKaputt
	}
	return len(p), nil
}

var errKaputt = errors.New("disk full")

func TestSchreibfehler(t *testing.T) {
	r := renderer(t, nil)
	_, b := schreibe(t, r, musterbrief())
	for n := int64(0); n < b.Bytes; n += 5000 {
		_, err := r.Write(&kaputt{n: int(n)}, musterbrief())
		require.ErrorIs(t, err, errKaputt)
		require.NotErrorIs(t, err, fehler.ErrInvalid)
	}
}

// A document of many pages writes its pages as it goes: what it holds in memory
// must not grow with the text.
func TestSeitenzahl(t *testing.T) {
	_, b := schreibe(t, renderer(t, nil), handbuch(900))
	require.Greater(t, b.Seiten, 200)
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "Grüße", "C̆ M̂ R̥̄", "a\u00adb\u200bc", strings.Repeat("W", 500), "\xff", "\u202e", "1\n2\r\n3", "😀"} {
		f.Add(s, s)
	}
	r, err := pdf.New(&pdf.Options{MaxSeiten: 20, MaxZeichen: 5000})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text, kurz string) {
		var b bytes.Buffer
		_, err := r.Write(&b, pdf.Dokument{Titel: "T" + kurz, Erstellt: stichtag, Kopfzeile: kurz, Brief: &pdf.Brief{Absender: []string{kurz}, Anschrift: []string{kurz}, Betreff: "B" + kurz,
			Informationsblock: []pdf.Angabe{{Name: kurz, Wert: kurz}}},
			Inhalt: []pdf.Block{pdf.Absatz{Text: text}, pdf.Liste{Punkte: []pdf.Punkt{{Text: text}}},
				pdf.Tabelle{Spalten: []pdf.Spalte{{Kopf: "A"}, {Kopf: "B", Rechts: true}}, Zeilen: [][]string{{text, text}}}}})
		if err != nil {
			require.ErrorIs(t, err, fehler.ErrInvalid)
			return
		}
		require.Empty(t, pdfcheck.Check(b.Bytes()))
	})
}

func Example() {
	r, err := pdf.New(nil) // once; it keeps the fonts
	if err != nil {
		panic(err)
	}
	var datei bytes.Buffer
	b, err := r.Write(&datei, pdf.Dokument{
		Titel:    "Gebührenbescheid",
		Erstellt: time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC),
		Brief: &pdf.Brief{
			Absender:  []string{"Stadt Musterstadt"},
			Anschrift: []string{"Frau", "Erika Mustermann", "Heidestraße 17", "51147 Köln"},
			Betreff:   "Gebühr für die Verlängerung Ihrer Erlaubnis",
			Anrede:    "Sehr geehrte Frau Mustermann,",
		},
		Inhalt: []pdf.Block{
			pdf.Absatz{Text: "für die Amtshandlung setzen wir folgende Gebühr fest:"},
			pdf.Tabelle{
				Spalten: []pdf.Spalte{{Kopf: "Gegenstand", Anteil: 3, Zeilenkopf: true}, {Kopf: "Betrag", Rechts: true}},
				Zeilen:  [][]string{{"Verlängerung", "35,00 €"}},
			},
		},
	})
	fmt.Println(b.Seiten, err, b.Schriften, len(pdfcheck.Check(datei.Bytes())))

	_, err = r.Write(io.Discard, pdf.Dokument{Titel: "Test", Inhalt: []pdf.Block{pdf.Absatz{Text: "Alles gut 👍"}}})
	fmt.Println(fehler.ProblemeIn(err)[0].Hinweis)
	// Output:
	// 1 <nil> [LiberationSans LiberationSans-Bold] 0
	// Das Zeichen U+1F44D an Stelle 11 kann nicht gedruckt werden. Ersetzen Sie es.
}
