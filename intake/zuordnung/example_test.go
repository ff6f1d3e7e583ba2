package zuordnung_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var ctx = context.Background()

func Example() {
	z, err := zuordnung.Load([]byte(`{
		"name": "hund", "format": "json",
		"erkennung": {"medientypen": ["application/json"], "mitglieder": [{"zeiger": "/hund", "art": "objekt"}]},
		"antragsteller": {"nachname": "$.halter.name"},
		"ort": "$.ags",
		"formular": {"wurzel": "$.hund", "labels": {"wurf": "Wurftag"}, "typen": {"wurf": "datum"}}
	}`))
	if err != nil {
		panic(err)
	}
	parser, err := zuordnung.New("hundesteuer", []zuordnung.Zuordnung{z}, nil)
	if err != nil {
		panic(err)
	}
	d := intake.Fachdaten{MIME: "application/json", Bytes: []byte(`{"hund":{"wurf":"1.2.2024"},"halter":{"name":"Erika Mustermann"},"ags":"05315000"}`)}
	a, err := parser.Read(context.Background(), d)
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Antragsteller.Name, a.Ort)
	fmt.Println(a.Felder[0].Label, a.Felder[0].Wert, string(a.Daten))
	d.Bytes = []byte(`{"hund":{"wurf":"im Mai"}}`)
	_, err = parser.Read(context.Background(), d)
	for _, p := range fehler.ProblemeIn(err) {
		fmt.Println(p.Code, p.Pfad, p.Hinweis)
	}
	// Output:
	// Erika Mustermann 053150000000
	// Wurftag 01.02.2024 {"wurf":"2024-02-01"}
	// intake.wert /hund/wurf Die Angabe „Wurftag“ ist nicht ein Datum (TT.MM.JJJJ), wie das Formular es verlangt. Bitte prüfen.
}

// BenchmarkParse gives Parse as a multiple of what cannot be had for less: reading
// the document with the standard library and dropping it.
func BenchmarkParse(b *testing.B) {
	list := strings.Repeat(`{"art":"Eiche","umfang":"80,5","tag":"03.05.2026"},`, 100)
	big := `{"baum":{"liste":[` + strings.TrimSuffix(list, ",") + `]},` + strings.TrimPrefix(fullJSON, `{"baum":{"umfang":"1.234,50","tag":"3.5.2026","art":"Eiche"},`)
	bigXML := strings.Replace(fullXML, "<datei", strings.Repeat(`<feld name="u" label="Umfang" typ="zahl">80,5</feld>`, 300)+"<datei", 1)
	p := newParser(b, nil)
	for _, c := range []struct {
		name  string
		d     intake.Fachdaten
		floor func([]byte) error
	}{
		{"json", data(fullJSON), floorJSON}, {"json-300", data(big), floorJSON},
		{"xml", xmlData(fullXML), floorXML}, {"xml-300", xmlData(bigXML), floorXML},
	} {
		b.Run(c.name, func(b *testing.B) {
			var bare, parse time.Duration
			b.SetBytes(int64(len(c.d.Bytes)))
			for b.Loop() {
				start := time.Now()
				if err := c.floor(c.d.Bytes); err != nil {
					b.Fatal(err)
				}
				bare += time.Since(start)
				start = time.Now()
				if _, err := p.Parse(b.Context(), c.d); err != nil {
					b.Fatal(err)
				}
				parse += time.Since(start)
			}
			b.ReportMetric(float64(parse)/float64(bare), "x-bare")
			b.ReportMetric(float64(parse.Nanoseconds())/float64(b.N), "parse-ns/op")
		})
	}
}

func floorJSON(b []byte) error {
	var v any
	return json.Unmarshal(b, &v)
}

func floorXML(b []byte) error {
	d := xml.NewDecoder(strings.NewReader(string(b)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
