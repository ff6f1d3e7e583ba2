package ozgpostfach

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
	"time"
)

// Konfiguration describes the interface of one mailbox system. Its JSON form is
// what [Load] reads.
type Konfiguration struct {
	// Name of the Kanal in addresses. Mandatory.
	Name string `json:"name"`
	// Quelle says where the facts come from. Mandatory.
	Quelle string `json:"quelle"`
	// Geprueft: the operator of the mailbox system has confirmed it.
	Geprueft bool `json:"geprueft"`
	// Basis is the https address all paths begin at. Mandatory.
	Basis     string    `json:"basis"`
	Anmeldung Anmeldung `json:"anmeldung"`
	// Adresse is the form of a Kennung.
	Adresse    Adressform `json:"adresse"`
	Faehigkeit Faehigkeit `json:"faehigkeit,omitzero"`
	Grenzen    Grenzen    `json:"grenzen,omitzero"`
	// Koepfe go with each request, such as the id of a client.
	Koepfe   map[string]string `json:"koepfe,omitempty"`
	Dublette Dublette          `json:"dublette"`
	// Nachricht delivers; Stand, if there is one, asks what became of it.
	Nachricht Aufruf  `json:"nachricht"`
	Stand     *Aufruf `json:"stand,omitempty"`
	// Fehler are tried in order; the first that fits counts.
	Fehler []Fehlerregel `json:"fehler,omitempty"`
}

// AnmeldeArt is a way of logging in.
type AnmeldeArt string

// The ways. A client certificate (mTLS) may come with each of them, see [Zugang].
const (
	Zertifikat AnmeldeArt = "zertifikat" // the client certificate alone
	Bearer     AnmeldeArt = "bearer"     // a token the house brings
	OAuth2     AnmeldeArt = "oauth2"     // client credentials (RFC 6749, 4.4)
)

