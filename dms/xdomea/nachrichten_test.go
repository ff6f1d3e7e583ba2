package xdomea_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func contents() map[string]func() *dms.Paket {
	return map[string]func() *dms.Paket{
		"minimal": func() *dms.Paket { return dmstest.Minimal("m") }, "rich": func() *dms.Paket { return dmstest.Reich("r") }, "hostile": hostile,
	}
}

func TestEveryMessageIsValid(t *testing.T) {
	every(t, contents(), func(t *testing.T, version, nummer string, _ xdomea.Inhalt, text []byte) {
		require.NoError(t, lintAs(t, version, nummer, text))
	})
}

// 5,000 documents, in every version and message that carries objects, by both validators.
func TestLargeMessagesAreValid(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	for version, profil := range versionen {
		p := pruefer(t, version)
		all := inhalte(func() *dms.Paket { return dmstest.Gross("g", 5000) })
		for _, nummer := range []string{"0101", "0401", "0501", "0503", "0604", "0605"} {
			if _, ok := profil().Nachrichten[nummer]; !ok {
				continue
			}
			var b bytes.Buffer
			require.NoError(t, kodierer(version).Write(&b, all[nummer]))
			require.NoError(t, lintAs(t, version, nummer, b.Bytes()), version)
			require.NoError(t, p.Validate(t.Context(), &b), version)
		}
	}
}

func TestEveryAnswerIsValid(t *testing.T) {
	for version, profil := range versionen {
		k, p := kodierer(version), profil()
		for nummer, bs := range antworten() {
			for i, b := range bs {
				t.Run(fmt.Sprint(version, "/", nummer, "/", i), func(t *testing.T) {
					var buf bytes.Buffer
					if _, ok := p.Nachrichten[nummer]; !ok {
						require.ErrorIs(t, k.WriteAntwort(&buf, b), fehler.ErrUnsupported)
						return
					}
					require.NoError(t, k.WriteAntwort(&buf, b))
					require.NoError(t, lintAs(t, version, nummer, buf.Bytes()))
				})
			}
		}
	}
}

// Negative control: in each version and message a foreign element, a wrong order and a
// wrong value are found.
func TestEveryValidationCanFail(t *testing.T) {
	every(t, map[string]func() *dms.Paket{"rich": contents()["rich"]}, func(t *testing.T, version, nummer string, _ xdomea.Inhalt, text []byte) {
		good := string(text)
		prozess := regexp.MustCompile("<xdomea:ProzessID>[^<]*</xdomea:ProzessID>").FindString(good)
		require.NotEmpty(t, prozess)
		end := "</xdomea:Kopf>"
		if version == "4.0.0" {
			end = "</xdomea:nachrichtenkopf>"
		}
		for name, bad := range map[string]string{
			"foreign element": strings.Replace(good, prozess, prozess+"<xdomea:Fremd/>", 1),
			"order":           strings.Replace(strings.Replace(good, prozess, "", 1), end, prozess+end, 1),
			"value":           strings.Replace(good, "<xdomea:ProzessID>", "<xdomea:ProzessID>x", 1),
		} {
			require.NotEqual(t, good, bad)
			require.Error(t, lintAs(t, version, nummer, []byte(bad)), name)
		}
	})
}

// asJSON is a value as text, without what a message does not carry and, for 2.4.0,
// what that version cannot.
func asJSON(t testing.TB, v any, version string, ohneDateien bool) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(raw, &tree))
	drop := []string{"mime", "sha512", "groesse"}
	switch version {
	case "2.4.0":
		drop = append(drop, "aktenfuehrung", "betreffKurz", "zdaDatum", "unbefristet", "hersteller", "nachrichtID", "bezug", "session", "withReceipt")
	case "3.0.0", "3.1.0":
		drop = append(drop, "hersteller", "nachrichtID", "bezug")
	}
	if ohneDateien {
		drop = append(drop, "versionen")
	}
	out, err := json.MarshalIndent(prune(tree, drop, version), "", " ")
	require.NoError(t, err)
	return string(out)
}

func prune(v any, drop []string, version string) any {
	switch v := v.(type) {
	case map[string]any:
		if d, ok := v["datei"].(map[string]any); ok && version == "2.4.0" {
			delete(d, "name") // the original name is not carried
		}
		if a, ok := v["aufbewahrung"].(map[string]any); ok && version == "2.4.0" && a["ende"] != nil {
			a["ende"] = a["ende"].(string)[:4] + "-12-31" // a year only
		}
		if b, ok := v["behoerde"].(map[string]any); ok && version == "4.0.0" { // prefix and key in one, without their lists
			for _, c := range b {
				for _, f := range []string{"name", "liste", "version"} {
					delete(c.(map[string]any), f)
				}
			}
		}
		for k, e := range v {
			if slices.Contains(drop, k) {
				delete(v, k)
				continue
			}
			if e = prune(e, drop, version); e == nil {
				delete(v, k)
			} else {
				v[k] = e
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i], drop, version)
		}
		if len(v) == 0 {
			return nil
		}
	}
	return v
}

