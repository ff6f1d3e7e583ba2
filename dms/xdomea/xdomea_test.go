package xdomea_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) { testenv.Main(m) }

func v310() *xdomea.Kodierer { return xdomea.New(xdomea.V310(), nil) }

// profiles are the versions that are written, with the folder of their schemas.
var profiles = map[string]func() xdomea.Profil{"3.1.0": xdomea.V310, "3.0.0": xdomea.V300}

// lint validates a message with xmllint against the official schema.
func lint(t testing.TB, version string, message []byte) error {
	t.Helper()
	tool := testenv.Tool(t, "xmllint", "libxml2-utils")
	schema := testenv.Standards(t, "xdomea", version, "xdomea-Nachrichten-AbgabeDurchfuehren.xsd")
	cmd := exec.Command(tool, "--nonet", "--noout", "--huge", "--schema", schema, "-")
	cmd.Stdin = bytes.NewReader(message)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return &lintError{string(out)}
	}
	return nil
}

type lintError struct{ text string }

func (l *lintError) Error() string { return l.text[:min(len(l.text), 2000)] }

func message(t testing.TB, k *xdomea.Kodierer, p *dms.Paket) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, k.WriteAbgabe(&b, p))
	return b.Bytes()
}

// hostile is content real cases bring along, at its worst.
func hostile() *dms.Paket {
	p := dmstest.Reich("hostile")
	long := strings.Repeat("Ä–„“<&>\"'😀𠀀", 30)
	p.Hinweis = "Zeile 1\r\nZeile 2\t]]> <!-- &amp; -->"
	p.Vorgang.Betreff = long + strings.Repeat("x", 300)
	p.Vorgang.Kontakte[0].Person.Familienname = "Ørsted-Łękawski 👩‍👩‍👧 Đặng"
	p.Vorgang.Kontakte[0].Rolle = dms.Code{Wert: "a&b", Name: "<n>", Liste: "urn:x:\"&'", Version: "1"}
	p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Datei.Name = strings.Repeat("sehr langer Name ", 20) + "😀.PDF"
	p.Vorgang.Dokumente[0].Versionen[0].Formate[1].Datei.Name = "..\\..\\C:/Windows/../con|nul?.xml"
	p.Vorgang.Fachdaten.Felder = append(p.Vorgang.Fachdaten.Felder, dms.Feld{Name: long, Wert: "\u0085\u2028\uFFFD\U0010FFFD\r"})
	deep := &p.Vorgang
	for i := range 10 {
		deep.Teilvorgaenge = []dms.Vorgang{{ID: dmstest.ID("deep" + string(rune('a'+i)))}}
		deep = &deep.Teilvorgaenge[0]
	}
	return p
}

func samples() map[string]*dms.Paket {
	return map[string]*dms.Paket{
		"minimal": dmstest.Minimal("m"), "rich": dmstest.Reich("r"), "hostile": hostile(), "5000 documents": dmstest.Gross("g", 5000),
	}
}

func TestMessagesAreValid(t *testing.T) {
	for version, profile := range profiles {
		for name, p := range samples() {
			t.Run(version+"/"+name, func(t *testing.T) {
				require.NoError(t, lint(t, version, message(t, xdomea.New(profile(), nil), p)))
			})
		}
	}
}

// Negative control: the validation can fail, for order, for case of booleans
// and for namespaces.
func TestValidationCanFail(t *testing.T) {
	good := string(message(t, v310(), dmstest.Reich("r")))
	require.NoError(t, lint(t, "3.1.0", []byte(good)))
	for name, change := range map[string][2]string{
		"order":            {"<xdomea:ZdA>1</xdomea:ZdA><xdomea:ZdADatum>2026-03-01</xdomea:ZdADatum>", "<xdomea:ZdADatum>2026-03-01</xdomea:ZdADatum><xdomea:ZdA>1</xdomea:ZdA>"},
		"boolean":          {"<xdomea:Importbestaetigung>1<", "<xdomea:Importbestaetigung>true<"},
		"qualified code":   {"<code>044</code>", "<xdomea:code>044</xdomea:code>"},
		"wrong version":    {"schema:3.1.0\" xmlns:xsi", "schema:3.0.0\" xmlns:xsi"},
		"file without id":  {"<xdomea:Dateiname>", "<xdomea:Dateiname>x"},
		"name of a format": {"<code>044</code>", "<code>044</code><name>pdf</name>"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			require.NotEqual(t, good, bad)
			require.Error(t, lint(t, "3.1.0", []byte(bad)))
		})
	}
}

