package ausfertigung_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/html"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var update = flag.Bool("update", false, "write the golden files anew")

func kopf() ausfertigung.Kopf {
	return ausfertigung.Kopf{
		Mandant: &tenant.Mandant{
			ID: "kiel", Name: "Landeshauptstadt Kiel", Land: tenant.LandSH,
			Anschrift: tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", PLZ: "24103", Ort: "Kiel"},
			Telefon:   "0431 901-0", EMail: "baumschutz@kiel.example",
		},
		Einheit: tenant.Organisationseinheit{ID: "gruen", Name: "Grünflächenamt"},
		Empfaenger: messaging.Empfaenger{
			Name: "Gülşen Łukasik-Groß", Anschrift: tenant.Anschrift{Strasse: "Große Ziegelstraße", Hausnummer: "12", PLZ: "24118", Ort: "Kiel"},
		},
		Nummer: "KI-2026-000017", Aktenzeichen: "67.31/26-0017", Bearbeiter: "Kim Petersen",
	}
}

func inhalt() bescheid.Inhalt {
	von, _ := datum.Parse("2026-03-02")
	return bescheid.Inhalt{
		Art: bescheid.Bewilligung, Betreff: "Genehmigung zur Fällung einer Rotbuche", Verfahren: "vwvfg",
		Tenor: []string{"Die Fällung der Rotbuche (Stammumfang 142 cm) auf dem Grundstück Große Ziegelstraße 12 in Kiel wird genehmigt."},
		Nebenbestimmungen: []string{
			"Die Fällung ist nur außerhalb der Schutzzeit vom 1. März bis zum 30. September zulässig.",
			"Bis zum Ende der nächsten Pflanzperiode ist ein standortgerechter Laubbaum mit mindestens 18 cm Stammumfang zu pflanzen.",
		},
		Begruendung: []string{
			"Sie haben beantragt, eine Rotbuche fällen zu dürfen. Nach dem vorgelegten Foto ist der Stamm hohl; die Verkehrssicherheit ist nicht mehr gegeben.",
			"Die Nebenbestimmungen sind erforderlich, um brütende Vögel zu schützen und den Baumbestand zu erhalten.",
		},
		Gebuehr:                "Für diesen Bescheid wird eine Gebühr von 45,00 € erhoben.",
		Rechtsbehelfsbelehrung: "Gegen diesen Bescheid können Sie innerhalb eines Monats nach Bekanntgabe Widerspruch erheben. Der Widerspruch ist schriftlich, in elektronischer Form nach § 52a Abs. 2 LVwG oder zur Niederschrift bei der Landeshauptstadt Kiel, Grünflächenamt, Fleethörn 9, 24103 Kiel, einzulegen.",
		Gueltig:                datum.Zeitraum{Von: von, Bis: von.AddMonate(24)},
	}
}

// langer is a decision over several pages.
func langer() bescheid.Inhalt {
	i := inhalt()
	for n := range 6 {
		i.Nebenbestimmungen = append(i.Nebenbestimmungen, fmt.Sprintf("Auflage %d: Die Arbeiten sind so auszuführen, dass Wurzeln und Kronen der verbleibenden Bäume nicht beschädigt werden; das Lichtraumprofil der öffentlichen Wege ist freizuhalten.", n+1))
	}
	for n := range 9 {
		i.Begruendung = append(i.Begruendung, fmt.Sprintf("Zu %d: ", n+1)+strings.Repeat("Die Behörde hat die für und gegen die Fällung sprechenden Umstände ermittelt und gegeneinander abgewogen. ", 4))
	}
	return i
}

func freigegeben(i bescheid.Inhalt) bescheid.Bescheid {
	return bescheid.Bescheid{
		ID: uuid.MustParse("01950000-0000-7000-8000-000000000001"), Zustand: bescheid.Freigegeben, Inhalt: i,
		FreigegebenAm: time.Date(2026, 3, 2, 22, 59, 59, 123456000, time.UTC), Zeichner: "Deniz Aydın", Pruefsumme: i.Pruefsumme(),
	}
}

