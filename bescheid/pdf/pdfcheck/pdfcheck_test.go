package pdfcheck

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
)

func muster(t testing.TB) []byte {
	t.Helper()
	r, err := pdf.New(nil)
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = r.Write(&b, pdf.Dokument{
		Titel: "Probe", Autor: "Amt", Betreff: "Prüfung", Kopfzeile: "Az. 1", Fusszeile: "Amt",
		Erstellt:   time.Date(2026, 3, 12, 10, 15, 0, 0, time.FixedZone("", 3600)),
		Siegelfeld: &pdf.Siegelfeld{Bytes: 64},
		Anlagen: []pdf.Anlagedatei{{Name: "antrag.xml", MIME: "application/xml", Beziehung: pdf.Daten, Inhalt: []byte("<antrag/>")},
			{Name: "plän(1).png", MIME: "image/png", Beschreibung: "Lageplan", Inhalt: []byte("x")}},
		Inhalt: []pdf.Block{
			pdf.Ueberschrift{Ebene: 1, Text: "Überschrift"},
			pdf.Absatz{Laeufe: []pdf.Lauf{{Text: "Text mit "}, {Text: "Verweis", Ziel: "https://amt.example/"}, {Text: " und "}, {Text: "English", Sprache: "en"}, {Text: " C̆ ", Fett: true}}},
			pdf.Ueberschrift{Ebene: 2, Text: "Liste"},
			pdf.Liste{Nummeriert: true, Punkte: []pdf.Punkt{{Text: "eins"}, {Text: "zwei", Unter: &pdf.Liste{Punkte: []pdf.Punkt{{Text: "a"}}}}}},
			pdf.Tabelle{Titel: "Tabelle", Spalten: []pdf.Spalte{{Kopf: "A", Zeilenkopf: true}, {Kopf: "B", Rechts: true}}, Zeilen: [][]string{{"x", "1"}, {"y", "2"}}, Summe: []string{"", "3"}},
			pdf.Matrixcode{Felder: [][]bool{{true, false}, {false, true}}, Alternativtext: "Muster"},
			pdf.Bild{Daten: bild(t, "png"), Alternativtext: "Foto eines Baumes"},
			pdf.Bild{Daten: bild(t, "jpeg"), Millimeter: 20, Alternativtext: "Foto eines Hauses"},
			pdf.Trennlinie{},
			pdf.Seitenumbruch{},
			pdf.Absatz{Text: "Zweite Seite."},
		},
	})
	require.NoError(t, err)
	return b.Bytes()
}

// bild is a picture of 6 by 4 pixels, half transparent as PNG.
func bild(t testing.TB, format string) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 6, 4))
	for i := range img.Pix {
		img.Pix[i] = byte(40 * i)
	}
	var b bytes.Buffer
	if format == "png" {
		require.NoError(t, png.Encode(&b, img))
	} else {
		require.NoError(t, jpeg.Encode(&b, img, nil))
	}
	return b.Bytes()
}

// zerlegt is a file as texts of objects, with streams decoded, so that a rule
// can be broken by replacing text.
type zerlegt struct {
	obj   []string // from 1 on
	teile string   // trailer
}

var laenge = regexp.MustCompile(`/Length [0-9]+`)

func zerlege(t testing.TB, data []byte) *zerlegt {
	t.Helper()
	c := &pruefer{d: &datei{data: data}}
	require.True(t, c.lies(), "%v", c.p)
	z := &zerlegt{obj: make([]string, len(c.d.obj)+1)}
	teile := regexp.MustCompile(`(?s)\n([0-9]+) 0 obj\n`).FindAllSubmatchIndex(data, -1)
	for _, m := range teile {
		nr, _ := strconv.Atoi(string(data[m[2]:m[3]]))
		o, ok := c.d.obj[nr]
		if !ok || z.obj[nr] != "" {
			continue // by chance inside a stream
		}
		if o.roh == nil {
			z.obj[nr] = string(data[m[1] : m[1]+bytes.Index(data[m[1]:], []byte("\nendobj\n"))])
			continue
		}
		kopf := string(data[m[1] : m[1]+bytes.Index(data[m[1]:], []byte("\nstream\n"))])
		if strings.Contains(kopf, "/DCTDecode") {
			z.obj[nr] = kopf + "\nstream\n" + string(o.roh) + "\nendstream"
			continue
		}
		kopf = strings.Replace(kopf, " /Filter /FlateDecode", "", 1)
		z.obj[nr] = kopf + "\nstream\n" + string(c.d.strom(ref(nr))) + "\nendstream"
	}
	z.teile = string(data[bytes.LastIndex(data, []byte("trailer\n")):])
	return z
}

