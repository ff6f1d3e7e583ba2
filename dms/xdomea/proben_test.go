package xdomea_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// versionen are all that are written.
var versionen = map[string]func() xdomea.Profil{
	"2.4.0": xdomea.V240, "3.0.0": xdomea.V300, "3.1.0": xdomea.V310, "4.0.0": xdomea.V400,
}

// kodierer replaces what 2.4.0 cannot carry, so that hostile content can be written.
func kodierer(version string) *xdomea.Kodierer {
	return xdomea.New(versionen[version](), &xdomea.Options{ReplaceInvalid: version == "2.4.0"})
}

var gruppen = map[string]string{"01": "InformationAustauschen", "04": "AbgabeDurchfuehren", "05": "AussonderungDurchfuehren", "06": "FachverfahrensdatenAustauschen"}

// lintAs validates a message with xmllint against the official schema of its group.
func lintAs(t testing.TB, version, nummer string, message []byte) error {
	t.Helper()
	tool := testenv.Tool(t, "xmllint", "libxml2-utils")
	schema := testenv.Standards(t, "xdomea", version, "xdomea-Nachrichten-"+gruppen[nummer[:2]]+".xsd")
	cmd := exec.Command(tool, "--nonet", "--noout", "--huge", "--schema", schema, "-")
	cmd.Stdin = bytes.NewReader(message)
	if version == "4.0.0" { // its imports are URLs
		cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(filepath.Dir(schema), "catalog.xml"))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return &lintError{string(out)}
	}
	return nil
}

// kopf is the head of a sample.
func kopf(p *dms.Paket) dms.Kopf {
	k := p.Kopf()
	k.System = dms.System{Instanz: p.System.Instanz, Produkt: "Fachwerk", Version: "1.0", Hersteller: "Beispiel"}
	k.NachrichtID = dmstest.ID("nachricht")
	return k
}

// archiv gives every object what the archive needs.
func archiv(p *dms.Paket) dms.Objekt {
	p.Vorgang.Aufbewahrung.Aussonderungsart = dms.Bewerten
	return dms.Objekt{Akte: p.Akte, Vorgang: &p.Vorgang}
}

// inhalte are all messages that are not answers, with one content.
func inhalte(p func() *dms.Paket) map[string]xdomea.Inhalt {
	zwei := func() []dms.Objekt {
		second := dmstest.Minimal("zweiter")
		os := []dms.Objekt{archiv(p()), archiv(second)}
		if akte := os[0].Akte; akte != nil { // a second Vorgang in the same Akte
			os = append([]dms.Objekt{{Akte: akte, Vorgang: &dms.Vorgang{ID: dmstest.ID("in derselben Akte"),
				Aufbewahrung: dms.Aufbewahrung{Aussonderungsart: dms.Vernichten}}}}, os...)
		}
		return os
	}
	dok := &dms.Dokument{ID: dmstest.ID("einzeln"), Versionen: []dms.Version{{Nummer: "1", Formate: []dms.Format{{Code: "018",
		Datei: dmstest.NewDatei(dmstest.ID("einzeldatei"), "protokoll.pdf", "application/pdf", []byte("%PDF"))}}}}}
	fach := dms.Fachkopf{System: dms.System{Produkt: "DMS"}, Ersteller: "sb-7", Rolle: "Sachbearbeitung"}
	objekte := func(ort string, oeffnen bool) (out []dms.Ablageobjekt) {
		for i, o := range append(zwei(), dms.Objekt{Dokument: dok}) {
			out = append(out, dms.Ablageobjekt{FachID: fmt.Sprint("fv-", i), Container: dmstest.ID("akte im DMS"), Objekt: o, Ablageort: ort, Oeffnen: oeffnen})
		}
		return out
	}
	k, zeit := kopf(p()), time.Date(2026, 7, 3, 23, 30, 5, 0, time.UTC)
	historie := p().Vorgang.Historie
	antwort := k
	antwort.Bezug = dmstest.ID("bezug")
	return map[string]xdomea.Inhalt{
		"0101": &dms.Information{Kopf: k, Objekte: append(zwei(), dms.Objekt{Dokument: dok})},
		"0401": p(),
		"0501": &dms.Anbietung{Kopf: k, Objekte: zwei()},
		"0502": &dms.Bewertung{Kopf: antwort, Urteile: []dms.Urteil{{ID: dmstest.ID("a"), Aussonderungsart: dms.Archivwuerdig},
			{ID: dmstest.ID("b"), Aussonderungsart: dms.Vernichten}}},
		"0503": &dms.Aussonderung{Kopf: k, WithArchivkennung: true, Objekte: zwei()},
		"0604": &dms.Ablage{Kopf: k, Fach: fach, Erstellen: true, Objekte: objekte("", true)},
		"0605": &dms.Ablage{Kopf: k, Fach: fach, Objekte: objekte("eingang", false)},
		"0607": &dms.Vermerke{Kopf: k, Fach: fach, Eintraege: []dms.Vermerk{{ID: dmstest.ID("a"), Bearbeiter: "sb-7", Zeit: zeit, Notiz: "geprüft"}}},
		"0623": &dms.Gesamtprotokoll{Kopf: k, Fach: fach, Protokolle: []dms.Protokoll{
			{ID: dmstest.ID("a"), Ablageort: "eingang", Dokument: dok, Historie: historie}, {ID: dmstest.ID("b"), Ablageort: "eingang"}}},
		"0624": &dms.Schliessung{Kopf: k, Fach: fach, IDs: []string{dmstest.ID("a"), dmstest.ID("b")}},
	}
}

