package xzufi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/tenant/xzufi"
)

const datei = "\xef\xbb\xbf" + `<?xml version="1.0" encoding="UTF-8"?>
<xzufi:transfer.operation.040502 xmlns:xzufi="http://xoev.de/schemata/xzufi/2_2_0" xzufiVersion="2.2.0">
  <xzufi:nachrichtenkopf><xzufi:nachrichtUUID>0</xzufi:nachrichtUUID></xzufi:nachrichtenkopf>
  <xzufi:schreibe><xzufi:leistung>
    <xzufi:id schemeAgencyID="HE">L1</xzufi:id>
    <xzufi:referenzLeiKa><xzufi:code>99115005104000</xzufi:code></xzufi:referenzLeiKa>
    <xzufi:modulText><xzufi:leikaTextmodul><xzufi:code>03</xzufi:code></xzufi:leikaTextmodul><xzufi:inhalt languageCode="de">Text</xzufi:inhalt></xzufi:modulText>
  </xzufi:leistung></xzufi:schreibe>
  <xzufi:schreibe><xzufi:organisationseinheit>
    <xzufi:id schemeAgencyID="HE">OE1</xzufi:id>
    <xzufi:name><xzufi:name languageCode="de">Bürgerbüro</xzufi:name></xzufi:name>
    <xzufi:zustaendigkeit>
      <xzufi:leistungID schemeAgencyID="HE">L1</xzufi:leistungID>
      <xzufi:gebietID schemeDataURI="urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs">064350014014</xzufi:gebietID>
      <xzufi:gebietID schemeDataURI="urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags">06435015</xzufi:gebietID>
      <xzufi:gebietID>urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags:06435</xzufi:gebietID>
      <xzufi:gebietID schemeDataURI="urn:x">1</xzufi:gebietID>
      <xzufi:gueltigkeit><xzufi:beginn>2026-01-01</xzufi:beginn><xzufi:ende>2026-12-31T12:00:00Z</xzufi:ende></xzufi:gueltigkeit>
    </xzufi:zustaendigkeit>
    <xzufi:zustaendigkeit><xzufi:leistungID schemeAgencyID="HE">L1</xzufi:leistungID></xzufi:zustaendigkeit>
    <xzufi:zustaendigkeit><xzufi:leistungID schemeAgencyID="BY">L1</xzufi:leistungID></xzufi:zustaendigkeit>
  </xzufi:organisationseinheit></xzufi:schreibe>
  <xzufi:schreibe><xzufi:organisationseinheit>
    <xzufi:id schemeAgencyID="HE">OE2</xzufi:id>
  </xzufi:organisationseinheit></xzufi:schreibe>
</xzufi:transfer.operation.040502>
`

func stellen() xzufi.Params {
	return xzufi.Params{Stellen: map[xzufi.ID]xzufi.Stelle{{Agentur: "HE", Wert: "OE1"}: {Mandant: "hanau", Einheit: "buergerbuero"}}}
}

func regel(gebiet tenant.ARS, ags tenant.AGS) tenant.Zustaendigkeit {
	return tenant.Zustaendigkeit{Leistung: "99115005104000", Gebiet: gebiet, AGS: ags, Mandant: "hanau", Einheit: "buergerbuero",
		Zeitraum: datum.Zeitraum{Von: datum.MustParse("2026-01-01"), Bis: datum.MustParse("2026-12-31")}}
}

func TestRead(t *testing.T) {
	e, err := xzufi.Read(t.Context(), strings.NewReader(datei), stellen(), nil)
	require.NoError(t, err)
	require.Equal(t, []tenant.Zustaendigkeit{regel("064350014014", ""), regel("", "06435015"), regel("06435", "")}, e.Regeln)
	require.Equal(t, 1, e.Fremd)
	var got []string
	for _, p := range e.Hinweise {
		got = append(got, p.Code)
		require.Regexp(t, "^line [0-9]+$", p.Pfad)
	}
	require.Equal(t, []string{"xzufi.gebiet-unbekannt", "xzufi.ohne-gebiet", "xzufi.leistung-unbekannt"}, got)
	_, err = tenant.NewZustaendigkeiten(e.Regeln)
	require.NoError(t, err)
}