func dokument(t testing.TB, k ausfertigung.Kopf, b bescheid.Bescheid) pdf.Dokument {
	t.Helper()
	d, err := ausfertigung.Dokument(k, b)
	require.NoError(t, err)
	return d
}

// gestaltet is a letter with everything an authority can add.
func gestaltet(t testing.TB) ausfertigung.Kopf {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 60, 80))
	for i := range img.Pix {
		img.Pix[i] = byte(i / 20)
	}
	var logo bytes.Buffer
	require.NoError(t, png.Encode(&logo, img))
	k := kopf()
	k.Gestaltung = ausfertigung.Gestaltung{Logo: &pdf.Bild{Daten: logo.Bytes(), Millimeter: 18, Alternativtext: "Wappen der Stadt Kiel"}, Farbe: "#0b4f8a", Blocksatz: true,
		Geschaeftsangaben: [][]string{{"Landeshauptstadt Kiel", "Fleethörn 9", "24103 Kiel"}, {"Förde Sparkasse", "DE02 1203 0000 0000 2020 51"}}}
	k.Bezahlen = &ausfertigung.Bezahlen{
		Angaben: []pdf.Angabe{{Name: "Empfänger", Wert: "Landeshauptstadt Kiel"}, {Name: "IBAN", Wert: "DE02 1203 0000 0000 2020 51"}, {Name: "Betrag", Wert: "45,00 €"},
			{Name: "Kassenzeichen", Wert: "4711-0815-23"}, {Name: "Zu zahlen bis", Wert: "02.04.2026"}},
		GiroCode: "BCD\n002\n1\nSCT\n\nLandeshauptstadt Kiel\nDE02120300000000202051\nEUR45.00\n\n\n4711-0815-23",
	}
	k.Verweis = "https://kiel.example/vorgang/KI-2026-000017"
	k.Siegelfeld = &pdf.Siegelfeld{Grund: "Behördensiegel"}
	k.Daten = []pdf.Anlagedatei{{Name: "antrag.json", MIME: "application/json", Beziehung: pdf.Daten, Inhalt: []byte("{}")}}
	return k
}

func setze(t testing.TB, k ausfertigung.Kopf, b bescheid.Bescheid) ([]byte, pdf.Bericht) {
	t.Helper()
	s, err := ausfertigung.New(nil)
	require.NoError(t, err)
	var out bytes.Buffer
	r, err := s.Write(&out, k, b)
	require.NoError(t, err)
	return out.Bytes(), r
}

// text is the text in the order it is drawn, which no version of the tool
// rearranges; page breaks are "\f".
func text(t testing.TB, data []byte) string {
	t.Helper()
	tool := testenv.Tool(t, "pdftotext", "poppler-utils")
	path := filepath.Join(t.TempDir(), "x.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.Command(tool, "-raw", "-enc", "UTF-8", path, "-").Output()
	require.NoError(t, err)
	return string(out)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "write it with -update")
	require.Equal(t, string(want), got)
}