func (z *zerlegt) bytes() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	pos := make([]int, len(z.obj))
	for nr, o := range z.obj[1:] {
		if kopf, rest, ok := strings.Cut(o, "\nstream\n"); ok {
			n := len(strings.TrimSuffix(rest, "\nendstream"))
			o = laenge.ReplaceAllString(kopf, fmt.Sprintf("/Length %d", n)) + "\nstream\n" + rest
		}
		pos[nr+1] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", nr+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(z.obj))
	for _, p := range pos[1:] {
		fmt.Fprintf(&b, "%010d 00000 n \n", p)
	}
	b.WriteString(regexp.MustCompile(`startxref\n[0-9]+`).ReplaceAllString(z.teile, fmt.Sprintf("startxref\n%d", start)))
	return b.Bytes()
}

// ersetze replaces in the first object that contains alt.
func ersetze(alt, neu string) func(t *testing.T, z *zerlegt) {
	return func(t *testing.T, z *zerlegt) {
		for i := range z.obj {
			if strings.Contains(z.obj[i], alt) {
				z.obj[i] = strings.Replace(z.obj[i], alt, neu, 1)
				return
			}
		}
		t.Fatalf("%q is in no object", alt)
	}
}

func TestOK(t *testing.T) {
	data := muster(t)
	require.Empty(t, Check(data))
	require.Empty(t, Check(zerlege(t, data).bytes()), "taking apart and putting together breaks a rule")
}

