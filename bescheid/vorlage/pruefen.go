package vorlage

import (
	"fmt"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

func (l *lader) kennzeichen(p string, k *Kennzeichen) {
	if !idForm.MatchString(k.ID) || len(k.ID) > 64 {
		l.melde("id", p+"/id", "id is not lower-case letters, digits, hyphens", "Die Kennung besteht aus Kleinbuchstaben, Ziffern und Bindestrichen.")
	}
	if k.Fassung < 1 || k.Fassung > 1_000_000 {
		l.melde("fassung", p+"/fassung", "version out of range", "Die Fassung ist eine Zahl ab 1.")
	}
	if k.Von.IsZero() || (!k.Bis.IsZero() && k.Bis.Vor(k.Von)) {
		l.melde("geltung", p+"/von", "validity has no start or ends before it", "Die Geltung braucht einen Beginn und endet nicht davor.")
	}
	if k.Quelle == "" || len(k.Quelle) > MaxText {
		l.melde("quelle", p+"/quelle", "source is missing", "Die Quelle des Textes fehlt.")
	}
	if k.Land != "" && !k.Land.Valid() {
		l.melde("land", p+"/land", "unknown Land", "Das Land ist unbekannt.")
	}
	if k.Mandant != "" {
		if _, err := tenant.ParseID(string(k.Mandant)); err != nil {
			l.melde("mandant", p+"/mandant", "not an id of a Mandant", "Die Kennung des Mandanten hat nicht die richtige Form.")
		}
	}
}

func (l *lader) normen(p string, ns []Norm) {
	for i, n := range ns {
		if n.Norm == "" || n.Quelle == "" || !slices.Contains([]string{"A", "B", "U"}, n.Konfidenz) {
			l.melde("norm", fmt.Sprintf("%s/normen/%d", p, i), "norm, source and Konfidenz A, B or U are needed",
				"Zu jeder Norm gehören Quelle und Konfidenz (A, B oder U).")
		}
	}
}

// ueberlappung: one id, Mandant and Land has at most one version each day.
func (l *lader) ueberlappung(pfade []string, k func(int) *Kennzeichen) {
	type platz struct {
		id      string
		mandant tenant.ID
		land    tenant.Land
	}
	nach := map[platz][]int{}
	for i := range pfade {
		p := platz{k(i).ID, k(i).Mandant, k(i).Land}
		for _, j := range nach[p] {
			a, b := k(j), k(i)
			if a.Fassung == b.Fassung {
				l.melde("id-doppelt", pfade[i], "id and version are taken", fmt.Sprintf("„%s“, Fassung %d, gibt es schon.", b.ID, b.Fassung))
			}
			if (a.Bis.IsZero() || !b.Von.Nach(a.Bis)) && (b.Bis.IsZero() || !a.Von.Nach(b.Bis)) {
				l.melde("geltung-doppelt", pfade[i], "two versions are valid on one day",
					fmt.Sprintf("„%s“: Die Fassungen %d und %d gelten am selben Tag.", b.ID, a.Fassung, b.Fassung))
			}
		}
		nach[p] = append(nach[p], i)
	}
}

func (l *lader) vorlage(p string, a Angaben, bausteine []Textbaustein) *fassung {
	f := &fassung{a: a}
	ort := fmt.Sprintf("Vorlage „%s“", a.ID)
	l.ort = ort
	l.land = a.Land
	defer func() { l.ort, l.land = "", "" }()
	s := sicht{felder: f.a.Felder}
	l.kopf(p, f, s)
	f.betreff = l.text(p+"/betreff", a.Betreff, s, nil)
	if !immer(f.betreff) {
		l.melde("betreff", p+"/betreff", "subject can be blank", "Der Betreff fehlt oder kann leer bleiben.")
	}
	if len(a.Bloecke) == 0 || len(a.Bloecke) > MaxBloecke {
		l.melde("bloecke", p+"/bloecke", "no block or too many", fmt.Sprintf("Eine Vorlage hat 1 bis %d Blöcke.", MaxBloecke))
		return f
	}
	gesehen := map[string]bool{}
	for i := range a.Bloecke {
		b, bp := &f.a.Bloecke[i], fmt.Sprintf("%s/bloecke/%d", p, i)
		id := b.ID
		if id == "" {
			id = b.Baustein
		}
		l.ort = fmt.Sprintf("%s, Block „%s“", ort, id)
		if !idForm.MatchString(id) || gesehen[id] {
			l.melde("id-doppelt", bp, "block without id, or id twice", "Der Block hat keine Kennung, oder die Kennung kommt zweimal vor.")
		}
		gesehen[id] = true
		f.bloecke = append(f.bloecke, l.block(bp, id, b, f, s, bausteine))
	}
	l.ort = ort
	l.pflicht(p, f)
	l.nebenbestimmungen(p, f)
	if len(l.probleme) == 0 {
		l.beispiel(p, f)
	}
	return f
}

// kopf checks what a kind of template needs beside its blocks.
func (l *lader) kopf(p string, f *fassung, s sicht) {
	a := &f.a
	if a.Titel == "" {
		l.melde("titel", p+"/titel", "title is missing", "Der Titel fehlt.")
	}
	for _, k := range a.Leistungen {
		if g, err := tenant.ParseLeistung(string(k)); err != nil || g != k {
			l.melde("leistung", p+"/leistungen", "not a Leistungsschluessel", "Ein Leistungsschlüssel hat nicht die richtige Form.")
		}
	}
	switch a.Art {
	case Bescheid:
		arten := []bescheid.Art{bescheid.Bewilligung, bescheid.Teilbewilligung, bescheid.Ablehnung, bescheid.Ruecknahme, bescheid.Widerruf, bescheid.Aenderung,
			bescheid.Abhilfe, bescheid.Widerspruchsbescheid}
		if !slices.Contains(arten, a.BescheidArt) {
			l.melde("bescheid-art", p+"/bescheidArt", "unknown kind of Bescheid", "Die Art des Bescheids fehlt oder ist unbekannt.")
		}
		if !slices.Contains([]string{"vwvfg", "sgbx", "ao"}, a.Verfahren) {
			l.melde("verfahren", p+"/verfahren", "is none of vwvfg, sgbx, ao", "Das Verfahrensrecht ist vwvfg, sgbx oder ao.")
		}
		if (a.Belehrung == "") == (a.OhneBelehrung == "") {
			l.melde("pflichtblock", p+"/belehrung", "exactly one of belehrung and ohneBelehrung is needed",
				"Es fehlt, welche Rechtsbehelfsbelehrung in den Bescheid kommt (§ 37 Abs. 6 VwVfG) oder warum keine.")
		}
		if a.Belehrung != "" && !slices.Contains([]string{"widerspruch", "klage", "einspruch"}, a.Belehrung) {
			l.melde("belehrung", p+"/belehrung", "unknown remedy", "Der Rechtsbehelf ist widerspruch, klage oder einspruch.")
		}
	case Schreiben:
		if a.NachrichtArt != "" && !slices.Contains([]messaging.Art{messaging.Eingangsbestaetigung, messaging.Rueckfrage, messaging.Mitteilung}, a.NachrichtArt) {
			l.melde("nachricht-art", p+"/nachrichtArt", "unknown kind of message", "Die Art der Nachricht ist eingangsbestaetigung, rueckfrage oder mitteilung.")
		}
		if !slices.Contains([]messaging.Antwortregel{messaging.AntwortNein, messaging.AntwortMoeglich, messaging.AntwortErwartet}, a.Antwort) {
			l.melde("antwort", p+"/antwort", "unknown reply rule", "Die Antwortregel ist moeglich, erwartet oder leer.")
		}
	default:
		l.melde("art", p+"/art", "art is bescheid or schreiben", "Die Art der Vorlage ist bescheid oder schreiben.")
	}
	falsch := (a.Art == Schreiben && (a.BescheidArt != "" || a.Verfahren != "" || a.Belehrung != "" || a.OhneBelehrung != "" || a.GueltigVon != "" || a.GueltigBis != "")) ||
		(a.Art == Bescheid && (a.NachrichtArt != "" || a.Antwort != "" || a.AntwortBis != ""))
	if falsch {
		l.melde("angaben", p, "a property does not go with the kind", "Eine Angabe passt nicht zur Art der Vorlage.")
	}
	if (a.FruehererBleibt || a.WirktAb != "") && (a.Art != Bescheid || !a.BescheidArt.BrauchtBezug() || (a.FruehererBleibt && a.WirktAb != "")) {
		l.melde("frueherer", p, "fruehererBleibt and wirktAb exclude each other and need a decision about an earlier one",
			"„fruehererBleibt“ und „wirktAb“ schließen sich aus und gehören nur zu Bescheiden über einen früheren Bescheid.")
	}
	f.wirkt = l.datumsfeld(p+"/wirktAb", a.WirktAb, s)
	f.von = l.datumsfeld(p+"/gueltigVon", a.GueltigVon, s)
	f.bis = l.datumsfeld(p+"/gueltigBis", a.GueltigBis, s)
	f.antwort = l.datumsfeld(p+"/antwortBis", a.AntwortBis, s)
}

func (l *lader) datumsfeld(p, pfad string, s sicht) *bezug {
	if pfad == "" {
		return nil
	}
	b, err := s.loese(pfad)
	if err == nil && b.feld.Typ != Datum {
		err = fehlerf("platzhalter-typ", "not a field of type datum", "Das Feld ist nicht vom Typ datum.")
	}
	if err != nil {
		l.meldeFehler(p, err)
	}
	return b
}

// text reads one text; weg is when it is used.
func (l *lader) text(p, text string, s sicht, weg *knoten) []teil {
	if l.bytes -= len(text); l.bytes < 0 {
		l.melde("text-summe", p, "the texts together are too long", "Die Texte der Sammlung sind zusammen zu lang.")
		return nil
	}
	t, err := parseText(text, s, weg, l.moeglich, l.verfahrensrecht)
	if err != nil {
		l.meldeFehler(p, err)
	}
	return t
}

func (l *lader) block(p, id string, b *Block, f *fassung, s sicht, bausteine []Textbaustein) (out []block) {
	k := block{id: id, art: b.Art, neben: b.Nebenbestimmung}
	if b.Wenn != "" {
		w, err := parseBedingung(b.Wenn, s)
		if err != nil {
			l.meldeFehler(p+"/wenn", err)
			return nil
		}
		if !l.moeglich(w) {
			l.melde("unerreichbar", p+"/wenn", "this block is never reached", "Dieser Block kommt nie in den Text: Die Bedingung ist nie erfüllt.")
		}
		k.wenn = w
		s = s.mit(w.fakten(true))
	}
	weg := k.wenn
	if b.Je != "" {
		liste, name, reihe, err := parseSchleife(b.Je, s)
		if err == nil && reihe {
			err = fehlerf("je", "als aufzaehlung stands within a text", "„als aufzaehlung“ steht nur im Text, nicht am Block.")
		}
		if err != nil {
			l.meldeFehler(p+"/je", err)
			return nil
		}
		k.je = liste
		s = s.in(name, liste)
		if weg = und(weg, nicht(&knoten{op: opLeer, l: operand{bezug: liste}})); !l.moeglich(weg) {
			l.melde("unerreichbar", p+"/je", "this block is never reached", "Dieser Block kommt nie in den Text.")
		}
	}
	if b.Baustein == "" {
		l.fuelle(p, &k, f.a.Art, b.Text, b.Punkte, b.Spalten, s, weg)
		return []block{k}
	}
	if b.Art != "" || b.Text != "" || len(b.Punkte) > 0 || len(b.Spalten) > 0 {
		l.melde("block-angaben", p, "a block with baustein has no art and text of its own", "Ein Block mit Baustein hat keine eigene Art und keinen eigenen Text.")
	}
	var immerDa []*Kennzeichen
	for i := range bausteine {
		t := &bausteine[i]
		if t.ID != b.Baustein || !zusammen(&t.Kennzeichen, &f.a.Kennzeichen) {
			continue
		}
		v := k
		v.art, v.baustein = t.Art, &t.Kennzeichen
		l.fuelle(p+"/baustein", &v, f.a.Art, t.Text, t.Punkte, nil, s, weg)
		if len(out) > 0 && out[0].art != v.art {
			l.melde("baustein-art", p, "versions of the text block differ in kind", "Die Fassungen des Textbausteins haben verschiedene Arten.")
		}
		out = append(out, v)
		if (t.Mandant == "" || t.Mandant == f.a.Mandant) && (t.Land == "" || t.Land == f.a.Land) {
			immerDa = append(immerDa, &t.Kennzeichen)
		}
	}
	if !deckt(immerDa, f.a.Von, f.a.Bis) {
		l.melde("baustein", p+"/baustein", "no text block for each day of the template",
			fmt.Sprintf("Den Textbaustein „%s“ gibt es nicht an jedem Tag, an dem die Vorlage gilt.", b.Baustein))
	}
	return out
}

// nebenbestimmungen: a kind stands where there is something to be of that kind, and the
// letter names the kinds of all or of none.
func (l *lader) nebenbestimmungen(p string, f *fassung) {
	mit, ohne := 0, 0
	for i, varianten := range f.bloecke {
		for j := range varianten {
			switch v := &varianten[j]; {
			case v.neben != "" && (v.art != Nebenbestimmung || v.neben.Name() == ""):
				l.melde("nebenbestimmung", fmt.Sprintf("%s/bloecke/%d/nebenbestimmung", p, i), "unknown kind, or the block is no Nebenbestimmung",
					"Die Art der Nebenbestimmung ist unbekannt, oder der Block ist keine (befristung, bedingung, widerrufsvorbehalt, auflage oder auflagenvorbehalt).")
				return
			case v.neben != "":
				mit++
			case v.art == Nebenbestimmung:
				ohne++
			}
		}
	}
	if mit > 0 && ohne > 0 {
		l.melde("nebenbestimmung", p+"/bloecke", "some Nebenbestimmungen have a kind and some have none",
			"Einige Nebenbestimmungen nennen ihre Art und andere nicht. Bitte die Art bei allen angeben.")
	}
}

// zusammen tells whether some Mandant, Land and day sees both.
func zusammen(a, b *Kennzeichen) bool {
	return (a.Mandant == "" || b.Mandant == "" || a.Mandant == b.Mandant) &&
		(a.Land == "" || b.Land == "" || a.Land == b.Land) &&
		(a.Bis.IsZero() || !b.Von.Nach(a.Bis)) && (b.Bis.IsZero() || !a.Von.Nach(b.Bis))
}

// deckt tells whether the periods together leave no day from von to bis.
func deckt(ks []*Kennzeichen, von, bis datum.Datum) bool {
	slices.SortFunc(ks, func(a, b *Kennzeichen) int { return a.Von.Compare(b.Von) })
	for _, k := range ks {
		if k.Von.Nach(von) {
			return false
		}
		if k.Bis.IsZero() {
			return true
		}
		if !k.Bis.Vor(von) {
			von = k.Bis.AddTage(1)
		}
		if !bis.IsZero() && von.Nach(bis) {
			return true
		}
	}
	return false
}

func (l *lader) fuelle(p string, k *block, art Art, text string, punkte []string, spalten []Spalte, s sicht, weg *knoten) {
	if !slices.Contains(blockarten[art], k.art) {
		l.melde("block-art", p+"/art", "unknown kind of block, or not for this kind of template", "Die Art des Blocks ist unbekannt oder passt nicht zur Art der Vorlage.")
		return
	}
	wiederholt := k.je != nil
	ok := false
	switch k.art {
	case Tabelle:
		ok = wiederholt && text == "" && len(punkte) == 0 && len(spalten) > 0 && len(spalten) <= 12
	case Aufzaehlung:
		ok = len(spalten) == 0 && ((wiederholt && text != "" && len(punkte) == 0) || (!wiederholt && text == "" && len(punkte) > 0 && len(punkte) <= 100))
	case Anrede, Gruss, Gebuehr:
		ok = !wiederholt && text != "" && len(punkte) == 0 && len(spalten) == 0
	default:
		ok = text != "" && len(punkte) == 0 && len(spalten) == 0
	}
	if !ok {
		l.melde("block-angaben", p, "text, punkte, spalten or je do not go with the kind",
			"Die Angaben passen nicht zur Art des Blocks: Eine Tabelle hat „je“ und „spalten“, eine Aufzählung „je“ mit „text“ oder „punkte“, alles andere „text“.")
		return
	}
	if text != "" {
		k.text = l.text(p+"/text", text, s, weg)
	}
	for i, t := range punkte {
		k.punkte = append(k.punkte, l.text(fmt.Sprintf("%s/punkte/%d", p, i), t, s, weg))
	}
	for i, c := range spalten {
		if c.Kopf == "" || len(c.Kopf) > 200 {
			l.melde("spalte", fmt.Sprintf("%s/spalten/%d", p, i), "heading is missing or too long", "Der Kopf einer Spalte fehlt oder ist zu lang.")
		}
		k.spalten = append(k.spalten, spalte{c.Kopf, c.Rechts, l.text(fmt.Sprintf("%s/spalten/%d/text", p, i), c.Text, s, weg)})
	}
}

// pflicht: whatever the data, a Bescheid decides something and says why, and a
// letter says something. So what a template gives always passes bescheid.Inhalt.Pruefe,
// once the Belehrung is in.
func (l *lader) pflicht(p string, f *fassung) {
	arten := map[Art][][]Blockart{
		Bescheid:  {{Tenor}, {Begruendung}},
		Schreiben: {{Absatz}},
	}[f.a.Art]
	namen := map[Blockart]string{Tenor: "Tenor", Begruendung: "Begründung", Absatz: "Absatz"}
	for _, art := range arten {
		luecke := &knoten{op: opWahr}
		for _, varianten := range f.bloecke {
			sicher := len(varianten) > 0
			for i := range varianten {
				sicher = sicher && varianten[i].art == art[0] && immer(varianten[i].text)
			}
			if !sicher {
				continue
			}
			da := und(varianten[0].wenn, &knoten{op: opWahr})
			if je := varianten[0].je; je != nil {
				da = und(da, nicht(&knoten{op: opLeer, l: operand{bezug: je}}))
			}
			luecke = und(luecke, nicht(da))
		}
		if l.moeglich(luecke) {
			l.melde("pflichtblock", p+"/bloecke", "a mandatory block is missing for some data",
				fmt.Sprintf("Es fehlt ein Block der Art „%s“, der bei allen Angaben im Text steht.", namen[art[0]]))
		}
	}
}

// beispiel: the sample fills every field and renders.
func (l *lader) beispiel(p string, f *fassung) {
	b := &binder{}
	daten := b.satz(nil, f.a.Felder, f.a.Beispiel)
	for _, q := range b.probleme {
		l.melde("beispiel", p+"/beispiel"+q.Pfad, q.Meldung, "Das Beispiel passt nicht zu den Feldern. "+q.Hinweis)
	}
	if len(b.probleme) == 0 {
		l.voll(p+"/beispiel", f.a.Felder, daten)
	}
}

func (l *lader) voll(p string, fs []Feld, s satz) {
	for i := range fs {
		f, q := &fs[i], p+"/"+fs[i].Name
		switch {
		case f.Typ == Gruppe:
			l.voll(q, f.Felder, s[i].satz)
		case f.Typ == Liste && len(s[i].liste) > 0:
			l.voll(fmt.Sprintf("%s/0", q), f.Felder, s[i].liste[0])
		case !s[i].da || f.Typ == Liste:
			l.melde("beispiel", q, "the sample leaves a field empty", fmt.Sprintf("Im Beispiel fehlt „%s“.", f.titel()))
		}
	}
}
