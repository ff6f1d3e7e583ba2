package frist

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// BekanntgabeFall is what is known about the way of an act to the addressee.
// Days are days in Europe/Berlin.
type BekanntgabeFall struct {
	Verfahren Verfahren `json:"verfahren"`
	Kanal     Kanal     `json:"kanal"`
	// Behoerde is the body that acts.
	Behoerde Behoerde `json:"behoerde"`
	// Empfaenger is where the addressee is; its holidays count for tax acts
	// (§ 108 (3) AO). Empty means not known.
	Empfaenger Ort `json:"empfaenger,omitzero"`
	// Absendung is the day of posting, electronic sending or public notice.
	Absendung datum.Datum `json:"absendung,omitzero"`
	// Bereitstellung is the day of provision for download or in the mailbox.
	Bereitstellung datum.Datum `json:"bereitstellung,omitzero"`
	// Benachrichtigung is the day the notice of it was sent.
	Benachrichtigung datum.Datum `json:"benachrichtigung,omitzero"`
	// BenachrichtigungStrittig: the addressee denies the notice and it cannot be proven.
	BenachrichtigungStrittig bool `json:"benachrichtigung_strittig,omitempty"`
	// Abruf is the day of the first retrieval.
	Abruf datum.Datum `json:"abruf,omitzero"`
	// NichtAbgerufen: the time for retrieval is over and nobody retrieved.
	NichtAbgerufen bool `json:"nicht_abgerufen,omitempty"`
	// Zugang is the day of proven receipt. Later than the fiction it decides.
	Zugang datum.Datum `json:"zugang,omitzero"`
	// NichtZugegangen: the act did not arrive, or its receipt cannot be proven
	// (the authority bears the proof); no fiction applies.
	NichtZugegangen bool `json:"nicht_zugegangen,omitempty"`
}

// stichtag is the day that selects the version of the law.
func (f *BekanntgabeFall) stichtag() datum.Datum {
	for _, d := range []datum.Datum{f.Absendung, f.Bereitstellung, f.Benachrichtigung, f.Abruf, f.Zugang} {
		if !d.IsZero() {
			return d
		}
	}
	return datum.Datum{}
}

func (f *BekanntgabeFall) datum(a Anker) datum.Datum {
	switch a {
	case AnkerAufgabe, AnkerAbsendung, AnkerBekanntmachung:
		return f.Absendung
	case AnkerBereitstellung:
		return f.Bereitstellung
	case AnkerBenachrichtigung:
		return f.Benachrichtigung
	case AnkerAbruf:
		return f.Abruf
	case AnkerZugang:
		return f.Zugang
	}
	return datum.Datum{}
}

// ankerPfad is the field of BekanntgabeFall that is missing.
func ankerPfad(a Anker) string {
	switch a {
	case AnkerAufgabe, AnkerAbsendung, AnkerBekanntmachung:
		return "/absendung"
	}
	return "/" + string(a)
}

// Bekanntgabe works out the day an act counts as made known.
//
// Lage is LageKeine if the act did not arrive or was not retrieved in time, and
// LageOffen while it waits for retrieval or while a disputed notice leaves only
// the retrieval to count. An error is of kind fehler.ErrInvalid and holds the
// problems: missing or unusable dates, unknown places, or a way for which the
// law has no rule.
func (r *Rechner) Bekanntgabe(f BekanntgabeFall) (Ergebnis, error) {
	x := r.beginne("frist.Bekanntgabe", ZweckBekanntgabe, Eingabe{Bekanntgabe: &f})
	lage := x.bekanntgabe(&f)
	if lage != LageBestimmt {
		return x.ohneDatum(lage)
	}
	return x.schliesse(x.werte)
}

// bekanntgabe leaves the candidates in x.werte, the deciding one first.
func (x *rechnung) bekanntgabe(f *BekanntgabeFall) Lage {
	x.pruefeBekanntgabe(f)
	if len(x.probleme) > 0 {
		return LageKeine
	}
	if f.NichtZugegangen {
		x.schritt("Der Bescheid ist nicht zugegangen; eine Bekanntgabe wird nicht vermutet, eine Frist läuft nicht.")
		x.warne(problem("nicht-zugegangen", "", "not received, no fiction applies", "Der Zugang ist nicht nachgewiesen; der Bescheid ist erneut bekannt zu geben."))
		return LageKeine
	}
	tag := f.stichtag()
	k := schluessel{ZweckBekanntgabe, f.Verfahren, string(f.Kanal)}
	regel, weitere := x.frage(k, f.Behoerde, tag)
	if regel == nil {
		return LageKeine
	}
	if regel.Anker == AnkerAbruf {
		if lage := x.bereitstellung(f, tag); lage != LageBestimmt {
			return lage
		}
	}
	lage := x.fiktion(f, regel, "", false)
	if lage != LageBestimmt || len(x.werte) == 0 {
		return lage
	}
	for _, w := range weitere {
		x.fiktion(f, w, "Die Regel "+w.text+" kann am Stichtag ebenfalls in Kraft gewesen sein.", true)
	}
	if !regel.UebergangSicher {
		x.uebergang(f, k, regel)
	}
	return LageBestimmt
}

