package vorgang

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
)

var nachweisText = map[bescheid.NachweisArt]string{
	bescheid.NachweisAufgabe: "Tag der Absendung belegt", bescheid.NachweisAbruf: "abgerufen",
	bescheid.NachweisPZU: "Zustellungsurkunde eingegangen", bescheid.NachweisEB: "Empfangsbekenntnis eingegangen",
	bescheid.NachweisRueckschein: "Rückschein eingegangen", bescheid.NachweisUebergabe: "übergeben",
	bescheid.NachweisZugang: "Zugang belegt", bescheid.NachweisRuecklauf: "zurückgekommen",
	bescheid.NachweisBestritten: "Zugang bestritten", bescheid.NachweisNichtAbgerufen: "nicht abgerufen",
}

var ausgangText = map[RechtsbehelfAusgang]string{
	AusgangAbhilfe: "Abhilfe", AusgangWiderspruchsbescheid: "Widerspruchsbescheid", AusgangZurueckgenommen: "zurückgenommen",
	AusgangErledigt: "sonst erledigt", AusgangRechtskraft: "gerichtlich entschieden",
}

func zustellungText(d *ZustellungGeaendert) string {
	t := map[Anlass]string{AnlassEingetragen: "von Hand auf den Weg gebracht", AnlassNeuBerechnet: "neu berechnet"}[d.Anlass]
	if n := d.Zustellung.Nachweise; d.Anlass == AnlassNachweis && len(n) > 0 {
		l := n[len(n)-1]
		if t = nachweisText[l.Art]; !l.Tag.IsZero() {
			t += " am " + l.Tag.Deutsch()
		}
	}
	switch k := d.Zustellung.Bekanntgabe; {
	case k != nil:
		return fmt.Sprintf("%s, Bekanntgabe am %s, Frist bis %s", t, k.Tag.Deutsch(), k.FristEnde.Deutsch())
	case d.Zustellung.Zustand == bescheid.ZustellungGescheitert:
		return t + ", nicht bekannt gegeben"
	}
	return t + ", Tag der Bekanntgabe noch offen"
}

func rechtsbehelfText(r *Rechtsbehelf) string {
	switch {
	case r == nil:
		return "gestrichen"
	case r.FristEnde.IsZero():
		return "eingegangen am " + r.Eingang.Deutsch() + ", eine Frist läuft nicht"
	case r.Rechtzeitig:
		return fmt.Sprintf("eingegangen am %s, rechtzeitig (Frist bis %s)", r.Eingang.Deutsch(), r.FristEnde.Deutsch())
	}
	return fmt.Sprintf("eingegangen am %s, verspätet (Frist bis %s)", r.Eingang.Deutsch(), r.FristEnde.Deutsch())
}