// What is written reads the same again, in every version and message.
func TestEveryRoundTrip(t *testing.T) {
	all := contents()
	every(t, all, func(t *testing.T, version, nummer string, v xdomea.Inhalt, text []byte) {
		n, err := kodierer("3.1.0").Read(t.Context(), bytes.NewReader(text)) // the version of the message decides
		require.NoError(t, err)
		require.Equal(t, version, n.Version)
		require.Equal(t, nummer, n.Nummer)
		require.Empty(t, n.Ausgelassen)
		if version == "2.4.0" && strings.HasSuffix(t.Name(), "hostile") {
			var b bytes.Buffer // characters were replaced: written again it is the same
			require.NoError(t, kodierer(version).Write(&b, inhaltOf(n, true)))
			return
		}
		require.Equal(t, asJSON(t, v, version, nummer == "0501"), asJSON(t, inhaltOf(n, false), version, nummer == "0501"))
	})
}

// inhaltOf gives the content; files get some, so that it can be written again.
func inhaltOf(n *xdomea.Nachricht, files bool) xdomea.Inhalt {
	if files {
		for d := range n.Dateien() {
			*d = dmstest.NewDatei(d.ID, d.Name, d.MIME, nil)
		}
	}
	switch {
	case n.Information != nil:
		return n.Information
	case n.Abgabe != nil:
		return n.Abgabe
	case n.Anbietung != nil:
		return n.Anbietung
	case n.Bewertung != nil:
		return n.Bewertung
	case n.Aussonderung != nil:
		return n.Aussonderung
	case n.Ablage != nil:
		return n.Ablage
	case n.Vermerke != nil:
		return n.Vermerke
	case n.Gesamtprotokoll != nil:
		return n.Gesamtprotokoll
	case n.Schliessung != nil:
		return n.Schliessung
	}
	return nil
}

func TestEveryAnswerRoundTrip(t *testing.T) {
	for version, profil := range versionen {
		k, p := kodierer(version), profil()
		for nummer, bs := range antworten() {
			if _, ok := p.Nachrichten[nummer]; !ok {
				continue
			}
			for i, b := range bs {
				t.Run(fmt.Sprint(version, "/", nummer, "/", i), func(t *testing.T) {
					var buf bytes.Buffer
					require.NoError(t, k.WriteAntwort(&buf, b))
					n, err := kodierer("3.0.0").Read(t.Context(), &buf)
					require.NoError(t, err)
					require.Empty(t, n.Ausgelassen)
					got := *n.Bestaetigung
					require.Equal(t, b.Session, got.Session)
					if version == "2.4.0" { // one result for all; codes only in words
						if b.Antwort.Art == dms.AntwortTeilweise {
							require.NotEqual(t, dms.AntwortImportiert, got.Antwort.Art)
						} else {
							require.Equal(t, b.Antwort.Art, got.Antwort.Art)
						}
						require.Equal(t, b.Antwort.ProzessID, got.Antwort.ProzessID)
						return
					}
					if a := &b.Antwort; nummer == "0630" && a.Art != dms.AntwortImportiert && len(a.Codes)+len(a.Meldungen) == 0 {
						a.Codes = []dms.Code{{Wert: "0000499", Liste: "urn:xoev-de:xdomea:codeliste:allgemeinerueckmeldung"}} // something must be said
					}
					require.Equal(t, b.Antwort, got.Antwort)
					if version == "4.0.0" {
						require.Equal(t, b, got)
					}
				})
			}
		}
	}
}

// Containers of all messages: pack, unpack, hash; the same value gives the same bytes.
func TestEveryContainer(t *testing.T) {
	every(t, map[string]func() *dms.Paket{"rich": contents()["rich"]}, func(t *testing.T, version, nummer string, v xdomea.Inhalt, _ []byte) {
		k := kodierer(version)
		var b, again bytes.Buffer
		require.NoError(t, k.Pack(t.Context(), &b, v))
		require.NoError(t, k.Pack(t.Context(), &again, v))
		require.True(t, bytes.Equal(b.Bytes(), again.Bytes()))
		s, err := k.Unpack(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()))
		require.NoError(t, err)
		require.NoError(t, s.Hash(t.Context()))
		require.Equal(t, nummer, s.Nummer)
		name, err := k.Name(v, "zip")
		require.NoError(t, err)
		parsed, ok := xdomea.ParseDateiname(name)
		require.True(t, ok, name)
		require.Equal(t, nummer, parsed.Nummer)
		count := 0
		for d := range s.Dateien() {
			require.Len(t, d.SHA512, 128)
			count++
		}
		want := map[string]int{"0101": 6, "0401": 5, "0503": 5, "0604": 6, "0605": 6, "0623": 1}[nummer]
		require.Equal(t, want, count, "0501 carries no files")
	})
}

