package xdomea_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// plain is a Paket as text, without what a message does not carry.
func plain(t require.TestingT, p *dms.Paket, container bool) string {
	b, err := json.Marshal(p)
	require.NoError(t, err)
	var q dms.Paket
	require.NoError(t, json.Unmarshal(b, &q))
	for d := range q.Dateien() {
		d.MIME = ""
		if !container {
			d.SHA512, d.Groesse = "", 0
		}
	}
	b, err = json.MarshalIndent(&q, "", " ")
	require.NoError(t, err)
	return string(b)
}

func TestRoundTrip(t *testing.T) {
	all := samples()
	all["5000 documents"] = dmstest.Gross("g", 300) // their number matters to the schema only
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			k := v310()
			g, err := k.ReadAbgabe(t.Context(), bytes.NewReader(message(t, k, p)))
			require.NoError(t, err)
			require.Equal(t, plain(t, p, false), plain(t, &g.Paket, false))
			require.Equal(t, "3.1.0", g.Version)
			require.Empty(t, g.Ausgelassen)

			var buf bytes.Buffer
			require.NoError(t, k.Encode(t.Context(), &buf, p))
			c, err := k.ReadContainer(t.Context(), bytes.NewReader(buf.Bytes()), int64(buf.Len()))
			require.NoError(t, err)
			require.NoError(t, c.Hash(t.Context()))
			require.Equal(t, plain(t, p, true), plain(t, &c.Paket, true))

			var again bytes.Buffer
			require.NoError(t, k.Encode(t.Context(), &again, p))
			require.True(t, bytes.Equal(buf.Bytes(), again.Bytes()), "same Paket, same bytes")
		})
	}
}

func TestRoundTripProperty(t *testing.T) {
	k := v310()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPaket(t)
		var buf bytes.Buffer
		require.NoError(t, k.WriteAbgabe(&buf, p))
		g, err := k.ReadAbgabe(context.Background(), &buf)
		require.NoError(t, err)
		require.Equal(t, plain(t, p, false), plain(t, &g.Paket, false))
	})
}

// The same in every version: what 2.4.0 cannot carry is left out of the comparison.
func TestRoundTripPropertyOfVersions(t *testing.T) {
	for version := range versionen {
		k := kodierer(version)
		rapid.Check(t, func(rt *rapid.T) {
			p := drawPaket(rt)
			switch version {
			case "2.4.0":
				onlyLatin(t, p)
			case "4.0.0": // its electronic addresses are restricted and need a channel
				eachKontakt(p, func(k *dms.Kontakt) {
					for i := range k.Kommunikation {
						k.Kommunikation[i] = dms.Kommunikation{Kanal: dms.KanalWeb, Kennung: "https://ä.example"}
					}
				})
			}
			o := archiv(p)
			v := &dms.Aussonderung{Kopf: kopf(p), Objekte: []dms.Objekt{o}}
			var buf bytes.Buffer
			require.NoError(rt, k.Write(&buf, v))
			n, err := v310().Read(context.Background(), &buf)
			require.NoError(rt, err)
			require.Equal(rt, asJSON(t, v, version, false), asJSON(t, n.Aussonderung, version, false))
		})
	}
}

func eachKontakt(p *dms.Paket, f func(*dms.Kontakt)) {
	each := func(ks []dms.Kontakt) {
		for i := range ks {
			f(&ks[i])
		}
	}
	f(&p.Absender)
	f(&p.Empfaenger)
	if p.Akte != nil {
		each(p.Akte.Kontakte)
	}
	var walk func(*dms.Vorgang)
	walk = func(v *dms.Vorgang) {
		each(v.Kontakte)
		for i := range v.Teilvorgaenge {
			walk(&v.Teilvorgaenge[i])
		}
	}
	walk(&p.Vorgang)
	for d := range p.Dokumente() {
		each(d.Absender)
		each(d.Empfaenger)
	}
}

// onlyLatin replaces every text of the Paket by one 2.4.0 carries as it is.
func onlyLatin(t *testing.T, p *dms.Paket) {
	b, err := json.Marshal(p)
	require.NoError(t, err)
	s := []rune(string(b))
	for i, r := range s {
		if r > 0x7e {
			s[i] = 'ä'
		}
	}
	text := regexp.MustCompile(`\\u[0-9a-f]{4}`).ReplaceAllString(string(s), "€")
	var q dms.Paket
	require.NoError(t, json.Unmarshal([]byte(text), &q))
	for d := range q.Dateien() {
		*d = dmstest.NewDatei(d.ID, d.Name, d.MIME, nil)
	}
	*p = q
}

// text draws any text XML can carry.
func text() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.String().Draw(t, "text")
		return strings.Map(func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 {
				return r
			}
			return -1
		}, s)
	})
}

