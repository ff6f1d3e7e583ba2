package bescheid

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// BekanntgabeParams are the facts of a delivery.
type BekanntgabeParams struct {
	Inhalt Inhalt
	// Land and ARS of the authority: where the remedy period must be kept.
	Land tenant.Land
	ARS  tenant.ARS
	// Kanal is the legal way, see messaging.Faehigkeiten.Bekanntgabe.
	Kanal frist.Kanal
	// Tag the decision was posted, sent or provided.
	Tag datum.Datum
	// Zugang is the day of proven receipt, if there is a proof; ways such as
	// "pzu" or "uebergabe" count from it and need it.
	Zugang datum.Datum
	// Rechtsbehelf; default by procedure law: Widerspruch (VwGO, SGG) or Einspruch (AO).
	Rechtsbehelf frist.Rechtsbehelf
}

// ComputeBekanntgabe works out when the decision counts as announced and until
// when it can be challenged. Where the law is uncertain every reading is
// followed: the latest decides, and Unsicher is set. A missing Belehrung makes
// the period a year (§ 58 (2) VwGO). If no date can be told yet (waiting for
// retrieval) the error is of kind fehler.ErrInvalid with code "bekanntgabe.offen".
func ComputeBekanntgabe(r *frist.Rechner, p BekanntgabeParams) (Bekanntgabe, error) {
	behoerde := frist.Behoerde{Ort: frist.Ort{Land: p.Land, Gemeinde: string(p.ARS)}}
	fall := frist.BekanntgabeFall{
		Verfahren: frist.Verfahren(p.Inhalt.Verfahren), Kanal: p.Kanal, Behoerde: behoerde,
		Absendung: p.Tag, Bereitstellung: p.Tag, Benachrichtigung: p.Tag, Zugang: p.Zugang,
	}
	tag, err := r.Bekanntgabe(fall)
	if err != nil {
		return Bekanntgabe{}, err
	}
	if p.Rechtsbehelf == "" {
		p.Rechtsbehelf = standardRechtsbehelf(fall.Verfahren)
	}
	ende, err := r.Rechtsbehelf(frist.RechtsbehelfFall{
		Rechtsbehelf: p.Rechtsbehelf, Bekanntgabe: &fall, Behoerde: behoerde,
		BelehrungFehlt: p.Inhalt.Rechtsbehelfsbelehrung == "",
	})
	if err != nil {
		return Bekanntgabe{}, err
	}
	if tag.Lage != frist.LageBestimmt || ende.Lage != frist.LageBestimmt {
		return Bekanntgabe{}, fehler.New("bescheid.ComputeBekanntgabe", "", fehler.ErrInvalid, fehler.Probleme{{
			Code: "bekanntgabe.offen", Pfad: "/kanal", Meldung: "this way has no date before something else happens",
			Hinweis: "Für diesen Weg steht der Tag der Bekanntgabe noch nicht fest.",
		}})
	}
	b := Bekanntgabe{
		Tag: tag.Spaetestes(), FristEnde: ende.Spaetestes(), BestandskraftAb: ende.Bestandskraft(),
		Schritte: slices.Clone(ende.Schritte),
		Unsicher: !tag.Eindeutig() || !ende.Eindeutig() || ende.Konfidenz == frist.KonfidenzU,
	}
	for _, beleg := range ende.Belege {
		b.Regeln = append(b.Regeln, beleg.ID)
	}
	for _, w := range ende.Warnungen {
		b.Warnungen = append(b.Warnungen, w.Hinweis)
	}
	b.Warnungen = append(b.Warnungen, andere("Tag der Bekanntgabe", tag, b.Tag)...)
	b.Warnungen = append(b.Warnungen, andere("letzter Tag der Frist", ende, b.FristEnde)...)
	return b, nil
}

// andere names the dates other readings give, and why the one taken is possible
// if it is not what the law says first.
func andere(was string, e frist.Ergebnis, genommen datum.Datum) (out []string) {
	if e.Eindeutig() {
		return nil
	}
	for _, k := range e.Kandidaten {
		text := "Möglich ist auch der " + k.Datum.Deutsch() + " (" + was + ")."
		switch {
		case k.Datum != genommen:
		case k.Haupt || k.Grund == "":
			continue
		default:
			text = "Angenommen ist der späteste Tag, der " + k.Datum.Deutsch() + " (" + was + ")."
		}
		if k.Grund != "" {
			text += " " + k.Grund
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func standardRechtsbehelf(v frist.Verfahren) frist.Rechtsbehelf {
	switch v {
	case frist.VerfahrenAO:
		return frist.RechtsbehelfEinspruch
	case frist.VerfahrenSGBX:
		return frist.RechtsbehelfSGGWiderspruch
	}
	return frist.RechtsbehelfWiderspruch
}