// 2.x: typographic marks are replaced by themselves, anything else needs the wish.
func TestLatinOnly(t *testing.T) {
	k := xdomea.New(xdomea.V240(), nil)
	p := dmstest.Minimal("x")
	p.Vorgang.Betreff = "„Fu\u0308r“ – M\u0302 … ’s Łódź"
	text := message(t, k, p)
	require.Contains(t, string(text), `<xdomea:Betreff>"Für" - M̂ ... 's Łódź</xdomea:Betreff>`)
	require.NoError(t, lintAs(t, "2.4.0", "0401", text))
	for _, s := range []string{"😀", "Иван", "\u0085", "\uFFFD", "a\u0302"} {
		p.Vorgang.Betreff = "x" + s
		err := k.WriteAbgabe(&bytes.Buffer{}, p)
		if s == "a\u0302" { // NFC makes it one letter, which is allowed
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, fehler.ErrInvalid, "%q", s)
		require.Equal(t, "xdomea.zeichen-latein", fehler.ProblemeIn(err)[0].Code)
		require.NotContains(t, err.Error(), s)
	}
}

func TestWriteRefuses(t *testing.T) {
	k := kodierer("3.1.0")
	for name, v := range map[string]xdomea.Inhalt{
		"0101 without object":   &dms.Information{Kopf: kopf(dmstest.Minimal("m"))},
		"0501 without kind":     &dms.Anbietung{Kopf: kopf(dmstest.Minimal("m")), Objekte: []dms.Objekt{{Vorgang: &dmstest.Minimal("m").Vorgang}}},
		"0502 without verdict":  &dms.Bewertung{Kopf: kopf(dmstest.Minimal("m")), Urteile: []dms.Urteil{{ID: dmstest.ID("a")}}},
		"0503 of a document":    &dms.Aussonderung{Kopf: kopf(dmstest.Minimal("m")), Objekte: []dms.Objekt{{Dokument: &dms.Dokument{ID: dmstest.ID("d")}}}},
		"0605 without creator":  &dms.Ablage{Kopf: kopf(dmstest.Minimal("m")), Objekte: []dms.Ablageobjekt{{FachID: "1", Objekt: archiv(dmstest.Minimal("m"))}}},
		"0607 without text":     &dms.Vermerke{Kopf: kopf(dmstest.Minimal("m")), Fach: dms.Fachkopf{Ersteller: "x"}, Eintraege: []dms.Vermerk{{ID: dmstest.ID("a")}}},
		"0623 without place":    &dms.Gesamtprotokoll{Kopf: kopf(dmstest.Minimal("m")), Fach: dms.Fachkopf{Ersteller: "x"}, Protokolle: []dms.Protokoll{{ID: dmstest.ID("a")}}},
		"0624 of no object":     &dms.Schliessung{Kopf: kopf(dmstest.Minimal("m")), Fach: dms.Fachkopf{Ersteller: "x"}},
		"a head without sender": &dms.Schliessung{Kopf: dms.Kopf{ProzessID: dmstest.ID("a")}, Fach: dms.Fachkopf{Ersteller: "x"}, IDs: []string{dmstest.ID("a")}},
	} {
		require.ErrorIs(t, k.Write(&bytes.Buffer{}, v), fehler.ErrInvalid, name)
	}
	require.ErrorIs(t, kodierer("4.0.0").Write(&bytes.Buffer{}, &dms.Bewertung{Kopf: dmstest.Minimal("m").Kopf(),
		Urteile: []dms.Urteil{{ID: dmstest.ID("a"), Aussonderungsart: dms.Vernichten}}}), fehler.ErrInvalid, "4.0.0 needs product and reference")
}

// A Vorgang that is told for its surroundings is not taken for one that is handed over.
func TestContextIsNotAnObject(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, kodierer("4.0.0").Write(&b, inhalte(func() *dms.Paket { return dmstest.Reich("r") })["0503"]))
	bad := strings.Replace(b.String(), "<xdomea:Kontextobjekt>0<", "<xdomea:Kontextobjekt>1<", 1)
	require.NoError(t, lintAs(t, "4.0.0", "0503", []byte(bad)))
	_, err := v310().Read(t.Context(), strings.NewReader(bad))
	require.ErrorIs(t, err, fehler.ErrUnsupported)
}

// The self-made samples of others' making of each version read.
func TestReadsSamples(t *testing.T) {
	for version := range versionen {
		if version == "4.0.0" {
			continue
		}
		files, err := filepath.Glob(filepath.Join(testenv.Standards(t, "xdomea", "own", version), "*.xml"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			n, err := v310().Read(context.Background(), bytes.NewReader(text))
			if strings.Contains(f, "akte_") && err != nil { // several Vorgaenge or documents in one Akte
				require.ErrorIs(t, err, fehler.ErrUnsupported, f)
				continue
			}
			require.NoError(t, err, f)
			require.Equal(t, version, n.Version)
		}
	}
}
