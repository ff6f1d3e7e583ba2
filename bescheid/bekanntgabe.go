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
	if p.Rechtsbehelf == "" {
		p.Rechtsbehelf = standardRechtsbehelf(p.Inhalt)
	}
	b, _, err := rechne(r, frist.BekanntgabeFall{
		Verfahren: frist.Verfahren(p.Inhalt.Verfahren), Kanal: p.Kanal, Behoerde: sitz(p.Land, p.ARS),
		Absendung: p.Tag, Bereitstellung: p.Tag, Benachrichtigung: p.Tag, Zugang: p.Zugang,
	}, p.Rechtsbehelf, p.Inhalt.Rechtsbehelfsbelehrung == "")
	if err != nil {
		return Bekanntgabe{}, err
	}
	if b == nil {
		return Bekanntgabe{}, fehler.New("bescheid.ComputeBekanntgabe", "", fehler.ErrInvalid, fehler.Probleme{{
			Code: "bekanntgabe.offen", Pfad: "/kanal", Meldung: "this way has no date before something else happens",
			Hinweis: "Für diesen Weg steht der Tag der Bekanntgabe noch nicht fest.",
		}})
	}
	return *b, nil
}

// rechne works out the days; nil if there are none yet or at all, then the second
// result says which.
func rechne(r *frist.Rechner, fall frist.BekanntgabeFall, rb frist.Rechtsbehelf, ohneBelehrung bool) (*Bekanntgabe, frist.Ergebnis, error) {
	tag, err := r.Bekanntgabe(fall)
	if err != nil {
		return nil, tag, err
	}
	ende, err := r.Rechtsbehelf(frist.RechtsbehelfFall{
		Rechtsbehelf: rb, Bekanntgabe: &fall, Behoerde: fall.Behoerde, BelehrungFehlt: ohneBelehrung,
	})
	if err != nil || tag.Lage != frist.LageBestimmt || ende.Lage != frist.LageBestimmt {
		return nil, tag, err
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
	return &b, tag, nil
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

// standardRechtsbehelf: against the decision on a Widerspruch only the court helps, also
// whom an Abhilfe burdens first (§ 68 (1) sentence 2 no. 2 VwGO).
func standardRechtsbehelf(i Inhalt) frist.Rechtsbehelf {
	klage := i.Art == Widerspruchsbescheid || i.Art == Abhilfe
	switch v := frist.Verfahren(i.Verfahren); {
	case v == frist.VerfahrenSGBX && klage:
		return frist.RechtsbehelfSGGKlage
	case klage: // for municipal taxes, too
		return frist.RechtsbehelfKlage
	case v == frist.VerfahrenAO:
		return frist.RechtsbehelfEinspruch
	case v == frist.VerfahrenSGBX:
		return frist.RechtsbehelfSGGWiderspruch
	}
	return frist.RechtsbehelfWiderspruch
}
