package amt

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// fehlerSeite is an error with the words for the person.
type fehlerSeite struct {
	status int
	text   string
	// Zurueck leads to what the error is about; empty where it must not be named.
	Zurueck string
}

func (f fehlerSeite) Error() string { return f.text }

// Text and Titel for the page.
func (f fehlerSeite) Text() string { return f.text }

// Titel says in a few words what it is.
func (f fehlerSeite) Titel() string {
	switch f.status {
	case http.StatusNotFound:
		return "Nicht gefunden"
	case http.StatusForbidden:
		return "Nicht erlaubt"
	case http.StatusUnauthorized:
		return "Bitte neu anmelden"
	case http.StatusConflict:
		return "Inzwischen geändert"
	case http.StatusTooManyRequests:
		return "Zu viele Versuche"
	case http.StatusUnprocessableEntity:
		return "Bitte prüfen"
	}
	return "Das hat nicht geklappt"
}

var nichtGefunden = seiteFuer(http.StatusNotFound, "Diese Seite gibt es nicht, oder sie gehört nicht zu Ihrer Behörde.")

func seiteFuer(status int, text string) fehlerSeite { return fehlerSeite{status: status, text: text} }

// erklaere finds status and German sentence for an error of the library; 0 for one that
// is no fault of the person.
func erklaere(err error) (int, string) {
	var hinweise []string
	for _, p := range fehler.ProblemeIn(err) {
		hinweise = append(hinweise, p.Hinweis)
	}
	text := strings.Join(hinweise, " ")
	oder := func(s string) string {
		if text != "" {
			return text
		}
		return s
	}
	var gross *http.MaxBytesError
	switch {
	case errors.As(err, &gross):
		return http.StatusRequestEntityTooLarge, "Das ist zu groß. Eine Datei darf höchstens 60 MB haben."
	case errors.Is(err, fehler.ErrNotFound):
		return http.StatusNotFound, nichtGefunden.text
	case errors.Is(err, fehler.ErrForbidden):
		return http.StatusForbidden, oder("Das dürfen Sie hier nicht.")
	case errors.Is(err, fehler.ErrConflict):
		return http.StatusConflict, oder("Jemand anderes hat das gerade geändert. Bitte sehen Sie sich den neuen Stand an.")
	case errors.Is(err, fehler.ErrInvalid), errors.Is(err, fehler.ErrUnsupported), errors.Is(err, fehler.ErrExists):
		return http.StatusUnprocessableEntity, oder("Das geht so nicht.")
	case errors.Is(err, fehler.ErrUnavailable):
		return http.StatusServiceUnavailable, "Das ist gerade nicht erreichbar. Bitte versuchen Sie es in einer Minute noch einmal."
	}
	return 0, ""
}

func urlEscape(s string) string { return url.QueryEscape(s) }