// What the facts leave open is a setting.
func TestSettings(t *testing.T) {
	doc := strings.NewReplacer("xzufi:gueltigkeit", "xzufi:zeitraum", "xzufi:beginn", "xzufi:von", "xzufi:ende", "xzufi:bis", "2_2_0", "2_3_0").Replace(datei)
	_, err := xzufi.Read(t.Context(), strings.NewReader(doc), stellen(), nil)
	require.ErrorIs(t, err, fehler.ErrUnsupported)
	require.NotErrorIs(t, err, fehler.ErrInvalid)
	e, err := xzufi.Read(t.Context(), strings.NewReader(doc), xzufi.Params{Stellen: map[xzufi.ID]xzufi.Stelle{{Wert: "OE1"}: {Mandant: "hanau", Einheit: "buergerbuero"}}}, &xzufi.Options{
		Namensraeume: []string{"http://xoev.de/schemata/xzufi/2_3_0"}, Namen: xzufi.Namen{Gueltigkeit: "zeitraum", Beginn: "von", Ende: "bis"},
		OhneGebiet: true, Schemata: map[string]xzufi.Gebietsart{"urn:x": xzufi.GebietARS},
		Leistungen: map[xzufi.ID]tenant.Leistungsschluessel{{Agentur: "BY", Wert: "L1"}: "99006053006000"},
	})
	require.ErrorIs(t, err, fehler.ErrInvalid, "1 is no ARS")
	require.Empty(t, e.Regeln)
	doc = strings.Replace(doc, `"urn:x">1<`, `"urn:x">06<`, 1)
	e, err = xzufi.Read(t.Context(), strings.NewReader(doc), stellen(), &xzufi.Options{
		Namensraeume: []string{"http://xoev.de/schemata/xzufi/2_3_0"}, Namen: xzufi.Namen{Gueltigkeit: "zeitraum", Beginn: "von", Ende: "bis"},
		OhneGebiet: true, Schemata: map[string]xzufi.Gebietsart{"urn:x": xzufi.GebietARS},
		Leistungen: map[xzufi.ID]tenant.Leistungsschluessel{{Agentur: "BY", Wert: "L1"}: "99006053006000"},
	})
	require.NoError(t, err)
	require.Empty(t, e.Hinweise)
	require.Len(t, e.Regeln, 6)
	require.Equal(t, regel("06", ""), e.Regeln[3])
	require.Equal(t, tenant.Zustaendigkeit{Leistung: "99006053006000", Mandant: "hanau", Einheit: "buergerbuero"}, e.Regeln[5])
}

// A Leistung with two LeiKa keys belongs to neither; the same rule twice is one.
func TestContradiction(t *testing.T) {
	doc := strings.Replace(datei, "<xzufi:schreibe><xzufi:organisationseinheit>", `<xzufi:leistung><xzufi:id schemeAgencyID="HE">L1</xzufi:id><xzufi:referenzLeiKa><xzufi:code>99006053006000</xzufi:code></xzufi:referenzLeiKa></xzufi:leistung><xzufi:schreibe><xzufi:organisationseinheit>`, 1)
	e, err := xzufi.Read(t.Context(), strings.NewReader(doc), stellen(), nil)
	require.NoError(t, err)
	require.Empty(t, e.Regeln)
	require.Len(t, e.Hinweise, 3)
	g := `<xzufi:gebietID schemeDataURI="` + xzufi.SchemaARS + `">064350014014</xzufi:gebietID>`
	e, err = xzufi.Read(t.Context(), strings.NewReader(strings.Replace(datei, g, g+g, 1)), stellen(), nil)
	require.NoError(t, err)
	require.Len(t, e.Regeln, 3)
}

func TestReadFails(t *testing.T) {
	_, err := xzufi.Read(t.Context(), strings.NewReader(datei), xzufi.Params{}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = xzufi.Read(t.Context(), iotest.ErrReader(errors.New("disk")), stellen(), nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = xzufi.Read(ctx, strings.NewReader(datei), stellen(), nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = xzufi.Read(t.Context(), strings.NewReader(datei), stellen(), &xzufi.Options{MaxElemente: 20})
	require.Equal(t, "xzufi.grenze", fehler.ProblemeIn(err)[0].Code)
	_, err = xzufi.Read(t.Context(), strings.NewReader(datei+"<a/>"), stellen(), nil)
	require.Equal(t, "xzufi.xml", fehler.ProblemeIn(err)[0].Code)
	for n := range len(datei) - 10 { // a file cut anywhere is refused
		if _, err = xzufi.Read(t.Context(), strings.NewReader(datei[:n]), stellen(), nil); err == nil {
			t.Fatalf("taken when cut at %d", n)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(datei))
	f.Add([]byte(`<a xmlns="http://xoev.de/schemata/xzufi/2_2_0"><organisationseinheit><id>OE1</id></organisationseinheit></a>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := xzufi.Read(t.Context(), strings.NewReader(string(b)), stellen(), &xzufi.Options{OhneGebiet: true})
		if err != nil {
			if !errors.Is(err, fehler.ErrUnsupported) && len(fehler.ProblemeIn(err)) == 0 || e.Regeln != nil {
				t.Fatal(err)
			}
			return
		}
		_, err = tenant.NewZustaendigkeiten(e.Regeln)
		for _, p := range fehler.ProblemeIn(err) {
			if p.Code != "tenant.zustaendigkeit-ueberlappt" { // which the file may contain
				t.Fatal(p)
			}
		}
	})
}

func ExampleRead() {
	e, err := xzufi.Read(context.Background(), strings.NewReader(datei), xzufi.Params{Stellen: map[xzufi.ID]xzufi.Stelle{
		{Agentur: "HE", Wert: "OE1"}: {Mandant: "hanau", Einheit: "buergerbuero"},
	}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	z, err := tenant.NewZustaendigkeiten(e.Regeln)
	if err != nil {
		fmt.Println(err)
		return
	}
	ziel, _ := z.Route("99115005104000", "064350014014", datum.MustParse("2026-11-23"))
	fmt.Println(ziel.Regel)
	fmt.Println(e.Hinweise[0].Hinweis)
	// Output:
	// 99115005104000 in "064350014014" -> hanau/buergerbuero
	// Ein Gebiet stammt aus einer Liste, die hier nicht eingestellt ist; diese Zuständigkeit wurde dafür nicht übernommen.
}
