package dms_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var t0 = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func abgabe(p *dms.Paket) dms.Abgabe {
	return dms.NewAbgabe(dms.Sendeschein{ProzessID: p.ProzessID, Ziel: "z", Zeit: t0}, p, 24*time.Hour)
}

func TestCheckAccepts(t *testing.T) {
	for _, p := range []*dms.Paket{dmstest.Minimal("a"), dmstest.Reich("b"), dmstest.Gross("c", 3)} {
		require.Empty(t, p.Check())
	}
}

func TestCheckFinds(t *testing.T) {
	for code, cases := range map[string][]func(*dms.Paket){
		"dms.uuid": {
			func(p *dms.Paket) { p.ProzessID = "" },
			func(p *dms.Paket) { p.Vorgang.ID = strings.ReplaceAll(p.Vorgang.ID, "-", "_") },
			func(p *dms.Paket) { p.Akte.ID = "x" },
			func(p *dms.Paket) { p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Datei.ID = "x" },
		},
		"dms.doppelt": {
			func(p *dms.Paket) { p.Vorgang.Dokumente[0].ID = strings.ToUpper(p.Vorgang.ID) },
			func(p *dms.Paket) {
				f := p.Vorgang.Dokumente[0].Versionen[0].Formate
				f[0].Datei.ID = f[1].Datei.ID
			},
		},
		"dms.zeit":             {func(p *dms.Paket) { p.Erstellt = time.Time{} }, func(p *dms.Paket) { p.Vorgang.Historie[0].Zeit = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"dms.kontakt-leer":     {func(p *dms.Paket) { p.Empfaenger = dms.Kontakt{} }, func(p *dms.Paket) { p.Vorgang.Kontakte[0] = dms.Kontakt{} }},
		"dms.fehlt":            {func(p *dms.Paket) { p.Vorgang.Historie[0].Akteur = "" }, func(p *dms.Paket) { p.Vorgang.Dokumente[0].Versionen[0].Formate = nil }, func(p *dms.Paket) { p.Vorgang.Fachdaten.Gruppen[0].Gruppen[0].Felder[0].Name = "" }, func(p *dms.Paket) { p.Absender.Anschriften[0] = dms.Anschrift{} }, func(p *dms.Paket) { p.Absender.Kommunikation[0].Kennung = "" }},
		"dms.format":           {func(p *dms.Paket) { p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Sonstiger = "x" }, func(p *dms.Paket) { p.Vorgang.Dokumente[1].Versionen[0].Formate[0].Sonstiger = "" }},
		"dms.datei-hash":       {func(p *dms.Paket) { p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Datei.SHA512 = "" }},
		"dms.datei-groesse":    {func(p *dms.Paket) { p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Datei.Groesse = -1 }},
		"dms.datei-inhalt":     {func(p *dms.Paket) { p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Datei.Open = nil }},
		"dms.vertraulichkeit":  {func(p *dms.Paket) { p.Vorgang.Vertraulichkeit = "x" }},
		"dms.medium":           {func(p *dms.Paket) { p.Vorgang.Dokumente[0].Medium = "x" }},
		"dms.aufbewahrung":     {func(p *dms.Paket) { p.Vorgang.Aufbewahrung.Jahre = 70000 }, func(p *dms.Paket) { p.Vorgang.Aufbewahrung.Unbefristet = true }},
		"dms.aussonderungsart": {func(p *dms.Paket) { p.Vorgang.Aufbewahrung.Aussonderungsart = "X" }},
		"dms.kanal":            {func(p *dms.Paket) { p.Absender.Kommunikation[0].Kanal = "x" }},
		"dms.staat":            {func(p *dms.Paket) { p.Absender.Anschriften[0].Staat = "Deutschland" }},
		"dms.code":             {func(p *dms.Paket) { p.Absender.Behoerde.Praefix.Wert = "" }, func(p *dms.Paket) { p.Absender.Behoerde.Schluessel.Wert = " 1" }},
		"dms.feldtyp":          {func(p *dms.Paket) { p.Vorgang.Fachdaten.Felder[0].Typ = "x" }},
		"dms.tiefe": {func(p *dms.Paket) {
			v := &p.Vorgang
			for i := range 20 {
				v.Teilvorgaenge = []dms.Vorgang{{ID: dmstest.ID(fmt.Sprint("deep", i))}}
				v = &v.Teilvorgaenge[0]
			}
		}},
	} {
		for i, change := range cases {
			t.Run(fmt.Sprint(code, "/", i), func(t *testing.T) {
				p := dmstest.Reich("x")
				change(p)
				pr := p.Check()
				require.ErrorIs(t, pr, fehler.ErrInvalid)
				found := false
				for _, q := range pr {
					found = found || q.Code == code
					require.NotEmpty(t, q.Hinweis)
					require.NotContains(t, q.String(), "Beispiel", "no personal data in problems")
				}
				require.True(t, found, "%v", pr)
			})
		}
	}
}

func TestCheckIsBounded(t *testing.T) {
	p := dmstest.Gross("x", 1000)
	for i := range p.Vorgang.Dokumente {
		p.Vorgang.Dokumente[i].ID = ""
	}
	require.Len(t, p.Check(), 100)
}

func TestFingerprint(t *testing.T) {
	a, err := dmstest.Reich("x").Fingerprint()
	require.NoError(t, err)
	b, err := dmstest.Reich("x").Fingerprint()
	require.NoError(t, err)
	require.Equal(t, a, b)
	p := dmstest.Reich("x")
	p.Vorgang.Teilvorgaenge[0].Betreff += "!"
	c, err := p.Fingerprint()
	require.NoError(t, err)
	require.NotEqual(t, a, c)
}

type tracked struct {
	io.Reader
	closed bool
}

func (t *tracked) Close() error { t.closed = true; return nil }

func TestCopyTo(t *testing.T) {
	content := []byte(strings.Repeat("inhalt", 10_000))
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		change func(*dms.Datei)
		source io.Reader
		code   string
		cause  error
	}{
		"good":       {nil, bytes.NewReader(content), "", nil},
		"wrong hash": {func(d *dms.Datei) { d.SHA512 = strings.Repeat("0", 128) }, bytes.NewReader(content), "dms.datei-hash", fehler.ErrInvalid},
		"short":      {nil, bytes.NewReader(content[:100]), "dms.datei-groesse", fehler.ErrInvalid},
		"long":       {nil, io.MultiReader(bytes.NewReader(content), strings.NewReader("x")), "dms.datei-groesse", fehler.ErrInvalid},
		"breaks off": {nil, io.MultiReader(bytes.NewReader(content[:10]), failing{boom}), "", boom},
	} {
		t.Run(name, func(t *testing.T) {
			d := dmstest.NewDatei(dmstest.ID("d"), "d.txt", "text/plain", content)
			rc := &tracked{Reader: c.source}
			d.Open = func(context.Context) (io.ReadCloser, error) { return rc, nil }
			if c.change != nil {
				c.change(&d)
			}
			var out bytes.Buffer
			err := d.CopyTo(t.Context(), &out)
			require.True(t, rc.closed)
			require.LessOrEqual(t, out.Len(), len(content))
			if c.cause == nil {
				require.NoError(t, err)
				require.Equal(t, content, out.Bytes())
				return
			}
			require.ErrorIs(t, err, c.cause)
			if c.code != "" {
				require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, dmstest.NewDatei(dmstest.ID("d"), "", "", content).CopyTo(ctx, io.Discard))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAbgabe(t *testing.T) {
	p := dmstest.Reich("a")
	good := dms.ObjektErgebnis{ID: strings.ToUpper(p.Vorgang.ID), Erfolgreich: true}
	akte := dms.ObjektErgebnis{ID: p.Akte.ID, Erfolgreich: true}
	doc := dms.ObjektErgebnis{ID: p.Vorgang.Dokumente[0].ID, Erfolgreich: true}
	bad := dms.ObjektErgebnis{ID: p.Vorgang.Dokumente[0].ID}
	ant := func(art dms.Antwortart, o ...dms.ObjektErgebnis) dms.Antwort {
		return dms.Antwort{ProzessID: p.ProzessID, Art: art, Objekte: o}
	}
	for name, c := range map[string]struct {
		answers []dms.Antwort
		want    dms.Zustand
		err     error // of the last answer
		same    bool  // the last answer changes nothing
	}{
		"nothing":                      {nil, dms.Gesendet, nil, false},
		"receipt":                      {[]dms.Antwort{ant(dms.AntwortEmpfangen)}, dms.Empfangen, nil, false},
		"receipt twice":                {[]dms.Antwort{ant(dms.AntwortEmpfangen), ant(dms.AntwortEmpfangen)}, dms.Empfangen, nil, true},
		"imported":                     {[]dms.Antwort{ant(dms.AntwortEmpfangen), ant(dms.AntwortImportiert, good, doc)}, dms.Importiert, nil, false},
		"imported without receipt":     {[]dms.Antwort{ant(dms.AntwortImportiert, akte)}, dms.Importiert, nil, false},
		"imported, one result for all": {[]dms.Antwort{ant(dms.AntwortImportiert)}, dms.Importiert, nil, false},
		"imported twice":               {[]dms.Antwort{ant(dms.AntwortImportiert, good), ant(dms.AntwortImportiert, good)}, dms.Importiert, nil, true},
		"receipt after the result":     {[]dms.Antwort{ant(dms.AntwortImportiert, good), ant(dms.AntwortEmpfangen)}, dms.Importiert, nil, true},
		"says imported, one failed":    {[]dms.Antwort{ant(dms.AntwortImportiert, good, bad)}, dms.Teilweise, nil, false},
		"says imported, not the case":  {[]dms.Antwort{ant(dms.AntwortImportiert, doc)}, dms.Teilweise, nil, false},
		"partly":                       {[]dms.Antwort{ant(dms.AntwortTeilweise, good, bad)}, dms.Teilweise, nil, false},
		"refused":                      {[]dms.Antwort{ant(dms.AntwortAbgelehnt, bad)}, dms.Abgelehnt, nil, false},
		"refused, then imported":       {[]dms.Antwort{ant(dms.AntwortAbgelehnt, bad), ant(dms.AntwortImportiert, good)}, dms.Abgelehnt, fehler.ErrConflict, true},
		"imported, then refused":       {[]dms.Antwort{ant(dms.AntwortImportiert, good), ant(dms.AntwortAbgelehnt, bad)}, dms.Importiert, fehler.ErrConflict, true},
		"another process":              {[]dms.Antwort{{ProzessID: dmstest.ID("other"), Art: dms.AntwortImportiert}}, dms.Gesendet, fehler.ErrInvalid, true},
		"unknown kind":                 {[]dms.Antwort{ant("x")}, dms.Gesendet, fehler.ErrInvalid, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := abgabe(p)
			for i, x := range c.answers {
				before := a
				next, changed, err := a.Apply(x, t0.Add(time.Minute))
				a = next
				if i < len(c.answers)-1 {
					require.NoError(t, err)
					continue
				}
				if c.err == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, c.err)
				}
				require.Equal(t, !c.same, changed)
				if c.same {
					require.Equal(t, before, a)
				}
			}
			require.Equal(t, c.want, a.Zustand)
			require.Equal(t, c.want == dms.Importiert, a.MayDelete())
		})
	}
}

func TestAbgabeOverdue(t *testing.T) {
	p := dmstest.Minimal("a")
	a := abgabe(p)
	_, changed := a.CheckOverdue(t0.Add(24*time.Hour - 1))
	require.False(t, changed)
	a, changed = a.CheckOverdue(t0.Add(24 * time.Hour))
	require.True(t, changed)
	require.Equal(t, dms.Ueberfaellig, a.Zustand)
	_, changed = a.CheckOverdue(t0.Add(48 * time.Hour))
	require.False(t, changed, "once")
	a, changed, err := a.Apply(dms.Antwort{ProzessID: p.ProzessID, Art: dms.AntwortEmpfangen}, t0.Add(50*time.Hour))
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, dms.Ueberfaellig, a.Zustand, "a receipt is not a result")
	a, _, err = a.Apply(dms.Antwort{ProzessID: p.ProzessID, Art: dms.AntwortImportiert}, t0.Add(60*time.Hour))
	require.NoError(t, err)
	require.Equal(t, dms.Importiert, a.Zustand)
	_, changed = a.CheckOverdue(t0.Add(600 * time.Hour))
	require.False(t, changed)
	never := dms.NewAbgabe(dms.Sendeschein{Zeit: t0}, p, 0)
	_, changed = never.CheckOverdue(t0.Add(24 * 365 * time.Hour))
	require.False(t, changed)
}

// Whatever comes in whatever order: a result never changes again, and deletion
// is allowed only if some answer said everything is there.
func TestAbgabeProperty(t *testing.T) {
	p := dmstest.Minimal("prop")
	ids := []string{p.Vorgang.ID, dmstest.ID("doc")}
	rapid.Check(t, func(t *rapid.T) {
		a := abgabe(p)
		positive := false
		for i := range rapid.IntRange(0, 8).Draw(t, "n") {
			var objekte []dms.ObjektErgebnis
			for _, id := range ids {
				if rapid.Bool().Draw(t, "named") {
					objekte = append(objekte, dms.ObjektErgebnis{ID: id, Erfolgreich: rapid.Bool().Draw(t, "ok")})
				}
			}
			art := rapid.SampledFrom([]dms.Antwortart{dms.AntwortEmpfangen, dms.AntwortImportiert, dms.AntwortTeilweise, dms.AntwortAbgelehnt}).Draw(t, "art")
			if art == dms.AntwortImportiert {
				all := len(objekte) == 0
				for _, o := range objekte {
					all = all || o.ID == p.Vorgang.ID
				}
				for _, o := range objekte {
					all = all && o.Erfolgreich
				}
				positive = positive || all
			}
			before := a
			a, _, _ = a.Apply(dms.Antwort{ProzessID: p.ProzessID, Art: art, Objekte: objekte}, t0.Add(time.Duration(i)*time.Hour))
			if rapid.Bool().Draw(t, "look") {
				a, _ = a.CheckOverdue(t0.Add(30 * time.Hour))
			}
			if before.Zustand.IsFinal() {
				require.Equal(t, before, a)
			}
		}
		if a.MayDelete() {
			require.True(t, positive)
		}
	})
}

func TestSummariseArt(t *testing.T) {
	good, bad := dms.ObjektErgebnis{Erfolgreich: true}, dms.ObjektErgebnis{}
	require.Equal(t, dms.AntwortAbgelehnt, dms.SummariseArt(nil))
	require.Equal(t, dms.AntwortImportiert, dms.SummariseArt([]dms.ObjektErgebnis{good, good}))
	require.Equal(t, dms.AntwortTeilweise, dms.SummariseArt([]dms.ObjektErgebnis{good, bad}))
	require.Equal(t, dms.AntwortAbgelehnt, dms.SummariseArt([]dms.ObjektErgebnis{bad}))
}