func TestAnswersAreValid(t *testing.T) {
	for version, profile := range profiles {
		k := xdomea.New(profile(), nil)
		for name, b := range bestaetigungen() {
			t.Run(version+"/"+name, func(t *testing.T) {
				var buf bytes.Buffer
				require.NoError(t, k.WriteAntwort(&buf, b))
				require.NoError(t, lint(t, version, buf.Bytes()))
			})
		}
	}
}

func bestaetigungen() map[string]xdomea.Bestaetigung {
	ok := dms.ObjektErgebnis{ID: dmstest.ID("a"), Erfolgreich: true}
	bad := dms.ObjektErgebnis{ID: dmstest.ID("b"), Meldungen: []string{"Datei fehlt <&>", "zweitens"},
		Codes: []dms.Code{{Wert: "17", Name: "Fehler", Liste: "urn:example:fehler", Version: "1"}}}
	make := func(art dms.Antwortart, objekte ...dms.ObjektErgebnis) xdomea.Bestaetigung {
		return xdomea.Bestaetigung{
			Antwort:  dms.Antwort{ProzessID: dmstest.ID("p"), Art: art, Zeit: time.Date(2026, 3, 3, 1, 2, 3, 4000, time.UTC), Objekte: objekte, Meldungen: []string{"Hinweis"}},
			Absender: dms.Kontakt{Institution: "DMS"}, Empfaenger: dms.Kontakt{Institution: "Amt"}, System: dms.System{Produkt: "DMS"},
		}
	}
	return map[string]xdomea.Bestaetigung{
		"receipt":  make(dms.AntwortEmpfangen),
		"imported": make(dms.AntwortImportiert, ok),
		"partly":   make(dms.AntwortTeilweise, ok, bad),
		"refused":  make(dms.AntwortAbgelehnt, bad),
	}
}

func TestAnswerRoundTrip(t *testing.T) {
	k := v310()
	for name, b := range bestaetigungen() {
		t.Run(name, func(t *testing.T) {
			var plain, packed bytes.Buffer
			require.NoError(t, k.WriteAntwort(&plain, b))
			require.NoError(t, k.WriteAntwortContainer(&packed, b))
			for _, in := range [][]byte{plain.Bytes(), packed.Bytes()} {
				got, err := k.DecodeAntwort(context.Background(), "x", bytes.NewReader(in), int64(len(in)))
				require.NoError(t, err)
				require.Equal(t, b.Antwort, got)
			}
			require.True(t, k.IsAntwort(k.AntwortName(b.Antwort, "zip")))
		})
	}
	require.False(t, k.IsAntwort(dmstest.ID("p")+"_Abgabe.Abgabe.0401.zip"))
}

func TestWriteAntwortRefuses(t *testing.T) {
	all := bestaetigungen()
	wrongKind := all["partly"]
	wrongKind.Antwort.Art = dms.AntwortImportiert
	noObject := all["refused"]
	noObject.Antwort.Objekte = nil
	noCodeList := all["refused"]
	noCodeList.Antwort.Objekte = []dms.ObjektErgebnis{{ID: dmstest.ID("b"), Codes: []dms.Code{{Wert: "1"}}}}
	for _, b := range []xdomea.Bestaetigung{wrongKind, noObject, noCodeList, {}} {
		require.Error(t, v310().WriteAntwort(&bytes.Buffer{}, b))
	}
}

func TestGolden(t *testing.T) {
	got := message(t, v310(), dmstest.Reich("golden"))
	path := filepath.Join("testdata", "abgabe_0401_v3.1.0.xml")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.Equal(t, got, message(t, v310(), dmstest.Reich("golden")), "same Paket, same bytes")
	// The PRONOM signature looks for the prefix declaration right at the start.
	require.Less(t, bytes.Index(got, []byte("xmlns:xdomea")), 120)
}
