package ozgpostfach

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	maxKonfiguration = 256 << 10 // bytes
	maxProbleme      = 50
	maxListe         = 200 // fields, rules, rows of a table
)

// Load reads a Konfiguration from JSON and checks it. What is wrong is
// fehler.Probleme, all at once (of many the first 50), with a JSON pointer as
// place and the codes "ozgpostfach.kein-json", "ozgpostfach.aufbau" and
// "ozgpostfach.wert".
func Load(b []byte) (Konfiguration, error) {
	if len(b) > maxKonfiguration {
		return Konfiguration{}, fehler.Probleme{problem("kein-json", "", "longer than 256 KiB", "Die Konfiguration ist zu lang.")}
	}
	if err := strictjson.Check(b, strictjson.Limits{Depth: 16, Values: 20_000}); err != nil {
		return Konfiguration{}, fehler.Probleme{problem("kein-json", "", err.Error(), "Die Konfiguration ist kein gültiges JSON.")}
	}
	var k Konfiguration
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&k); err != nil {
		return Konfiguration{}, fehler.Probleme{problem("aufbau", "", err.Error(), "Die Konfiguration hat eine unbekannte Angabe oder einen Wert der falschen Art.")}
	}
	if err := k.Check(); err != nil {
		return Konfiguration{}, err
	}
	return k, nil
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: "ozgpostfach." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

type pruefer struct{ p fehler.Probleme }

func (c *pruefer) bad(pfad, meldung string, args ...any) {
	if len(c.p) < maxProbleme {
		c.p = append(c.p, problem("wert", pfad, fmt.Sprintf(meldung, args...), "Diese Angabe der Konfiguration fehlt oder ist nicht zulässig."))
	}
}

func (c *pruefer) must(ok bool, pfad, meldung string, args ...any) {
	if !ok {
		c.bad(pfad, meldung, args...)
	}
}