// antworten are all answers.
func antworten() map[string][]xdomea.Bestaetigung {
	out := map[string][]xdomea.Bestaetigung{}
	for _, b := range bestaetigungen() {
		b.System = dms.System{Produkt: "DMS", Hersteller: "Beispiel"}
		b.NachrichtID, b.Bezug = dmstest.ID("antwort"), dmstest.ID("bezug")
		nummern := []string{"0402", "0506", "0630"}
		if b.Antwort.Art == dms.AntwortEmpfangen {
			nummern = []string{"0102", "0403", "0504", "0505", "0507", "0629"}
		}
		for _, nr := range nummern {
			c := b
			c.Nummer = nr
			c.Antwort.Objekte = slices.Clone(b.Antwort.Objekte)
			if nr == "0630" {
				c.Session = "sitzung"
				c.Antwort.Meldungen = nil
			}
			for i := range c.Antwort.Objekte {
				o := &c.Antwort.Objekte[i]
				switch {
				case nr == "0506" && o.Erfolgreich:
					o.Archivkennung = "Best. 7/12"
				case nr == "0630":
					o.Nummer, o.Ablageort = i+1, "eingang"
				}
			}
			out[nr] = append(out[nr], c)
		}
	}
	fach := dms.Code{Wert: "0605004", Liste: "urn:xoev-de:xdomea:codeliste:spezifischefehlermeldung0605"}
	allgemein := dms.Code{Wert: "0000018", Liste: "urn:xoev-de:xdomea:codeliste:allgemeinerueckmeldung"}
	c := out["0630"][0]
	c.Antwort.Art, c.Antwort.Codes = dms.AntwortAbgelehnt, []dms.Code{allgemein}
	c.Antwort.Objekte = []dms.ObjektErgebnis{{Nummer: 1, Codes: []dms.Code{fach}, Meldungen: []string{"Datei fehlt"}}}
	out["0630"] = append(out["0630"], c)
	c.Antwort.Objekte, c.Antwort.Codes, c.Antwort.Meldungen = nil, nil, []string{"nicht angenommen"}
	out["0630"] = append(out["0630"], c)
	return out
}

// every calls f for each version, message and content that can be written; f gets the
// message and what was written.
func every(t *testing.T, contents map[string]func() *dms.Paket, f func(t *testing.T, version, nummer string, v xdomea.Inhalt, text []byte)) {
	for version, profil := range versionen {
		k, p := kodierer(version), profil()
		for content, paket := range contents {
			for nummer, v := range inhalte(paket) {
				t.Run(version+"/"+nummer+"/"+content, func(t *testing.T) {
					var b bytes.Buffer
					if _, ok := p.Nachrichten[nummer]; !ok {
						require.ErrorIs(t, k.Write(&b, v), fehler.ErrUnsupported)
						return
					}
					require.NoError(t, k.Write(&b, v))
					f(t, version, nummer, v, b.Bytes())
				})
			}
		}
	}
}
