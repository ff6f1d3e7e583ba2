package smtp

import (
	"errors"
	"net/url"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Text is what a mail says. Betreff and Inhalt are templates of text/template
// over {{.Behoerde}} and {{.Link}}; Inhalt must contain the link.
type Text struct {
	// Behoerde as the reader knows it; empty takes the Absender of the Sendung up
	// to its first comma, without the office, which could tell what it is about.
	Behoerde string
	Betreff  string
	Inhalt   string
}

// standard is the default text.
var standard = Text{
	Betreff: "Neue Nachricht von {{.Behoerde}}",
	Inhalt: `Guten Tag,

Sie haben eine neue Nachricht von {{.Behoerde}}.

Die Nachricht liegt in Ihrem Postfach:
{{.Link}}

Bitte melden Sie sich dort an und lesen Sie die Nachricht.

Aus Gründen des Datenschutzes steht der Inhalt nicht in dieser E-Mail.
Bitte antworten Sie nicht auf diese E-Mail. Sie wurde automatisch verschickt.
`,
}

type felder struct{ Behoerde, Link string }

// vorlage is a compiled Text.
type vorlage struct {
	behoerde        string
	betreff, inhalt *template.Template
}

func compile(t Text) (vorlage, error) {
	if t.Betreff == "" {
		t.Betreff = standard.Betreff
	}
	if t.Inhalt == "" {
		t.Inhalt = standard.Inhalt
	}
	v := vorlage{behoerde: t.Behoerde}
	var err error
	if v.betreff, err = template.New("betreff").Option("missingkey=error").Parse(t.Betreff); err != nil {
		return v, err
	}
	if v.inhalt, err = template.New("inhalt").Option("missingkey=error").Parse(t.Inhalt); err != nil {
		return v, err
	}
	const probe = "https://probe.example/p"
	_, inhalt, err := v.fill("Stadt Beispiel", probe)
	if err == nil && !strings.Contains(inhalt, probe) {
		err = errors.New("the text has no link")
	}
	return v, err
}

// fill gives subject and text. What would break a header is refused.
func (v vorlage) fill(absender, link string) (betreff, inhalt string, err error) {
	f := felder{Behoerde: v.behoerde, Link: link}
	if f.Behoerde == "" {
		f.Behoerde, _, _ = strings.Cut(absender, ",")
		f.Behoerde = strings.TrimSpace(f.Behoerde)
	}
	if !zeile(f.Behoerde, 100) {
		return "", "", fehler.Probleme{problem("smtp.absender", "/absender", "the name of the authority is empty, too long or has control characters",
			"Der Name der Behörde fehlt, ist zu lang oder enthält Steuerzeichen.")}
	}
	var b, i strings.Builder
	if err := errors.Join(v.betreff.Execute(&b, f), v.inhalt.Execute(&i, f)); err != nil {
		return "", "", err
	}
	if !zeile(b.String(), 200) || !utf8.ValidString(i.String()) || i.Len() > 64<<10 {
		return "", "", fehler.Probleme{problem("smtp.text", "/betreff", "subject or text cannot be sent", "Betreff oder Text der E-Mail sind zu lang oder enthalten Steuerzeichen.")}
	}
	return b.String(), i.String(), nil
}

// zeile tells whether a text fits into one line of a header.
func zeile(s string, limit int) bool {
	return s != "" && len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func checkLink(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(link) > 500 ||
		strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
		return fehler.Probleme{problem("smtp.link", "/link", "the link is no https address", "Der Link zum Postfach ist keine sichere Internetadresse (https).")}
	}
	return nil
}

// linkOf guards against a link that carries what must not be in the mail.
func linkOf(s messaging.Sendung, link func(messaging.Sendung) string) (string, error) {
	l := link(s)
	if err := checkLink(l); err != nil {
		return "", err
	}
	plain, err := url.PathUnescape(l)
	if err != nil {
		plain = l
	}
	for _, secret := range []string{s.Adresse.Kennung, s.Empfaenger.Name, s.Nummer} {
		if secret != "" && (strings.Contains(plain, secret) || strings.Contains(l, url.QueryEscape(secret))) {
			return "", fehler.Probleme{problem("smtp.link-personenbezug", "/link", "the link contains data of the recipient", "Der Link enthält Angaben zur Person oder die Vorgangsnummer.")}
		}
	}
	return l, nil
}
