package smtp

import (
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

// parseAdresse checks a bare address and gives it with its domain in ASCII. utf8
// tells that the part before the @ needs a server with SMTPUTF8. Quoted local
// parts, comments, names and address literals are refused: they are legal and
// serve nobody but those who want to smuggle something in.
func parseAdresse(s string) (adresse string, utf8 bool, err error) {
	falsch := fehler.Probleme{problem("smtp.adresse", "/adresse", "not a bare e-mail address", "Das ist keine gültige E-Mail-Adresse.")}
	if len(s) > 254 || !zeile(s, 254) || strings.ContainsAny(s, " \"<>()[]\\,;:") || strings.Count(s, "@") != 1 {
		return "", false, falsch
	}
	a, perr := mail.ParseAddress(s)
	if perr != nil || a.Name != "" || a.Address != s {
		return "", false, falsch
	}
	local, domain, _ := strings.Cut(s, "@")
	ascii, ierr := idna.Lookup.ToASCII(domain)
	if ierr != nil || len(local) > 64 || !strings.Contains(ascii, ".") || len(ascii) > 253 {
		return "", false, falsch
	}
	for _, r := range local {
		utf8 = utf8 || r > 127
	}
	return local + "@" + ascii, utf8, nil
}