func drawPaket(t *rapid.T) *dms.Paket {
	n := 0
	id := func() string { n++; return dmstest.ID(fmt.Sprint("prop", n)) }
	str := func(l string) string { return text().Draw(t, l) }
	must := func(l string) string { return "x" + str(l) }
	day := func(l string) datum.Datum {
		if rapid.Bool().Draw(t, l) {
			return datum.New(rapid.IntRange(1, 9999).Draw(t, l), time.Month(rapid.IntRange(1, 12).Draw(t, l)), rapid.IntRange(1, 28).Draw(t, l))
		}
		return datum.Datum{}
	}
	instant := func(l string) time.Time {
		return time.UnixMicro(rapid.Int64Range(-62_000_000_000_000_000, 253_000_000_000_000_000).Draw(t, l)).UTC()
	}
	meta := func() dms.Metadaten {
		return dms.Metadaten{Betreff: str("betreff"), Kennzeichen: str("kennzeichen"), Bemerkung: str("bemerkung"),
			Vertraulichkeit:  rapid.SampledFrom([]dms.Vertraulichkeit{"", dms.Offen, dms.NurDienst, dms.Vertraulich, dms.Geheim, dms.StrengGeheim}).Draw(t, "v"),
			Medium:           rapid.SampledFrom([]dms.Medium{"", dms.Elektronisch, dms.Hybrid, dms.Papier}).Draw(t, "m"),
			Aktenplaneinheit: dms.Aktenplaneinheit{Kennzeichen: str("apl")}}
	}
	kontakt := func() dms.Kontakt {
		k := dms.Kontakt{Institution: must("inst"), Organisationseinheit: str("oe"), Person: dms.Person{Familienname: str("fn"), Vorname: str("vn")}}
		if rapid.Bool().Draw(t, "adr") {
			k.Anschriften = []dms.Anschrift{{Ort: must("ort"), Staat: rapid.SampledFrom([]string{"", "DE", "FR"}).Draw(t, "st")}}
			k.Kommunikation = []dms.Kommunikation{{Kanal: rapid.SampledFrom([]dms.Kanal{"", dms.KanalEmail, dms.KanalWeb}).Draw(t, "k"), Kennung: must("ken")}}
		}
		return k
	}
	var dok func(tiefe int) dms.Dokument
	dok = func(tiefe int) dms.Dokument {
		d := dms.Dokument{ID: id(), Metadaten: meta(), Posteingangsdatum: day("pe"), Bearbeiter: str("b"), Typ: str("t")}
		for range rapid.IntRange(0, 2).Draw(t, "versions") {
			v := dms.Version{Nummer: must("nr")}
			for range rapid.IntRange(1, 2).Draw(t, "formats") {
				f := dms.Format{Code: "044", Version: str("fv"), Datei: dmstest.NewDatei(id(), must("name"), "", nil)}
				if rapid.Bool().Draw(t, "other") {
					f.Code, f.Sonstiger = dms.FormatSonstiges, must("s")
				}
				v.Formate = append(v.Formate, f)
			}
			d.Versionen = append(d.Versionen, v)
		}
		if tiefe > 0 && rapid.Bool().Draw(t, "anlage") {
			d.Anlagen = []dms.Dokument{dok(tiefe - 1)}
			d.Absender = []dms.Kontakt{kontakt()}
		}
		return d
	}
	var vorgang func(tiefe int) dms.Vorgang
	vorgang = func(tiefe int) dms.Vorgang {
		v := dms.Vorgang{ID: id(), Metadaten: meta(), ZdA: rapid.Bool().Draw(t, "zda"), ZdADatum: day("zd"), Laufzeit: datum.Zeitraum{Von: day("von"), Bis: day("bis")},
			Aufbewahrung: dms.Aufbewahrung{Jahre: rapid.IntRange(0, 65535).Draw(t, "jahre"), Ende: day("ende"),
				Aussonderungsart: rapid.SampledFrom([]dms.Aussonderungsart{"", "A", "B", "V"}).Draw(t, "art")}}
		for range rapid.IntRange(0, 2).Draw(t, "log") {
			v.Historie = append(v.Historie, dms.Protokolleintrag{Akteur: must("akteur"), Zeit: instant("zeit"), Aktion: must("aktion"), Alt: str("alt")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "docs") {
			v.Dokumente = append(v.Dokumente, dok(2))
		}
		if rapid.Bool().Draw(t, "fach") {
			v.Fachdaten = &dms.Erweiterung{Kennung: must("k"), Name: must("n"), Felder: []dms.Feld{{Name: must("f"), Wert: str("w"),
				Typ: rapid.SampledFrom([]dms.Feldtyp{"", dms.FeldText, dms.FeldDatum, dms.FeldURI}).Draw(t, "ft")}}}
			v.Kontakte = []dms.Kontakt{kontakt()}
		}
		if tiefe > 0 && rapid.Bool().Draw(t, "teil") {
			v.Teilvorgaenge = []dms.Vorgang{vorgang(tiefe - 1)}
		}
		return v
	}
	p := &dms.Paket{ProzessID: id(), Erstellt: instant("erstellt"), Absender: kontakt(), Empfaenger: kontakt(), Hinweis: str("h"), WithReceipt: rapid.Bool().Draw(t, "r"), Vorgang: vorgang(2)}
	if rapid.Bool().Draw(t, "akte") {
		p.Akte = &dms.Akte{ID: id(), Metadaten: meta(), Laufzeit: datum.Zeitraum{Von: day("av")}}
	}
	return p
}

func TestReadForeignSamples(t *testing.T) {
	for _, version := range []string{"2.4.0", "3.0.0", "3.1.0"} {
		dir := testenv.Standards(t, "xdomea", "own", version)
		files, err := filepath.Glob(filepath.Join(dir, "*04*.xml"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			t.Run(version+"/"+filepath.Base(f), func(t *testing.T) {
				data, err := os.ReadFile(f)
				require.NoError(t, err)
				if strings.Contains(f, "0401") {
					g, err := v310().ReadAbgabe(t.Context(), bytes.NewReader(data))
					require.NoError(t, err)
					require.Equal(t, version, g.Version)
					require.NotEmpty(t, g.Paket.Vorgang.ID)
					if !strings.Contains(f, "min_") {
						require.Equal(t, "Bauantrag Flurstück 12/3", g.Paket.Vorgang.Betreff)
						require.Equal(t, dms.Bewerten, g.Paket.Vorgang.Aufbewahrung.Aussonderungsart)
						require.Len(t, g.Paket.Vorgang.Dokumente, 2)
						require.NotEmpty(t, g.Ausgelassen, "the Geschaeftsgang is passed over, and said so")
					}
					return
				}
				a, err := v310().ReadAntwort(t.Context(), bytes.NewReader(data))
				require.NoError(t, err)
				require.NotEmpty(t, a.Art)
				if strings.Contains(f, "0403") {
					require.Equal(t, dms.AntwortEmpfangen, a.Art)
				}
				if strings.Contains(f, "0402") && version != "2.4.0" {
					require.Equal(t, dms.AntwortTeilweise, a.Art)
					require.Equal(t, []string{"Datei fehlt im Container"}, a.Objekte[1].Meldungen)
				}
			})
		}
	}
}

func TestReadsAnyPrefix(t *testing.T) {
	k := v310()
	text := string(message(t, k, dmstest.Reich("p")))
	text = strings.ReplaceAll(strings.ReplaceAll(text, "<xdomea:", "<ns2:"), "</xdomea:", "</ns2:")
	text = strings.Replace(text, "xmlns:xdomea", "xmlns:ns2", 1)
	text = "\ufeff" + strings.Replace(text, "<ns2:Kopf>", "<!-- c --><ns2:Kopf>\n  ", 1) + "\n<!-- end -->\n"
	g, err := k.ReadAbgabe(t.Context(), strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, plain(t, dmstest.Reich("p"), false), plain(t, &g.Paket, false))
}

func TestReadRefuses(t *testing.T) {
	k := xdomea.New(xdomea.V310(), &xdomea.Options{Grenzen: xdomea.Grenzen{MaxXML: 1 << 20, MaxToken: 20_000, MaxTiefe: 40}})
	good := string(message(t, k, dmstest.Reich("p")))
	replace := func(a, b string) string {
		require.Contains(t, good, a)
		return strings.Replace(good, a, b, 1)
	}
	for name, c := range map[string]struct{ in, code string }{
		"empty":           {"", "xdomea.xml"},
		"no xml":          {"hello", "xdomea.xml"},
		"cut off":         {good[:len(good)/2], "xdomea.xml"},
		"doctype":         {replace("?>\n", "?>\n<!DOCTYPE x [<!ENTITY a \"b\">]>"), "xdomea.xml-dtd"},
		"entity":          {replace("Bauakten 2026", "&a;"), "xdomea.xml"},
		"latin1":          {replace("UTF-8", "ISO-8859-1"), "xdomea.xml"},
		"two roots":       {good + "<x/>", "xdomea.xml"},
		"other message":   {strings.ReplaceAll(good, "Abgabe.Abgabe.0401", "Aussonderung.Aussonderung.0503"), "xdomea.nachricht"},
		"other namespace": {strings.ReplaceAll(good, "urn:xoev-de:xdomea:schema:", "urn:other:"), "xdomea.nachricht"},
		"bad uuid":        {replace(dmstest.ID("p/prozess"), "1"), "xdomea.wert"},
		"bad date":        {replace("2026-02-20", "2026-02-30"), "xdomea.wert"},
		"bad time":        {replace("2026-03-02T08:15:00Z", "gestern"), "xdomea.wert"},
		"bad boolean":     {replace("<xdomea:ZdA>1", "<xdomea:ZdA>ja"), "xdomea.wert"},
		"bad number":      {replace("<xdomea:AnzahlJahre>10", "<xdomea:AnzahlJahre>70000"), "xdomea.wert"},
		"too large":       {replace("eilig", strings.Repeat("x", 1<<20)), "xdomea.xml-grenze"},
		"too many":        {replace("<xdomea:Typ>Plan</xdomea:Typ>", strings.Repeat("<a/>", 20_000)), "xdomea.xml-grenze"},
		"too deep":        {replace("<xdomea:Typ>Plan</xdomea:Typ>", strings.Repeat("<a>", 50)), "xdomea.xml-grenze"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := k.ReadAbgabe(t.Context(), strings.NewReader(c.in))
			require.ErrorIs(t, err, fehler.ErrInvalid)
			require.NotEmpty(t, fehler.ProblemeIn(err))
			require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code, err.Error())
		})
	}
	_, err := k.ReadAbgabe(t.Context(), strings.NewReader(good))
	require.NoError(t, err, "control")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = v310().ReadAbgabe(ctx, bytes.NewReader(message(t, v310(), dmstest.Gross("c", 500))))
	require.Equal(t, context.Canceled, err)
}

func TestReadUnsupported(t *testing.T) {
	good := string(message(t, v310(), dmstest.Minimal("p")))
	i, j := strings.Index(good, "<xdomea:Schriftgutobjekt>"), strings.Index(good, "</xdomea:Abgabe")
	object := good[i:j]
	for name, in := range map[string]string{
		"two objects": good[:j] + object + good[j:],
		"no object":   good[:i] + good[j:],
		"a document":  strings.ReplaceAll(good, "xdomea:Vorgang>", "xdomea:Dokument>"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v310().ReadAbgabe(t.Context(), strings.NewReader(in))
			require.ErrorIs(t, err, fehler.ErrUnsupported)
			require.NotErrorIs(t, err, fehler.ErrInvalid)
		})
	}
}