var (
	kanalName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	token     = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$") // RFC 9110, 5.6.2
	scope     = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]{1,200}$`)  // RFC 6749, 3.3
	code      = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	// eigene are headers that the Kanal or net/http set.
	eigene = []string{"authorization", "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection",
		"accept", "accept-encoding", "te", "trailer", "upgrade", "expect", "cookie", "proxy-authorization"}
)

// Check tells all that is wrong, as [Load] does.
func (k Konfiguration) Check() error {
	c := &pruefer{}
	c.must(kanalName.MatchString(k.Name), "/name", "not a lower-case name")
	c.must(strings.TrimSpace(k.Quelle) != "", "/quelle", "says where the facts come from")
	c.must(adresse(k.Basis), "/basis", "not an https address without query and user")
	c.anmeldung(k.Anmeldung)
	if _, err := muster(k.Adresse.Muster); err != nil {
		c.bad("/adresse/muster", "missing or no regular expression")
	}
	c.must(!k.Faehigkeit.Bescheid || k.Faehigkeit.Bekanntgabe != "", "/faehigkeit/bekanntgabe", "decisions need a legal way")
	g := k.Grenzen.withDefaults()
	c.must(g.MaxAnhaenge > 0 && g.MaxAnhaenge <= maxListe, "/grenzen/maxAnhaenge", "not between 1 and %d", maxListe)
	c.must(g.MaxGroesse > 0 && g.MaxGroesse <= 100<<20, "/grenzen/maxGroesse", "not between 1 byte and 100 MiB")
	c.must(g.Sekunden > 0 && g.Sekunden <= 300, "/grenzen/sekunden", "not between 1 and 300")
	c.must(g.Antwort > 0 && g.Antwort <= 16<<20, "/grenzen/antwort", "not between 1 byte and 16 MiB")
	c.must(len(k.Koepfe) <= maxListe, "/koepfe", "too many")
	for name, wert := range k.Koepfe {
		c.kopf("/koepfe/"+zeiger(name), name)
		c.must(len(wert) <= 1000 && druckbar(wert), "/koepfe/"+zeiger(name), "not a printable text")
	}
	c.dublette(k)
	c.aufruf("/nachricht", k.Nachricht, false)
	if k.Stand != nil {
		c.aufruf("/stand", *k.Stand, true)
	}
	c.must(len(k.Fehler) <= maxListe, "/fehler", "too many")
	for i, r := range k.Fehler {
		c.regel(fmt.Sprintf("/fehler/%d", i), r)
	}
	if len(c.p) == 0 {
		return nil
	}
	slices.SortStableFunc(c.p, func(a, b fehler.Problem) int { return strings.Compare(a.Pfad, b.Pfad) })
	return c.p
}

func (c *pruefer) anmeldung(a Anmeldung) {
	switch a.Art {
	case Zertifikat, Bearer:
		c.must(a.TokenURL == "" && len(a.Scopes) == 0, "/anmeldung/tokenUrl", "of oauth2 alone")
	case OAuth2:
		c.must(adresse(a.TokenURL), "/anmeldung/tokenUrl", "not an https address without query and user")
		c.must(len(a.Scopes) <= maxListe, "/anmeldung/scopes", "too many")
		for i, s := range a.Scopes {
			c.must(scope.MatchString(s), fmt.Sprintf("/anmeldung/scopes/%d", i), "not a scope")
		}
	default:
		c.bad("/anmeldung/art", "not zertifikat, bearer or oauth2")
	}
}

func (c *pruefer) dublette(k Konfiguration) {
	n := 0
	for _, set := range []bool{k.Dublette.Kopf != "", k.Dublette.Feld, k.Dublette.Keine} {
		if set {
			n++
		}
	}
	c.must(n == 1, "/dublette", "exactly one of kopf, feld and keine")
	if k.Dublette.Kopf != "" {
		c.kopf("/dublette/kopf", k.Dublette.Kopf)
	}
	if k.Dublette.Feld {
		inBody := slices.ContainsFunc(k.Nachricht.Felder, func(f Feld) bool { return f.Wert == "sendung.id" && len(f.Tabelle) == 0 })
		c.must(inBody, "/dublette/feld", "no field carries sendung.id")
	}
}

func (c *pruefer) kopf(pfad, name string) {
	c.must(token.MatchString(name) && !slices.Contains(eigene, strings.ToLower(name)), pfad, "not a header that can be set")
}

func (c *pruefer) aufruf(pfad string, a Aufruf, stand bool) {
	if stand {
		c.must(a.Methode == "GET", pfad+"/methode", "not GET")
		c.must(len(a.Felder) == 0 && a.Anhaenge == nil, pfad+"/felder", "a Stand has no body")
		c.must(a.Antwort.Zustand != nil, pfad+"/antwort/zustand", "a Stand needs one")
	} else {
		c.must(a.Methode == "POST" || a.Methode == "PUT", pfad+"/methode", "not POST or PUT")
		c.must(len(a.Felder) > 0, pfad+"/felder", "no fields")
	}
	_, err := weg(a.Pfad, func(name string) (string, bool) {
		ok := name == "adresse.kennung" && !stand || name == "sendung.id" || name == "referenz" && stand
		return "x", ok
	})
	if err != nil {
		c.bad(pfad+"/pfad", "%v", err)
	}
	ziele := c.felder(pfad+"/felder", a.Felder, Werte())
	if a.Anhaenge != nil {
		c.felder(pfad+"/anhaenge/felder", a.Anhaenge.Felder, AnhangWerte())
		c.must(len(a.Anhaenge.Felder) > 0, pfad+"/anhaenge/felder", "no fields")
		c.ziel(pfad+"/anhaenge/ziel", a.Anhaenge.Ziel, ziele)
	} else if !stand {
		c.bad(pfad+"/anhaenge", "missing")
	}
	erlaubt := []messaging.Zustand{messaging.Uebergeben, messaging.Bereitgestellt}
	if stand {
		erlaubt = append(erlaubt, messaging.Abgeholt, messaging.Gelesen, messaging.Beantwortet, messaging.Fehlgeschlagen)
	}
	c.wert(pfad+"/antwort/referenz", a.Antwort.Referenz)
	c.wert(pfad+"/antwort/zeit", a.Antwort.Zeit)
	c.wert(pfad+"/antwort/zustand", a.Antwort.Zustand)
	if z := a.Antwort.Zustand; z != nil {
		for von, nach := range z.Tabelle {
			c.must(slices.Contains(erlaubt, messaging.Zustand(nach)), pfad+"/antwort/zustand/tabelle/"+zeiger(von), "no state of this request")
		}
	}
}

func (c *pruefer) felder(pfad string, felder []Feld, werte []string) map[string]bool {
	ziele := map[string]bool{}
	c.must(len(felder) <= maxListe, pfad, "too many")
	for i, f := range felder {
		p := fmt.Sprintf("%s/%d", pfad, i)
		c.ziel(p+"/ziel", f.Ziel, ziele)
		c.must(f.Wert == "" || slices.Contains(werte, f.Wert), p+"/wert", "no such value")
		c.must(f.Wert != "" || f.Fest != "", p+"/wert", "wert or fest")
		c.must(f.Max >= 0, p+"/max", "negative")
		c.must(len(f.Tabelle) <= maxListe, p+"/tabelle", "too many rows")
		switch f.Typ {
		case "", Text:
		case Zahl, Wahrheit:
			if f.Fest != "" {
				_, err := f.Typ.value(f.Fest)
				c.must(err == nil, p+"/fest", "not of the type")
			}
		default:
			c.bad(p+"/typ", "not text, zahl or wahrheit")
		}
	}
	return ziele
}

// ziel checks that a place is none already and lies neither above nor below one.
func (c *pruefer) ziel(pfad, z string, ziele map[string]bool) {
	if _, err := parseZiel(z); err != nil {
		c.bad(pfad, "%v", err)
		return
	}
	for other := range ziele {
		if other == z || strings.HasPrefix(other, z+"/") || strings.HasPrefix(z, other+"/") {
			c.bad(pfad, "collides with another place")
			return
		}
	}
	ziele[z] = true
}

func (c *pruefer) wert(pfad string, w *Wert) {
	if w == nil {
		return
	}
	c.must(len(w.Pfade) > 0 && len(w.Pfade) <= 20, pfad+"/pfade", "none or too many")
	c.must(len(w.Tabelle) <= maxListe, pfad+"/tabelle", "too many rows")
	for i, s := range w.Pfade {
		if _, err := parsePfad(s); err != nil {
			c.bad(fmt.Sprintf("%s/pfade/%d", pfad, i), "%v", err)
		}
	}
}

func (c *pruefer) regel(pfad string, r Fehlerregel) {
	c.must(len(r.Status) > 0 && len(r.Status) <= maxListe, pfad+"/status", "none or too many")
	for _, s := range r.Status {
		c.must(s >= 300 && s <= 599, pfad+"/status", "not between 300 and 599")
	}
	c.must((r.Pfad == "") == (len(r.Werte) == 0), pfad+"/werte", "pfad and werte go together")
	c.must(len(r.Werte) <= maxListe, pfad+"/werte", "too many")
	if r.Pfad != "" {
		if _, err := parsePfad(r.Pfad); err != nil {
			c.bad(pfad+"/pfad", "%v", err)
		}
	}
	switch r.Art {
	case Spaeter:
	case Nie, Unbekannt, SchonDa:
		c.must(r.PauseMinuten == 0, pfad+"/pauseMinuten", "of spaeter alone")
	default:
		c.bad(pfad+"/art", "not spaeter, nie, unbekannt or schon_da")
	}
	c.must(r.Code == "" || code.MatchString(r.Code), pfad+"/code", "not a code")
	c.must(r.PauseMinuten >= 0 && r.PauseMinuten <= 24*60, pfad+"/pauseMinuten", "not within a day")
	c.must(len(r.Hinweis) <= 500, pfad+"/hinweis", "too long")
}

// adresse tells whether s is an https address to which paths can be added.
func adresse(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 2000 && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && !u.ForceQuery &&
		!strings.Contains(s, "#") && u.Opaque == ""
}

// muster is the expression for the whole of a Kennung.
func muster(s string) (*regexp.Regexp, error) {
	if s == "" || len(s) > maxPfad {
		return nil, fmt.Errorf("missing or longer than %d bytes", maxPfad)
	}
	if _, err := regexp.Compile(s); err != nil { // on its own: "a)|(b" is none
		return nil, err
	}
	return regexp.Compile(`\A(?:` + s + `)\z`)
}

func zeiger(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1"), "")
}

func druckbar(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e })
}
