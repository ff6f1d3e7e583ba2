package vorlage

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Befund is one place in a text that may be hard to read.
type Befund struct {
	Code string `json:"code"` // stable: "satz-lang", "wort-lang", "passiv", "nominal", "abkuerzung"
	// Beginn and Ende are byte offsets in the text.
	Beginn int `json:"beginn"`
	Ende   int `json:"ende"`
	// Hinweis is a German sentence for the author.
	Hinweis string `json:"hinweis"`
}

// Stilpruefer looks at one text. An authority can bring its own.
type Stilpruefer interface{ Pruefe(text string) []Befund }

// Warnung is a Befund with its block.
type Warnung struct {
	Block string `json:"block"`
	Text  string `json:"text"` // the text the offsets refer to
	Befund
}

// Lint gives what the Stilpruefer says about the template filled with its sample
// data. These are hints, not mistakes; nil is [KlareSprache] with its defaults.
func (v *Vorlage) Lint(p Stilpruefer) ([]Warnung, error) {
	if p == nil {
		p = KlareSprache{}
	}
	e, err := v.Beispiel()
	if err != nil {
		return nil, err
	}
	var out []Warnung
	for _, t := range e.Teile {
		for _, text := range append([]string{t.Text}, t.Punkte...) {
			for _, b := range p.Pruefe(text) {
				out = append(out, Warnung{t.Block, text, b})
			}
		}
	}
	return out, nil
}

// KlareSprache is a simple check for plain German. It knows no grammar: it counts
// and looks for patterns, so it misses things and at times warns of nothing. The
// zero value has the defaults.
type KlareSprache struct {
	MaxWoerter int // of a sentence; 0 is 25
	MaxZeichen int // of a word; 0 is 28
}

var (
	passiv     = regexp.MustCompile(`(?i)\b(wird|werden|wurde|wurden|worden)\b[^.!?;:]*?\b(ge\p{Ll}+(t|en)|\p{Ll}+iert)\b`)
	nominal    = regexp.MustCompile(`\p{Lu}\p{Ll}+(ung|heit|keit|ion|nahme)(en)?\b`)
	abkuerzung = regexp.MustCompile(`\b(z\.[ \x{a0}]?B|d\.[ \x{a0}]?h|u\.[ \x{a0}]?a|i\.[ \x{a0}]?V\.[ \x{a0}]?m|ggf|bzw|evtl|gem|lt|o\.[ \x{a0}]?g|i\.[ \x{a0}]?S\.[ \x{a0}]?d)\.`)
	satzende   = regexp.MustCompile(`[.!?:]["“)]? +\p{Lu}`)
	punktwort  = regexp.MustCompile(`(\b(Abs|Nr|Art|Satz|z|d|u|i|vgl|ca)\.|\b[0-9]{1,2}\.)$`)
	woerter    = regexp.MustCompile(`[\p{L}\p{N}-]+`)
)

// Pruefe implements [Stilpruefer].
func (k KlareSprache) Pruefe(text string) (out []Befund) {
	maxW, maxZ := k.MaxWoerter, k.MaxZeichen
	if maxW == 0 {
		maxW = 25
	}
	if maxZ == 0 {
		maxZ = 28
	}
	add := func(code string, von, bis int, hinweis string, args ...any) {
		out = append(out, Befund{code, von, bis, fmt.Sprintf(hinweis, args...)})
	}
	for von := 0; von < len(text); {
		bis := satz1(text, von)
		s := text[von:bis]
		if n := len(woerter.FindAllString(s, -1)); n > maxW {
			add("satz-lang", von, bis, "Der Satz hat %d Wörter. Teilen Sie ihn.", n)
		}
		if m := nominal.FindAllStringIndex(s, -1); len(m) > 3 {
			add("nominal", von+m[0][0], von+m[len(m)-1][1], "Viele Hauptwörter in einem Satz. Verben sind leichter zu lesen.")
		}
		von = bis
	}
	for _, m := range woerter.FindAllStringIndex(text, -1) {
		if n := utf8.RuneCountInString(text[m[0]:m[1]]); n > maxZ {
			add("wort-lang", m[0], m[1], "Das Wort hat %d Buchstaben. Ein Bindestrich oder eine Umschreibung hilft.", n)
		}
	}
	for _, m := range passiv.FindAllStringIndex(text, -1) {
		add("passiv", m[0], m[1], "Der Satz sagt vielleicht nicht, wer handelt. Nennen Sie die Behörde oder „Sie“.")
	}
	for _, m := range abkuerzung.FindAllStringIndex(text, -1) {
		add("abkuerzung", m[0], m[1], "Schreiben Sie die Abkürzung „%s“ aus.", text[m[0]:m[1]])
	}
	return out
}

// satz1 gives the end of the sentence that begins at von, spaces included.
func satz1(text string, von int) int {
	ab := von
	for {
		m := satzende.FindStringIndex(text[ab:])
		if m == nil {
			return len(text)
		}
		ende := ab + m[1] - 1
		for !utf8.RuneStart(text[ende]) {
			ende--
		}
		if !punktwort.MatchString(strings.TrimRight(text[von:ab+m[0]+1], " ")) {
			return ende
		}
		ab = ende
	}
}