func TestContainerLimits(t *testing.T) {
	p := dmstest.Gross("limits", 50)
	bomb := dmstest.Minimal("bomb")
	bomb.Vorgang.Dokumente = []dms.Dokument{{ID: dmstest.ID("b"), Versionen: []dms.Version{{Nummer: "1", Formate: []dms.Format{{
		Datei: dmstest.NewDatei(dmstest.ID("bf"), "a.txt", "text/plain", make([]byte, 4<<20))}}}}}}
	var buf, bombBuf bytes.Buffer
	require.NoError(t, v310().Encode(t.Context(), &buf, p))
	require.NoError(t, v310().Encode(t.Context(), &bombBuf, bomb))
	for name, c := range map[string]struct {
		data []byte
		g    xdomea.Grenzen
		ok   bool
	}{
		"control":  {buf.Bytes(), xdomea.Grenzen{}, true},
		"entries":  {buf.Bytes(), xdomea.Grenzen{MaxEintraege: 50}, false},
		"message":  {buf.Bytes(), xdomea.Grenzen{MaxXML: 1000}, false},
		"total":    {buf.Bytes(), xdomea.Grenzen{MaxGesamt: 2000}, false},
		"file":     {bombBuf.Bytes(), xdomea.Grenzen{MaxDatei: 1 << 20}, false},
		"ratio":    {bombBuf.Bytes(), xdomea.Grenzen{}, false},
		"ratio ok": {bombBuf.Bytes(), xdomea.Grenzen{MaxVerhaeltnis: 2000}, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := xdomea.New(xdomea.V310(), &xdomea.Options{Grenzen: c.g}).ReadContainer(t.Context(), bytes.NewReader(c.data), int64(len(c.data)))
			if c.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, fehler.ErrInvalid)
			}
		})
	}
}

// An archive whose directory lies about its length must not make us read it all.
func TestContainerDirectoryBudget(t *testing.T) {
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	for i := range 20_000 {
		_, err := zw.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%06d", i)})
		require.NoError(t, err)
	}
	require.NoError(t, zw.Close())
	k := xdomea.New(xdomea.V310(), &xdomea.Options{Grenzen: xdomea.Grenzen{MaxEintraege: 100}})
	_, err := k.ReadContainer(t.Context(), bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