func TestDocuments(t *testing.T) {
	ohne := kopf()
	ohne.Aktenzeichen, ohne.Bearbeiter, ohne.Mandant.Telefon, ohne.Mandant.EMail = "", "", "", ""
	ohne.Empfaenger.Anschrift = tenant.Anschrift{}
	ablehnung := inhalt()
	ablehnung.Art, ablehnung.Betreff = bescheid.Ablehnung, "Ablehnung Ihres Antrags auf Fällung einer Rotbuche"
	ablehnung.Tenor = []string{"Ihr Antrag wird abgelehnt.", "Sie tragen die Kosten des Verfahrens."}
	ablehnung.Nebenbestimmungen, ablehnung.Gueltig, ablehnung.Gebuehr = nil, datum.Zeitraum{}, ""
	for name, c := range map[string]struct {
		k      ausfertigung.Kopf
		i      bescheid.Inhalt
		seiten int
	}{
		"bewilligung":          {kopf(), inhalt(), 2},
		"ablehnung":            {kopf(), ablehnung, 1},
		"knapp":                {ohne, ablehnung, 1},
		"lang":                 {kopf(), langer(), 3},
		"gestaltet":            {gestaltet(t), inhalt(), 2},
		"vollstaendig":         {gestaltet(t), vollstaendig(), 3},
		"widerruf":             {kopf(), zweiter(bescheid.Widerruf, "Die Genehmigung wird widerrufen."), 1},
		"ruecknahme":           {kopf(), zweiter(bescheid.Ruecknahme, "Die Genehmigung wird mit Wirkung für die Vergangenheit zurückgenommen."), 1},
		"aenderung":            {kopf(), zweiter(bescheid.Aenderung, "Die Frist für die Ersatzpflanzung wird verlängert."), 1},
		"widerspruchsbescheid": {kopf(), zweiter(bescheid.Widerspruchsbescheid, "Der Widerspruch wird zurückgewiesen."), 1},
	} {
		t.Run(name, func(t *testing.T) {
			data, r := setze(t, c.k, freigegeben(c.i))
			require.Empty(t, pdfcheck.Check(data))
			again, _ := setze(t, c.k, freigegeben(c.i))
			require.True(t, bytes.Equal(data, again), "the same decision, the same bytes")
			require.Equal(t, c.seiten, r.Seiten)
			werkzeuge(t, data)
			golden(t, name+".txt", text(t, data))
		})
	}
}

