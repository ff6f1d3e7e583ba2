package ozgpostfach

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// absage is why a request came to nothing, in our own words: what a server says
// may hold personal data.
type absage struct {
	art   error
	wo    string
	code  string
	pause time.Duration
	// schonDa: the mailbox has the message.
	schonDa bool
	hinweis string
	// unsicher: the mailbox may have the message, and would not know it again.
	unsicher bool
}

// Unsicher: see messaging.IstUnsicher.
func (a absage) Unsicher() bool { return a.unsicher }

func (a absage) Error() string {
	if a.code != "" {
		return a.wo + ": " + a.code
	}
	return a.wo
}

// RetryAfter is the pause before the next try; zero leaves it to the relay.
func (a absage) RetryAfter() time.Duration { return a.pause }

// lese decodes an answer; nil if it is no JSON that can be relied on.
func lese(b []byte) any {
	if strictjson.Check(b, strictjson.Limits{Depth: 32, Values: 10_000}) != nil {
		return nil
	}
	var doc any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return nil
	}
	return doc
}

func (w *Wert) find(doc any) (string, bool) {
	if w == nil {
		return "", false
	}
	for _, s := range w.Pfade {
		p, err := parsePfad(s)
		if err != nil {
			continue
		}
		if v, ok := find(doc, p); ok && v != "" {
			if t, ok := w.Tabelle[v]; ok {
				v = t
			}
			return v, true
		}
	}
	return "", false
}

// gelesen is what an answer said.
type gelesen struct {
	referenz string
	zustand  messaging.Zustand
	zeit     time.Time // zero if it said none
}

const maxReferenz = 255

// auslegen reads a 2xx answer.
func (a Antwort) auslegen(doc any) (gelesen, error) {
	g := gelesen{zustand: messaging.Uebergeben}
	if v, ok := a.Referenz.find(doc); ok && utf8.RuneCountInString(v) <= maxReferenz && !strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) }) {
		g.referenz = v
	}
	v, ok := a.Zustand.find(doc)
	if ok {
		if _, row := a.Zustand.zeile(v); row {
			g.zustand = messaging.Zustand(v)
		}
	}
	if t, found := a.Zeit.find(doc); found {
		if z, err := time.Parse(time.RFC3339, t); err == nil {
			g.zeit = z.UTC().Truncate(time.Microsecond)
		}
	}
	switch {
	case doc == nil && (a.Referenz != nil || a.Zustand != nil || a.Zeit != nil):
		// A page about maintenance, or half an answer: nobody says that it was taken.
		return g, errors.New("the answer is no JSON")
	case a.Referenz != nil && a.Referenz.Pflicht && g.referenz == "":
		return g, errors.New("the answer names no reference")
	case a.Zustand != nil && a.Zustand.Pflicht && !ok:
		return g, errors.New("the answer names no state")
	case a.Zeit != nil && a.Zeit.Pflicht && g.zeit.IsZero():
		return g, errors.New("the answer names no time")
	}
	return g, nil
}

// zeile tells whether the table leads to the value.
func (w *Wert) zeile(nach string) (string, bool) {
	for von, n := range w.Tabelle {
		if n == nach {
			return von, true
		}
	}
	return "", false
}

var nie = []int{400, 405, 406, 410, 411, 413, 414, 415, 416, 417, 422}

// ablehnung says what an answer other than 2xx means.
func (k Konfiguration) ablehnung(status int, kopf http.Header, doc any, jetzt time.Time) absage {
	a := absage{art: fehler.ErrUnavailable, wo: "the mailbox system answered " + strconv.Itoa(status), pause: retryAfter(kopf, jetzt)}
	for _, r := range k.Fehler {
		if !r.passt(status, doc) {
			continue
		}
		a.code, a.hinweis = r.Code, r.Hinweis
		switch r.Art {
		case Nie:
			a.art = fehler.ErrInvalid
		case Unbekannt:
			a.art = fehler.ErrNotFound
		case SchonDa:
			a.schonDa = true
		case Spaeter:
			if a.pause == 0 {
				a.pause = time.Duration(r.PauseMinuten) * time.Minute
			}
		}
		return a
	}
	if slices.Contains(nie, status) {
		a.art = fehler.ErrInvalid
	}
	return a
}

func (r Fehlerregel) passt(status int, doc any) bool {
	if !slices.Contains(r.Status, status) {
		return false
	}
	if r.Pfad == "" {
		return true
	}
	p, err := parsePfad(r.Pfad)
	if err != nil {
		return false
	}
	v, ok := find(doc, p)
	return ok && slices.Contains(r.Werte, v)
}

// retryAfter reads the header (RFC 9110, 10.2.3), at most a day.
func retryAfter(kopf http.Header, jetzt time.Time) time.Duration {
	s := kopf.Get("Retry-After")
	var d time.Duration
	if n, err := strconv.ParseUint(s, 10, 20); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(jetzt)
	}
	return min(max(d, 0), 24*time.Hour)
}