func (x *rechnung) pruefeBekanntgabe(f *BekanntgabeFall) {
	x.fordere(slices.Contains(verfahren, f.Verfahren), "verfahren", "/verfahren", "unknown procedure", "Das Verfahren fehlt oder ist unbekannt.")
	x.fordere(slices.Contains(kanaele, f.Kanal), "kanal", "/kanal", "unknown channel", "Der Kanal fehlt oder ist unbekannt.")
	x.behoerde(f.Behoerde)
	x.ort(f.Empfaenger, "/empfaenger", false)
	x.tag(f.Absendung, "/absendung", false)
	x.tag(f.Bereitstellung, "/bereitstellung", false)
	x.tag(f.Benachrichtigung, "/benachrichtigung", false)
	x.tag(f.Abruf, "/abruf", false)
	x.tag(f.Zugang, "/zugang", false)
	x.fordere(!f.stichtag().IsZero() || f.NichtZugegangen, "datum-fehlt", "", "no date at all", "Es ist kein Datum angegeben.")
	x.fordere(!f.NichtAbgerufen || f.Abruf.IsZero(), "abruf", "/nicht_abgerufen", "retrieved and not retrieved", "Der Abruf ist zugleich angegeben und verneint.")
	x.fordere(!f.NichtZugegangen || f.Zugang.IsZero(), "zugang", "/nicht_zugegangen", "received and not received", "Der Zugang ist zugleich angegeben und verneint.")
	x.fordere(f.Abruf.IsZero() || f.Bereitstellung.IsZero() || !f.Abruf.Vor(f.Bereitstellung), "reihenfolge", "/abruf",
		"retrieved before it was provided", "Der Abruf liegt vor der Bereitstellung.")
	x.fordere(f.Zugang.IsZero() || f.Absendung.IsZero() || !f.Zugang.Vor(f.Absendung), "reihenfolge", "/zugang",
		"received before it was sent", "Der Zugang liegt vor der Absendung.")
}

// bereitstellung checks the last day for retrieval (§ 41 (2a) VwVfG).
func (x *rechnung) bereitstellung(f *BekanntgabeFall, tag datum.Datum) Lage {
	a := x.regeln.waehle(schluessel{ZweckBereitstellung, f.Verfahren, string(f.Kanal)}, f.Behoerde.stelle(), tag)
	ende := a.regel
	if ende != nil && f.Benachrichtigung.IsZero() {
		x.warne(problem("benachrichtigung-fehlt", "/benachrichtigung", "day of notice is not known", "Der Tag der Benachrichtigung ist nicht bekannt; das Ende der Bereitstellung lässt sich nicht prüfen."))
		ende = nil
	}
	if ende == nil {
		if f.NichtAbgerufen {
			return LageKeine
		}
		if f.Abruf.IsZero() {
			return LageOffen
		}
		return LageBestimmt
	}
	x.beleg(ende, begruendung(ende, f.Behoerde, tag))
	werte := x.laufe(lauf{regel: ende, am: f.Benachrichtigung, dauer: ende.Dauer(), ort: f.Empfaenger})
	if len(werte) == 0 {
		return LageKeine
	}
	sicher, spaet := werte[0].tag, werte[0].tag
	for _, w := range werte {
		if w.tag.Nach(spaet) {
			spaet = w.tag
		}
	}
	x.e.BereitstellungBis = sicher
	if spaet != sicher {
		x.warne(problem("bereitstellung-ende", "", "last day for retrieval may shift to "+spaet.String(),
			"Das Ende der Bereitstellung kann auch der "+spaet.Deutsch()+" sein."))
	}
	switch {
	case f.NichtAbgerufen, f.Abruf.Nach(spaet):
		x.schritt("Bis zum " + tagText(spaet) + " wurde nicht abgerufen; die Bereitstellung endet, der Bescheid ist nicht bekannt gegeben.")
		return LageKeine
	case f.Abruf.IsZero():
		x.schritt("Letzter Tag für den Abruf ist " + tagText(sicher) + "; ohne Abruf bis dahin ist der Bescheid nicht bekannt gegeben.")
		return LageOffen
	case f.Abruf.Nach(sicher):
		x.warne(problem("abruf-spaet", "/abruf", "retrieved after the last day on one reading", "Der Abruf liegt nach dem sicheren Ende der Bereitstellung; die Bekanntgabe ist zweifelhaft."))
		x.schwaeche(KonfidenzU)
	}
	return LageBestimmt
}