// werkzeuge are what others say about the file.
func werkzeuge(t *testing.T, data []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.Command(testenv.Tool(t, "qpdf", "qpdf"), "--check", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command(testenv.Tool(t, "pdffonts", "poppler-utils"), path).Output()
	require.NoError(t, err)
	fonts := strings.Split(strings.TrimSpace(string(out)), "\n")[2:]
	require.NotEmpty(t, fonts)
	for _, l := range fonts {
		require.Contains(t, l, "yes yes yes", "embedded, a subset, with Unicode: %s", l)
	}
}

// vollstaendig has each kind of Nebenbestimmung, and the calculation of its fee.
func vollstaendig() bescheid.Inhalt {
	i := inhalt()
	i.Nebenbestimmungen = []string{
		"Die Genehmigung gilt bis zum 28.02.2028.", "Die Genehmigung wird wirksam, sobald der Nachbar zugestimmt hat.",
		"Der Widerruf bleibt vorbehalten für den Fall, dass der Baum Brutstätte wird.",
		"Bis zum Ende der nächsten Pflanzperiode ist ein standortgerechter Laubbaum mit mindestens 18 cm Stammumfang zu pflanzen.",
		"Weitere Auflagen zum Schutz der Nachbarbäume bleiben vorbehalten.",
	}
	i.NebenbestimmungArten = []bescheid.Nebenbestimmungsart{bescheid.Befristung, bescheid.Bedingung, bescheid.Widerrufsvorbehalt, bescheid.Auflage, bescheid.Auflagenvorbehalt}
	i.Gebuehr = "Für diese Entscheidung werden Kosten von 45,00 € festgesetzt (Gebühren 41,50 €, Auslagen 3,50 €)."
	i.Gebuehrentafel = &bescheid.Tafel{
		Titel: "Berechnung der Kosten",
		Spalten: []bescheid.Spalte{{Kopf: "Nr.", Breite: 40}, {Kopf: "Gegenstand", Breite: 300, Zeilenkopf: true}, {Kopf: "Rechtsgrundlage", Breite: 200},
			{Kopf: "Menge", Breite: 120}, {Kopf: "Betrag", Rechts: true}},
		Zeilen: [][]string{{"1", "Genehmigung zum Fällen von Bäumen", "Beispielsatzung, Tarifstelle 4.1", "1 Stück", "41,50 €"}, {"2", "Förmliche Zustellung", "Beispielsatzung, Tarifstelle 6.1", "1 Stück", "3,50 €"}},
		Summe:  []string{"", "Summe", "", "", "45,00 €"},
	}
	return i
}

// zweiter decides about an earlier Bescheid.
func zweiter(art bescheid.Art, tenor string) bescheid.Inhalt {
	am, _ := datum.Parse("2026-03-02")
	i := inhalt()
	i.Art, i.Betreff, i.Tenor = art, "Genehmigung zur Fällung einer Rotbuche", []string{tenor}
	i.Nebenbestimmungen, i.Gueltig, i.Gebuehr, i.Begruendung = nil, datum.Zeitraum{}, "", i.Begruendung[:1]
	i.Bezug, i.BezugAuf = uuid.UUID{1}, bescheid.Bezugsangabe{Vom: am, Aktenzeichen: "67.31/26-0017"}
	switch art {
	case bescheid.Ruecknahme:
		i.WirktAb = am
	case bescheid.Aenderung, bescheid.Widerspruchsbescheid:
		i.BleibtBestehen = true
	}
	return i
}

// Who hears the table of the fee is told of each cell what it is, in the PDF and on the page.
func TestFeeTableHasHeadings(t *testing.T) {
	d := dokument(t, kopf(), freigegeben(vollstaendig()))
	data, _ := setze(t, kopf(), freigegeben(vollstaendig()))
	path := filepath.Join(t.TempDir(), "x.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.Command(testenv.Tool(t, "pdfinfo", "poppler-utils"), "-struct", path).Output()
	require.NoError(t, err)
	require.Equal(t, 5+3, strings.Count(string(out), "TH:"), "five columns, two rows and the sum:\n%s", out)
	require.Equal(t, 3*4, strings.Count(string(out), "TD"))
	var page bytes.Buffer
	require.NoError(t, html.Write(&page, d, nil))
	require.Contains(t, page.String(), `<caption>Berechnung der Kosten</caption>`)
	require.Contains(t, page.String(), `<th scope="col">Rechtsgrundlage</th>`)
	require.Contains(t, page.String(), `<th scope="row">Summe</th>`)
	require.Contains(t, page.String(), "<strong>Widerrufsvorbehalt: </strong>")
}

// A text that no code can hold is refused, not left out.
func TestCodeTooLong(t *testing.T) {
	k := kopf()
	k.Verweis = "https://kiel.example/" + strings.Repeat("x", 600)
	_, err := ausfertigung.Dokument(k, freigegeben(inhalt()))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	k.Verweis, k.Bezahlen = "", &ausfertigung.Bezahlen{GiroCode: strings.Repeat("x", 600)}
	_, err = ausfertigung.Dokument(k, freigegeben(inhalt()))
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func TestRefusesWhatWasNotReleased(t *testing.T) {
	s, err := ausfertigung.New(nil)
	require.NoError(t, err)
	changed := freigegeben(inhalt())
	changed.Inhalt.Tenor[0] += " Und noch eine."
	unreleased := freigegeben(inhalt())
	unreleased.FreigegebenAm = time.Time{}
	for name, b := range map[string]bescheid.Bescheid{"changed": changed, "unreleased": unreleased, "empty": {}} {
		var out bytes.Buffer
		_, err := s.Write(&out, kopf(), b)
		require.ErrorIs(t, err, fehler.ErrConflict, name)
		require.Equal(t, "bescheid.pruefsumme", fehler.ProblemeIn(err)[0].Code)
		require.Zero(t, out.Len(), "nothing is written")
	}
}

func TestMissingGlyphIsNamed(t *testing.T) {
	s, err := ausfertigung.New(nil)
	require.NoError(t, err)
	i := inhalt()
	i.Begruendung[1] = "Der Antrag von 山田 war vollständig."
	_, err = s.Write(&bytes.Buffer{}, kopf(), freigegeben(i))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	p := fehler.ProblemeIn(err)
	require.NotEmpty(t, p)
	require.NotEmpty(t, p[0].Pfad, "it says where")
	require.NotEmpty(t, p[0].Hinweis)
	t.Log(p)
}

// What a screen reader speaks, in the order of the tags: letterhead, address,
// label and value together, text, and nothing of the marks of the page.
func TestReadingOrder(t *testing.T) {
	tool := testenv.Tool(t, "pdfinfo", "poppler-utils")
	data, _ := setze(t, kopf(), freigegeben(langer()))
	path := filepath.Join(t.TempDir(), "x.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.Command(tool, "-struct-text", path).Output()
	require.NoError(t, err)
	got := string(out)
	rest := got
	for _, want := range []string{
		"Landeshauptstadt Kiel", "Gülşen Łukasik-Groß", "24118 Kiel", "Aktenzeichen", "67.31/26-0017", "Auskunft", "Kim Petersen",
		"Kiel, 02.03.2026", "Genehmigung zur Fällung", "Guten Tag", "Entscheidung", "wird genehmigt", "Nebenbestimmungen",
		"Geltungsdauer", "Begründung", "Zu 9", "Gebühr", "Rechtsbehelfsbelehrung", "einzulegen", "Mit freundlichen Grüßen", "Deniz Aydın",
	} {
		_, after, found := strings.Cut(rest, want)
		require.True(t, found, "%q is missing or out of order in:\n%s", want, got)
		rest = after
	}
	require.NotContains(t, got, "Seite 2", "page marks are no content")
}

// A draft can be looked at, but nobody can take it for the decision.
func TestPreview(t *testing.T) {
	b := freigegeben(inhalt())
	b.FreigegebenAm, b.Zustand = time.Time{}, bescheid.Entwurf
	d := dokument(t, kopf(), b)
	require.Empty(t, d.Brief.Datum)
	require.Empty(t, d.Brief.Unterzeichner)
	r, err := pdf.New(nil)
	require.NoError(t, err)
	var out bytes.Buffer
	n, err := r.Write(&out, d)
	require.NoError(t, err)
	got := text(t, out.Bytes())
	require.Equal(t, 2*n.Seiten-1, strings.Count(got, "Entwurf · Vorgang KI-2026-000017"), "at the foot of every page, at the top of every page but the first")
	require.NotContains(t, got, "Deniz")
	require.NotContains(t, got, ".0001")
}

// What is not known leaves no empty line and no hanging comma.
func TestSparseData(t *testing.T) {
	k := ausfertigung.Kopf{Mandant: &tenant.Mandant{Name: "Amt"}, Empfaenger: messaging.Empfaenger{
		Anschrift: tenant.Anschrift{Strasse: "Weg", Hausnummer: "1", PLZ: "24118", Ort: "Kiel"},
	}, Nummer: "1"}
	d := dokument(t, k, freigegeben(inhalt()))
	require.Equal(t, []string{"Amt"}, d.Brief.Absender)
	require.Equal(t, "Amt", d.Brief.Ruecksendezeile)
	require.Equal(t, []string{"Weg 1", "24118 Kiel"}, d.Brief.Anschrift)
	require.Equal(t, "Guten Tag,", d.Brief.Anrede)
	data, _ := setze(t, k, freigegeben(inhalt()))
	require.Empty(t, pdfcheck.Check(data))
}

func TestOneSidedValidity(t *testing.T) {
	von, _ := datum.Parse("2026-03-02")
	for want, z := range map[string]datum.Zeitraum{
		"gilt ab dem 02.03.2026.":  {Von: von},
		"gilt bis zum 02.03.2026.": {Bis: von},
	} {
		i := inhalt()
		i.Gueltig = z
		data, _ := setze(t, kopf(), freigegeben(i))
		require.Contains(t, strings.Join(strings.Fields(text(t, data)), " "), want)
	}
}

func TestAutomaticBescheidSaysSo(t *testing.T) {
	t.Parallel()
	k := ausfertigung.Kopf{Mandant: &tenant.Mandant{Name: "Stadt Kiel"}, Nummer: "1"}
	b := bescheid.Bescheid{FreigegebenAm: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC), Zeichner: "Kim Petersen"}
	require.Equal(t, []string{"Kim Petersen"}, dokument(t, k, b).Brief.Unterzeichner)
	b.Zeichner, b.Automatisch = "", true
	require.Equal(t, []string{"Stadt Kiel", "Dieser Bescheid wurde automatisch erlassen und ist ohne Unterschrift und Namen gültig."}, dokument(t, k, b).Brief.Unterzeichner)
}