// Each rule must find the file that breaks it.
func TestNegativ(t *testing.T) {
	xmp := func(alt, neu string) func(*testing.T, *zerlegt) { return ersetze(alt, neu) }
	for _, f := range []struct {
		code, name string
		tue        func(t *testing.T, z *zerlegt)
	}{
		{CodeVerboten, "javascript", ersetze("/Lang (de-DE)", "/Lang (de-DE) /OpenAction <</S /JavaScript /JS (x)>>")},
		{CodeVerboten, "launch", ersetze("/S /URI /URI", "/S /Launch /URI")},
		{CodeVerboten, "transparency", ersetze("/Type /Page ", "/Type /Page /Group <</S /Transparency>> ")},
		{CodeSprache, "no language", ersetze(" /Lang (de-DE)", "")},
		{CodeSprache, "bad language", ersetze("/Lang (en)", "/Lang (e n)")},
		{CodeMarkiert, "not marked", ersetze("/Marked true", "/Marked false")},
		{CodeTitel, "file name in window", ersetze("/DisplayDocTitle true", "/DisplayDocTitle false")},
		{CodeProfil, "no intent", ersetze("/GTS_PDFA1", "/GTS_PDFX")},
		{CodeProfil, "profile of CMYK", ersetze("mntrRGB ", "mntrCMYK")},
		{CodeProfil, "profile version 5", ersetze("\x02\x10\x00\x00mntr", "\x05\x10\x00\x00mntr")},
		{CodeProfil, "profile without curve", ersetze("bTRC", "bXXX")},
		{CodeXMP, "part", xmp("<pdfaid:part>3", "<pdfaid:part>1")},
		{CodeXMP, "files in PDF/A-2", xmp("<pdfaid:part>3", "<pdfaid:part>2")},
		{CodeAnlage, "no relationship", ersetze("/AFRelationship /Data", "/Beziehung /Data")},
		{CodeAnlage, "unknown relationship", ersetze("/AFRelationship /Data", "/AFRelationship /Dunno")},
		{CodeAnlage, "no name", ersetze("/UF (antrag.xml)", "/UX (antrag.xml)")},
		{CodeAnlage, "no type", ersetze("/Subtype /application#2Fxml", "/Untertyp /application#2Fxml")},
		{CodeAnlage, "no date", ersetze("/Params <</ModDate ", "/Params <</Datum ")},
		{CodeAnlage, "not associated", ersetze("/AF [", "/AX [")},
		{CodeAnlage, "order", ersetze("[(0001) ", "[(0003) ")},
		{CodeSiegel, "size", ersetze("/Rect [0 0 0 0]", "/Rect [0 0 9 9]")},
		{CodeSiegel, "no name", ersetze("/T (Siegel)", "/X (Siegel)")},
		{CodeSiegel, "not in the form", ersetze("/SigFlags 3 /Fields [", "/SigFlags 3 /Fields [] /X [")},
		{CodeSiegel, "not PAdES", ersetze("/ETSI.CAdES.detached", "/adbe.pkcs7.sha1")},
		{CodeSiegel, "range", ersetze("/ByteRange [0000000000 0000000000", "/ByteRange [0000000000 0000000009")},
		{CodeAnnotation, "field without text", ersetze("/TU (", "/TX (")},
		{CodeAnnotation, "field not in tree", ersetze("/S /Form", "/S /Span")},
		{CodeVerboten, "form of scripts", ersetze("/SigFlags 3", "/SigFlags 3 /XFA 1 0 R")},
		{CodeBild, "pixels", ersetze("/Width 6 /Height 4 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Length", "/Width 7 /Height 4 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Length")},
		{CodeBild, "JPEG of another size", ersetze("/ColorSpace /DeviceRGB /Filter /DCTDecode", "/ColorSpace /DeviceGray /Filter /DCTDecode")},
		{CodeBild, "colours", ersetze("/ColorSpace /DeviceRGB", "/ColorSpace /DeviceCMYK")},
		{CodeBild, "masked", ersetze("/ColorSpace /DeviceRGB", "/Mask [0 0] /ColorSpace /DeviceRGB")},
		{CodeRessource, "unknown picture", ersetze("/B1 Do", "/B9 Do")},
		{CodeUnmarkiert, "picture", ersetze("EMC\n", "EMC\n/B1 Do\n")},
		{CodeXMP, "level", xmp("<pdfaid:conformance>A", "<pdfaid:conformance>B")},
		{CodeXMP, "no PDF/UA", xmp("<pdfuaid:part>1</pdfuaid:part>", "")},
		{CodeXMP, "not well-formed", xmp("</dc:format>", "")},
		{CodeXMP, "no title", xmp(`<rdf:li xml:lang="x-default">Probe</rdf:li>`, "")},
		{CodeXMP, "no metadata", ersetze("/Metadata ", "/Metadaten ")},
		{CodeSchema, "no description", xmp("<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/", "<pdfaSchema:namespaceURI>http://x/")},
		{CodeSchema, "unknown property", xmp("<dc:format>", `<x:y xmlns:x="http://x/">1</x:y><dc:format>`)},
		{CodeInfo, "title", ersetze("/Title (Probe)", "/Title (Andere)")},
		{CodeInfo, "date", ersetze("/CreationDate (D:2026", "/CreationDate (D:2025")},
		{CodeRessource, "no resources", ersetze(" /Resources ", " /Ressourcen ")},
		{CodeRessource, "unknown font", ersetze("/F1 11 Tf", "/F9 11 Tf")},
		{CodeOperator, "unknown", ersetze("ET\n", "ET\nxx\n")},
		{CodeOperator, "operands", ersetze(" Tm\n", " 1 Tm\n")},
		{CodeGrenze, "nesting", ersetze("EMC\n", "EMC\n"+strings.Repeat("q ", 30)+strings.Repeat("Q ", 30))},
		{CodeGrenze, "string", ersetze("/Title (Probe)", "/Title ("+strings.Repeat("x", 40000)+")")},
		{CodeGrenze, "page size", ersetze("/MediaBox [0 0 595.28", "/MediaBox [0 0 1")},
		{CodeFont, "names", ersetze("/FontName /", "/FontName /X")},
		{CodeFont, "encoding", ersetze("/Identity-H", "/Identity-V")},
		{CodeFont, "map", ersetze(" /CIDToGIDMap /Identity", "")},
		{CodeFont, "flags", ersetze("/Flags 4", "/Flags 0")},
		{CodeEingebettet, "no file", ersetze("/FontFile2 ", "/FontFile9 ")},
		{CodeEingebettet, "broken file", ersetze("glyf", "glyx")},
		{CodeBreiten, "widths", ersetze("/W [0 [", "/W [1 [")},
		{CodeUnicode, "missing", ersetze("<0001> <", "<0FF1> <")},
		{CodeUnicode, "zero", ersetze("<0001> <0", "<0001> <0000> <0FFF> <0")},
		{CodeUnicode, "none", ersetze("/ToUnicode ", "/AusUnicode ")},
		{CodeNotdef, "notdef", ersetze("[<0001", "[<0000")},
		{CodeNotdef, "beyond", ersetze("[<0001", "[<FFF0")},
		{CodeStruktur, "no tree", ersetze("/StructTreeRoot ", "/StructTreeRot ")},
		{CodeStruktur, "parent", func(t *testing.T, z *zerlegt) {
			ersetze(regexp.MustCompile(`/S /LI /P [0-9]+ 0 R`).FindString(strings.Join(z.obj, "\n")), "/S /LI /P 1 0 R")(t, z)
		}},
		{CodeStruktur, "tag differs", ersetze("/H1 <</MCID", "/P <</MCID")},
		{CodeStruktur, "figure without alt", ersetze("/Alt ", "/Alternativ ")},
		{CodeStruktur, "figure without box", ersetze("/BBox ", "/Box ")},
		{CodeRolle, "type", ersetze("/S /Link ", "/S /Weblink ")},
		{CodeMCID, "twice in content", ersetze("/P <</MCID 1>>", "/P <</MCID 0>>")},
		{CodeMCID, "twice in tree", func(t *testing.T, z *zerlegt) {
			ersetze(regexp.MustCompile(`/S /H2 .*/K [0-9]+`).FindString(strings.Join(z.obj, "\n")), "/S /H2 /K 0")(t, z)
		}},
		{CodeEltern, "wrong element", func(t *testing.T, z *zerlegt) {
			for i, o := range z.obj {
				if strings.HasPrefix(o, "[") {
					z.obj[i] = "[1 0 R" + strings.TrimPrefix(o, regexp.MustCompile(`^\[[0-9]+ 0 R`).FindString(o))
					return
				}
			}
		}},
		{CodeEltern, "none", ersetze("/ParentTree ", "/ParentTre ")},
		{CodeEltern, "page without key", ersetze(" /StructParents 1", "")},
		{CodeUnmarkiert, "text", ersetze("EMC\n", "EMC\nBT /F1 11 Tf [<0001>] TJ ET\n")},
		{CodeUnmarkiert, "rule", ersetze("EMC\n", "EMC\n0 0 m 9 9 l S\n")},
		{CodeArtefakt, "tag inside", ersetze("EMC\n", "/P <</MCID 99>> BDC EMC EMC\n")},
		{CodeArtefakt, "no type", ersetze("/Artifact <</Type /Layout>>", "/Artifact <<>>")},
		{CodeArtefakt, "artifact inside", ersetze("/H1 <</MCID 0>> BDC\n", "/H1 <</MCID 0>> BDC\n/Artifact <</Type /Layout>> BDC EMC\n")},
		{CodeUeberschr, "level skipped", func(t *testing.T, z *zerlegt) {
			ersetze("/S /H2", "/S /H3")(t, z)
		}},
		{CodeUeberschr, "H", ersetze("/S /H2", "/S /H")},
		{CodeTabelle, "no scope", ersetze("/Scope /Column", "/Skope /Column")},
		{CodeTabelle, "cell in P", ersetze("/S /TR ", "/S /P ")},
		{CodeTabelle, "columns", func(t *testing.T, z *zerlegt) {
			alt := regexp.MustCompile(`/S /TR .*/K \[[0-9]+ 0 R`).FindString(strings.Join(z.obj, "\n"))
			ersetze(alt, alt[:strings.LastIndex(alt, "[")+1])(t, z)
		}},
		{CodeListe, "point in P", ersetze("/S /L ", "/S /P ")},
		{CodeListe, "numbering", ersetze("/ListNumbering", "/ListNumerierung")},
		{CodeListe, "labels of no numbering", ersetze("/ListNumbering /Decimal", "/ListNumbering /None")},
		{CodeAnnotation, "not printed", ersetze("/F 4 ", "/F 2 ")},
		{CodeAnnotation, "no text", ersetze("/Contents (Verweis", "/Inhalt (Verweis")},
		{CodeAnnotation, "tabs", ersetze("/Tabs /S", "/Tabs /R")},
		{CodeAnnotation, "not in tree", ersetze("<</Type /OBJR", "<</Type /MCR /MCID 0")},
		{CodeKennung, "no id", func(_ *testing.T, z *zerlegt) { z.teile = strings.Replace(z.teile, "/ID", "/IX", 1) }},
		{CodeSchutz, "encrypted", func(_ *testing.T, z *zerlegt) {
			z.teile = strings.Replace(z.teile, "<</Size", "<</Encrypt <<>> /Size", 1)
		}},
		{CodeSchluss, "bytes behind", func(_ *testing.T, z *zerlegt) { z.teile += "x" }},
		{CodeFilter, "LZW", ersetze(" /Length1", " /Filter /LZWDecode /Length1")},
		{CodeStrom, "external", ersetze(" /Length1", " /F (x) /Length1")},
		{CodeXref, "reference", ersetze("/Lang (de-DE)", "/Lang (de-DE) /X 9999 0 R")},
		{CodeXref, "size", func(_ *testing.T, z *zerlegt) { z.teile = strings.Replace(z.teile, "/Size ", "/Size 1", 1) }},
		{CodeUnlesbar, "no pages", ersetze("/Type /Pages /Kids [", "/Type /Pages /Kids [] /X [")},
	} {
		t.Run(f.code+"/"+f.name, func(t *testing.T) {
			z := zerlege(t, muster(t))
			f.tue(t, z)
			var codes []string
			for _, p := range Check(z.bytes()) {
				codes = append(codes, p.Code)
			}
			require.Contains(t, codes, f.code)
		})
	}
}