// fiktion adds the candidates of one rule. still is set for rules that do not decide.
func (x *rechnung) fiktion(f *BekanntgabeFall, regel *Regel, grund string, still bool) Lage {
	if regel.AbrufBeiStreit && (f.BenachrichtigungStrittig || f.datum(regel.Anker).IsZero()) {
		return x.abrufStattNotiz(f, regel, grund, still)
	}
	am := f.datum(regel.Anker)
	if am.IsZero() {
		switch {
		case still:
		case !f.Zugang.IsZero():
			x.schritt("Der Tag der " + ankerText[regel.Anker] + " ist nicht belegt; eine Fiktion gilt nicht, es zählt der bewiesene Zugang am " + tagText(f.Zugang) + ".")
			x.warne(problem("ohne-fiktion", ankerPfad(regel.Anker), "start of the fiction is not known, receipt counts", "Der Beginn der Fiktion ist nicht belegt; es zählt der bewiesene Zugang."))
			x.werte = append(x.werte, wert{tag: f.Zugang, roh: f.Zugang, regel: nil, grund: grund})
			return LageBestimmt
		default:
			x.fordere(false, "datum-fehlt", ankerPfad(regel.Anker), "date the rule counts from is missing", "Es fehlt das Datum: "+ankerText[regel.Anker]+".")
		}
		return LageOffen
	}
	ort := f.Empfaenger
	if regel.Feiertagsort == OrtBehoerde {
		ort = f.Behoerde.Ort
	}
	if regel.Anker == AnkerBereitstellung && !still {
		x.pruefeNotiz(f)
	}
	werte := x.laufe(lauf{regel: regel, am: am, dauer: regel.Dauer(), ort: ort, grund: grund, still: still})
	if regel.Anker == AnkerBereitstellung && f.Benachrichtigung.Nach(am) {
		werte = append(werte, x.laufe(lauf{regel: regel, am: f.Benachrichtigung, dauer: regel.Dauer(), ort: ort, still: true,
			grund: verbinde(grund, "Die Benachrichtigung ging erst nach der Bereitstellung hinaus; gezählt ab Benachrichtigung.")})...)
	}
	x.werte = append(x.werte, x.zugang(f, regel, werte, still)...)
	return LageBestimmt
}

func (x *rechnung) pruefeNotiz(f *BekanntgabeFall) {
	switch {
	case f.Benachrichtigung.IsZero():
		x.warne(problem("benachrichtigung-fehlt", "/benachrichtigung", "day of notice is not known", "Der Tag der Benachrichtigung ist nicht dokumentiert; sie muss spätestens am Tag der Bereitstellung erfolgen."))
	case f.Benachrichtigung.Nach(f.Bereitstellung):
		x.warne(problem("benachrichtigung-spaet", "/benachrichtigung", "notice was sent after the day of provision", "Die Benachrichtigung ging nach dem Tag der Bereitstellung hinaus."))
	}
}

// abrufStattNotiz: a notice that cannot be proven leaves the day of retrieval.
func (x *rechnung) abrufStattNotiz(f *BekanntgabeFall, regel *Regel, grund string, still bool) Lage {
	if f.Abruf.IsZero() {
		if !still {
			x.schritt("Die Benachrichtigung ist nicht nachgewiesen und ein Abruf nicht erfolgt; der Bescheid ist noch nicht bekannt gegeben.")
		}
		return LageOffen
	}
	if !still {
		x.schritt("Die Benachrichtigung ist nicht nachgewiesen; bekannt gegeben ist der Bescheid am Tag des Abrufs, " + tagText(f.Abruf) + ".")
	}
	x.werte = append(x.werte, wert{f.Abruf, f.Abruf, regel, grund})
	return LageBestimmt
}

// zugang puts proven receipt in place of the fiction where it must, and beside
// it where the law leaves that open.
func (x *rechnung) zugang(f *BekanntgabeFall, regel *Regel, werte []wert, still bool) []wert {
	if len(werte) == 0 {
		return nil
	}
	haupt := werte[0].tag
	if f.Zugang.Nach(haupt) && !still {
		x.schritt("Bewiesen ist der spätere Zugang am " + tagText(f.Zugang) + "; er geht der Fiktion vor.")
	}
	for i := range werte {
		if f.Zugang.Nach(werte[i].tag) {
			werte[i].tag, werte[i].roh, werte[i].regel = f.Zugang, f.Zugang, nil
		}
	}
	if regel.FruehererZugang {
		for _, d := range []datum.Datum{f.Zugang, f.Abruf} {
			if !d.IsZero() && d.Vor(haupt) {
				werte = append(werte, wert{d, d, regel, "Der bewiesene frühere Zugang oder Abruf kann an die Stelle der Fiktion treten."})
			}
		}
	}
	return werte
}

// uebergang adds the newer rule where the period crosses a change of the law
// and the law does not say which day selects the version.
func (x *rechnung) uebergang(f *BekanntgabeFall, k schluessel, regel *Regel) {
	roh, err := Ende(f.datum(regel.Anker), regel.Dauer(), BeginnEreignis)
	if err != nil {
		return // the start is not known; a fact decides
	}
	neu := x.regeln.waehle(k, f.Behoerde.stelle(), roh).regel
	if neu == nil || neu == regel || neu.Art == ArtKeine || !neu.Von.Nach(f.stichtag()) {
		return
	}
	x.fiktion(f, neu, "Die Regel "+neu.text+" trat während des Laufs in Kraft; ob der Tag der Absendung die Fassung bestimmt, ist nicht geklärt.", true)
}
