package gebuehr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

const (
	kopfTarife = "## Tarife der Beispieltabelle"
	kopfRegeln = "## Regeln der Beispieltabelle"
)

// docs/gebuehren.md shows the table as people read it.
func TestDocsGebuehren(t *testing.T) {
	testenv.Abschnitt(t, "gebuehren.md", kopfTarife, tarifeDoc(gebuehr.Beispiele()), *update)
	testenv.Abschnitt(t, "gebuehren.md", kopfRegeln, regelnDoc(gebuehr.Beispiele()), *update)
}

// Another amount is another page.
func TestDocsGebuehrenControl(t *testing.T) {
	t.Parallel()
	andere := geladen(t, strings.Replace(beispielText(t), `"max": "30.70"`, `"max": "30.80"`, 1))
	require.NotEqual(t, tarifeDoc(gebuehr.Beispiele()), tarifeDoc(andere))
}

func tarifeDoc(tab *gebuehr.Tabelle) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nErzeugt aus `beispiele.json` mit `go test ./bescheid/gebuehr -run Docs -update`. Stand %s. Kennungen mit BSP sind erdachte Beispiele.\n\n| Kennung | Posten | Bezeichnung | Satz | Norm | Wo | In Kraft | Konf. | Quelle |\n|---|---|---|---|---|---|---|---|---|\n", kopfTarife, tab.Stand())
	for _, x := range tab.Tarife() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", x.ID, x.Posten, x.Bezeichnung, satzDoc(x), x.Norm, wo(x.Laender), inKraft(x.Recht), x.Konfidenz, strings.Join(x.Quelle, ", "))
	}
	return b.String()
}

func satzDoc(x gebuehr.Tarif) string {
	s, out := x.Satz, ""
	var teile []string
	switch s.Art {
	case gebuehr.ArtFest:
		out = s.Betrag.Deutsch()
	case gebuehr.ArtRahmen:
		out = s.Min.Deutsch() + " bis " + s.Max.Deutsch()
		for _, k := range s.Kriterien {
			teile = append(teile, fmt.Sprintf("%s (Gewicht %d)", k.Bezeichnung, k.Gewicht))
		}
	case gebuehr.ArtZeit:
		out = fmt.Sprintf("je angefangene %d Minuten", s.EinheitMinuten)
		for _, k := range s.Stundensaetze {
			teile = append(teile, k.Gruppe+" "+k.Betrag.Deutsch()+" je Stunde")
		}
	case gebuehr.ArtProzent:
		out = s.Anteil.Deutsch() + " des Wertes"
	case gebuehr.ArtTatsaechlich:
		out = "tatsächliche Höhe"
	default:
		out = map[gebuehr.Art]string{gebuehr.ArtStueck: "je Stück", gebuehr.ArtWertstufen: "nach Wertstufen", gebuehr.ArtStaffel: "gestaffelt"}[s.Art]
		for _, k := range s.Stufen {
			bis := "darüber"
			if len(s.Stufen) == 1 {
				bis = ""
			}
			if k.Bis > 0 {
				bis = fmt.Sprintf("bis %d", k.Bis)
			}
			if k.BisWert > 0 {
				bis = "bis " + k.BisWert.Deutsch()
			}
			if k.Betrag > 0 {
				bis += " " + k.Betrag.Deutsch()
			}
			if !k.Anteil.IsZero() {
				bis += " " + k.Anteil.Deutsch()
			}
			if k.Je > 0 {
				bis += " und je " + k.Je.Deutsch() + " " + k.JeBetrag.Deutsch()
			}
			teile = append(teile, bis)
		}
	}
	switch {
	case len(teile) == 1 && len(s.Stufen) == 1:
		out += teile[0]
	case len(teile) > 0:
		out += ": " + strings.Join(teile, "; ")
	}
	if s.Mindestens > 0 {
		out += ", mindestens " + s.Mindestens.Deutsch()
	}
	if s.Hoechstens > 0 {
		out += ", höchstens " + s.Hoechstens.Deutsch()
	}
	if x.Gruppe == gebuehr.GruppeAuslage {
		out += " (Auslage)"
	}
	return out
}

func regelnDoc(tab *gebuehr.Tabelle) string {
	var b strings.Builder
	b.WriteString(kopfRegeln + "\n\nErzeugt wie oben.\n\n| Kennung | Regel | Norm | Wo | In Kraft | Konf. | Quelle |\n|---|---|---|---|---|---|---|\n")
	quellen := []string{}
	add := func(r gebuehr.Recht, text string) {
		if r.Hinweis != "" {
			text += " " + r.Hinweis
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.ID, text, r.Norm, wo(r.Laender), inKraft(r), r.Konfidenz, strings.Join(r.Quelle, ", "))
		quellen = append(quellen, r.Quelle...)
	}
	for _, x := range tab.Stichtage() {
		add(x.Recht, "Stichtag: "+string(x.Massgeblich)+".")
	}
	for _, x := range tab.Ausgaenge() {
		var a []string
		for _, k := range x.Ausgang {
			a = append(a, string(k))
		}
		text := strings.Join(a, ", ") + ": " + x.Min.String() + " bis " + x.Max.String()
		if x.Regel != nil {
			text += ", in der Regel " + x.Regel.String()
		}
		if x.Mindestens > 0 {
			text += ", mindestens " + x.Mindestens.Deutsch()
		}
		if x.Absehen {
			text += "; Absehen möglich"
		}
		add(x.Recht, text+".")
	}
	for _, x := range tab.Minderungen() {
		text := x.Bezeichnung + " (Merkmal " + x.Merkmal + "): Erlass " + x.Erlass.String()
		if x.Ermessen {
			text += ", nach Ermessen"
		}
		add(x.Recht, text+".")
	}
	for _, x := range tab.Umsatzsteuern() {
		add(x.Recht, "Umsatzsteuer "+x.Schluessel+": "+x.Satz.Deutsch()+".")
	}
	for _, x := range tab.Zahlungsregeln() {
		add(x.Recht, fmt.Sprintf("Fällig %d Tage nach Bekanntgabe; Säumnis %s je Monat, abgerundet auf %s.", x.FaelligTage, x.Saeumnis.Deutsch(), x.SaeumnisAuf.Deutsch()))
	}
	b.WriteString("\n| Schlüssel | Quelle |\n|---|---|\n")
	for _, x := range tab.Tarife() {
		quellen = append(quellen, x.Quelle...)
	}
	gesehen := map[string]bool{}
	for _, k := range quellen {
		if q, _ := tab.Quelle(k); !gesehen[k] {
			gesehen[k] = true
			fmt.Fprintf(&b, "| %s | %s |\n", k, q)
		}
	}
	return b.String()
}

func wo(l []tenant.Land) string {
	if len(l) == 0 {
		return "überall"
	}
	out := make([]string, len(l))
	for i := range l {
		out[i] = string(l[i])
	}
	return strings.Join(out, ", ")
}

func inKraft(r gebuehr.Recht) string {
	switch {
	case r.Von.IsZero() && r.Bis.IsZero():
		return "offen"
	case r.Von.IsZero():
		return "bis " + r.Bis.String()
	case r.Bis.IsZero():
		return "ab " + r.Von.String()
	}
	return r.Von.String() + " bis " + r.Bis.String()
}