// Rules about the bytes between objects.
func TestNegativBytes(t *testing.T) {
	data := muster(t)
	for _, f := range []struct {
		code     string
		alt, neu string
	}{
		{CodeKopf, "%PDF-1.7\n%\xE2", "%PDF-1.7\n%a"},
		{CodeKopf, "%PDF-1.7", "%PDF-2.0"},
		{CodeObjekt, "\nendobj\n", " endobj\n"},
		{CodeStrom, "stream\n", "stream "},
		{CodeStrom, "\nendstream", " endstream"},
		{CodeXref, " 00000 n \n", " 00000 n  "},
		{CodeXref, "xref\n0 ", "xref\n1 "},
		{CodeUnlesbar, "/Type /Catalog", "/Type /Katalog"},
	} {
		mut := bytes.Replace(data, []byte(f.alt), []byte(f.neu), 1)
		require.NotEqual(t, data, mut)
		p := Check(mut)
		require.NotEmpty(t, p, f.neu)
		codes := ""
		for _, x := range p {
			codes += x.Code + " "
		}
		require.Contains(t, codes, f.code, f.neu)
	}
}

// Every code has a file that breaks its rule, in the tables above.
func TestCodes(t *testing.T) {
	codes, err := os.ReadFile("pdfcheck.go")
	require.NoError(t, err)
	tests, err := os.ReadFile("pdfcheck_test.go")
	require.NoError(t, err)
	gesehen := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^\t(Code\w+) += "(pdfcheck\.[a-z]+(?:-[a-z]+)*)"`).FindAllStringSubmatch(string(codes), -1) {
		require.Contains(t, string(tests), "{"+m[1]+",", "no file breaks the rule")
		require.False(t, gesehen[m[2]], m[2])
		gesehen[m[2]] = true
	}
	require.Len(t, gesehen, strings.Count(string(codes), "\tCode"))
}

func FuzzCheck(f *testing.F) {
	data := muster(f)
	f.Add(data)
	f.Add(zerlege(f, data).bytes())
	f.Add([]byte("%PDF-1.7\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		Check(b) // must come back, whatever it gets
	})
}