// Anmeldung says how to log in.
type Anmeldung struct {
	Art AnmeldeArt `json:"art"`
	// Zertifikat: a client certificate is needed as well.
	Zertifikat bool `json:"zertifikat,omitempty"`
	// TokenURL (https) and Scopes of OAuth2.
	TokenURL string   `json:"tokenUrl,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
}

// Adressform is what a Kennung must look like: what does not is refused before
// anything is sent.
type Adressform struct {
	// Muster is a regular expression (RE2) for the whole Kennung. Mandatory.
	Muster string `json:"muster"`
}

// Faehigkeit is the part of messaging.Faehigkeiten that belongs to the mailbox.
type Faehigkeit struct {
	Antwort     bool   `json:"antwort,omitempty"`
	Bescheid    bool   `json:"bescheid,omitempty"`
	Bekanntgabe string `json:"bekanntgabe,omitempty"`
}

// Grenzen bound one request; zero values mean the defaults.
type Grenzen struct {
	MaxAnhaenge int   `json:"maxAnhaenge,omitempty"` // default 10
	MaxGroesse  int64 `json:"maxGroesse,omitempty"`  // bytes of all attachments, default 10 MiB, at most 100 MiB
	// Sekunden for one request with its answer; default 30, at most 300.
	Sekunden int `json:"sekunden,omitempty"`
	// Antwort is the most bytes of an answer that are read; default 1 MiB.
	Antwort int64 `json:"antwort,omitempty"`
}

func (g Grenzen) withDefaults() Grenzen {
	if g.MaxAnhaenge == 0 {
		g.MaxAnhaenge = 10
	}
	if g.MaxGroesse == 0 {
		g.MaxGroesse = 10 << 20
	}
	if g.Sekunden == 0 {
		g.Sekunden = 30
	}
	if g.Antwort == 0 {
		g.Antwort = 1 << 20
	}
	return g
}

// Dublette says how the mailbox system knows a message it has already: exactly
// one of the members.
type Dublette struct {
	// Kopf is the header that carries the id of the Sendung.
	Kopf string `json:"kopf,omitempty"`
	// Feld: the value "sendung.id" in the body does.
	Feld bool `json:"feld,omitempty"`
	// Keine: it does not. After an answer that was lost the delivery is in doubt
	// (messaging.IstUnsicher), and a person decides.
	Keine bool `json:"keine,omitempty"`
}

// Aufruf is one request and how its answer is read.
type Aufruf struct {
	// Methode is POST or PUT; GET of a Stand.
	Methode string `json:"methode"`
	// Pfad below Basis. {adresse.kennung}, {sendung.id} and, of a Stand, {referenz}
	// are replaced, each within one segment.
	Pfad string `json:"pfad"`
	// Felder of the body; none of a Stand.
	Felder []Feld `json:"felder,omitempty"`
	// Anhaenge of the body; mandatory of a Nachricht, none of a Stand.
	Anhaenge *Anhaenge `json:"anhaenge,omitempty"`
	Antwort  Antwort   `json:"antwort"`
}

// Typ of a value in the body.
type Typ string

// The types; the zero value is Text.
const (
	Text     Typ = "text"
	Zahl     Typ = "zahl"
	Wahrheit Typ = "wahrheit"
)

// Feld is one value of the body.
type Feld struct {
	// Ziel is a JSON pointer through objects. Mandatory.
	Ziel string `json:"ziel"`
	// Wert names what is written, one of [Werte] or, of an attachment, of
	// [AnhangWerte]. Fest is written instead, or if the value is empty.
	Wert string `json:"wert,omitempty"`
	Fest string `json:"fest,omitempty"`
	// Tabelle translates; a value without a row stays as it is.
	Tabelle map[string]string `json:"tabelle,omitempty"`
	Typ     Typ               `json:"typ,omitempty"`
	// Max characters; 0 is no limit. More is a problem of the Sendung, nothing is cut.
	Max int `json:"max,omitempty"`
	// Pflicht: an empty value is a problem; otherwise the member is left out.
	Pflicht bool `json:"pflicht,omitempty"`
}

// Anhaenge is the list of attachments in the body.
type Anhaenge struct {
	Ziel string `json:"ziel"`
	// Felder of each, in an object of its own.
	Felder []Feld `json:"felder"`
}

// Antwort says what a 2xx answer tells. If it names anything, an answer that is no
// JSON is no answer, and the request is made again.
type Antwort struct {
	Referenz *Wert `json:"referenz,omitempty"`
	// Zustand is translated by its Tabelle to a messaging.Zustand; anything else is
	// "uebergeben".
	Zustand *Wert `json:"zustand,omitempty"`
	// Zeit (RFC 3339) counts if it lies within a day before and five minutes after
	// our own clock, or of a Stand not after it; else our own clock counts.
	Zeit *Wert `json:"zeit,omitempty"`
}

// Wert says where a value stands in an answer. In JSON a bare string is the same
// as {"pfade": [string]}.
type Wert struct {
	// Pfade are selectors; the first that finds a text or number counts.
	Pfade   []string          `json:"pfade"`
	Tabelle map[string]string `json:"tabelle,omitempty"`
	// Pflicht: an answer without it is no answer, and the request is made again.
	Pflicht bool `json:"pflicht,omitempty"`
}

// UnmarshalJSON reads the object or the bare string.
func (w *Wert) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*w = Wert{Pfade: []string{s}}
		return nil
	}
	type wert Wert
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode((*wert)(w))
}

// FehlerArt is what a refusal means.
type FehlerArt string

// The meanings.
const (
	Spaeter   FehlerArt = "spaeter"   // fehler.ErrUnavailable
	Nie       FehlerArt = "nie"       // fehler.ErrInvalid
	Unbekannt FehlerArt = "unbekannt" // fehler.ErrNotFound: there is no such mailbox
	// SchonDa: the mailbox system has the message already. The answer is read like
	// that of a delivery.
	SchonDa FehlerArt = "schon_da"
)

// Fehlerregel says what an answer other than 2xx means. Without a rule that fits,
// 400, 405, 406, 410, 411, 413 to 417 and 422 are "nie", all others "spaeter": what
// the house may have to mend (login, addresses) holds no letter up for good.
type Fehlerregel struct {
	// Status are the HTTP codes it is for. Mandatory.
	Status []int `json:"status"`
	// Pfad and Werte: the answer must have one of the values there.
	Pfad  string    `json:"pfad,omitempty"`
	Werte []string  `json:"werte,omitempty"`
	Art   FehlerArt `json:"art"`
	// Code names it in errors, such as "postfach-voll"; Hinweis says it to the clerk.
	Code    string `json:"code,omitempty"`
	Hinweis string `json:"hinweis,omitempty"`
	// PauseMinuten before the next try, of "spaeter"; a Retry-After of the answer
	// counts more. At most a day.
	PauseMinuten int `json:"pauseMinuten,omitempty"`
}

// Werte are the names a Feld can write.
func Werte() []string {
	return []string{"sendung.id", "mandant", "absender", "vorgang.id", "vorgang.nummer", "adresse.kennung", "empfaenger.name",
		"nachricht.id", "nachricht.art", "nachricht.betreff", "nachricht.text", "nachricht.antwort", "jetzt"}
}

// AnhangWerte are the names a Feld of an attachment can write; "inhalt" is the
// content in base64 (RFC 4648, section 4).
func AnhangWerte() []string {
	return []string{"id", "name", "mime", "groesse", "sha512", "inhalt"}
}

//go:embed beispiele/*.json
var beispiele embed.FS

// Beispiele are the configurations that come with the package, by name: "bayernid",
// "servicekonto-sh" and "unternehmenskonto". They are templates nobody confirmed:
// of each only the form of the handle is known.
func Beispiele() map[string][]byte {
	out := map[string][]byte{}
	files, _ := fs.Glob(beispiele, "beispiele/*.json")
	for _, f := range files {
		b, err := beispiele.ReadFile(f)
		if err == nil {
			out[strings.TrimSuffix(strings.TrimPrefix(f, "beispiele/"), ".json")] = b
		}
	}
	return out
}

func (g Grenzen) frist() time.Duration { return time.Duration(g.Sekunden) * time.Second }
