package bundid

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Codes of what cannot be sent.
const (
	CodeMissing = "bundid.fehlt"    // a required text is empty
	CodeLength  = "bundid.laenge"   // a text is longer than the ZBP takes
	CodeValue   = "bundid.wert"     // not one of the values, or out of range
	CodeFormat  = "bundid.format"   // no UUID, no SHA-512
	CodeText    = "bundid.zeichen"  // not valid UTF-8
	CodeMailbox = "bundid.postfach" // the mailbox handle is no UUID
)

// Message is the content of a letter to a mailbox (message_v6). Lengths are in
// characters.
type Message struct {
	// MailboxUUID is the handle of the mailbox, from replyChannel.idBundDeMailbox
	// or the SAML token of BundID (legacyPostkorbHandle).
	MailboxUUID string `json:"mailboxUuid"`
	// StorkQAALevel is the trust level a reader must have logged in with, 1 to 4.
	StorkQAALevel int    `json:"stork_qaa_level"`
	Sender        string `json:"sender"`  // 1 to 255: the authority
	Service       string `json:"service"` // 1 to 255: the administrative service
	Title         string `json:"title"`   // 1 to 1024
	Content       string `json:"content"` // at least 1
	// ApplicationID ties the message to an application shown in BundID; a UUID.
	ApplicationID                string       `json:"applicationId,omitempty"`
	RetrievalConfirmationAddress string       `json:"retrievalConfirmationAddress,omitempty"` // at most 320
	ReplyAddress                 string       `json:"replyAddress,omitempty"`                 // at most 320
	Reference                    string       `json:"reference,omitempty"`                    // at most 255
	SenderURL                    string       `json:"senderUrl,omitempty"`                    // at most 255
	Attachments                  []Attachment `json:"attachments,omitempty"`
}

// Attachment describes one attachment of a [Message].
type Attachment struct {
	Filename string `json:"filename"`
	// SHA512 of the plaintext, lower-case hex.
	SHA512        string `json:"sha512sum"`
	ContentLength int64  `json:"contentLength"` // bytes
}

// Zustand is the value of [Status.Status].
type Zustand string

// The values the ZBP shows.
const (
	Initiated      Zustand = "INITIATED"
	Submitted      Zustand = "SUBMITTED"
	Received       Zustand = "RECEIVED"
	Processing     Zustand = "PROCESSING"
	ActionRequired Zustand = "ACTION_REQUIRED"
	Completed      Zustand = "COMPLETED"
)

// Zustaende gives all values in the order of a case.
func Zustaende() []Zustand {
	return []Zustand{Initiated, Submitted, Received, Processing, ActionRequired, Completed}
}

// Status tells how far an application is (status_v6). Lengths are in characters.
type Status struct {
	ApplicationID         string    // UUID
	Status                Zustand   // one of [Zustaende]
	PublicServiceName     string    // 1 to 100, German
	SenderName            string    // 1 to 100
	CreatedDate           time.Time // sent in UTC with milliseconds
	StatusDetails         string    // at most 50, German
	AdditionalInformation string    // at most 100, German
	Reference             string    // at most 50
}

// createdLayout is the form of createdDate.
const createdLayout = "2006-01-02T15:04:05.000Z"

type german struct {
	De string `json:"de"`
}

func germanOrNil(s string) *german {
	if s == "" {
		return nil
	}
	return &german{s}
}

// MarshalJSON writes the form of the ZBP.
func (s Status) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ApplicationID         string  `json:"applicationId"`
		Status                Zustand `json:"status"`
		PublicServiceName     german  `json:"publicServiceName"`
		SenderName            string  `json:"senderName"`
		CreatedDate           string  `json:"createdDate"`
		StatusDetails         *german `json:"statusDetails,omitempty"`
		AdditionalInformation *german `json:"additionalInformation,omitempty"`
		Reference             string  `json:"reference,omitempty"`
	}{s.ApplicationID, s.Status, german{s.PublicServiceName}, s.SenderName, s.CreatedDate.UTC().Format(createdLayout),
		germanOrNil(s.StatusDetails), germanOrNil(s.AdditionalInformation), s.Reference})
}

var (
	uuidRE   = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	sha512RE = regexp.MustCompile(`^[a-f0-9]{128}$`)
)

// pruefer collects broken rules; values never get into a text.
type pruefer struct{ found fehler.Probleme }

func (p *pruefer) add(code, place, meldung, hinweis string) {
	p.found = append(p.found, fehler.Problem{Code: code, Pfad: place, Meldung: meldung, Hinweis: hinweis})
}

func (p *pruefer) text(place, s string, minRunes, maxRunes int) {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s):
		p.add(CodeText, place, "not valid UTF-8", "Der Text enthält ungültige Zeichen.")
	case n < minRunes:
		p.add(CodeMissing, place, "is empty", "Eine Pflichtangabe für das Postfach fehlt.")
	case maxRunes > 0 && n > maxRunes:
		p.add(CodeLength, place, fmt.Sprintf("longer than %d characters", maxRunes),
			fmt.Sprintf("Der Text ist zu lang für das Postfach: höchstens %d Zeichen.", maxRunes))
	}
}

func (p *pruefer) uuid(code, place, s string) {
	if !uuidRE.MatchString(s) {
		p.add(code, place, "not a UUID", "Die Kennung hat nicht die Form einer UUID.")
	}
}

// Check tests the message against every limit of the ZBP; nil if it keeps them.
func (m Message) Check() fehler.Probleme {
	p := &pruefer{}
	p.uuid(CodeMailbox, "/mailboxUuid", m.MailboxUUID)
	if m.StorkQAALevel < 1 || m.StorkQAALevel > 4 {
		p.add(CodeValue, "/stork_qaa_level", "not between 1 and 4", "Das Vertrauensniveau muss zwischen 1 und 4 liegen.")
	}
	p.text("/sender", m.Sender, 1, 255)
	p.text("/service", m.Service, 1, 255)
	p.text("/title", m.Title, 1, 1024)
	p.text("/content", m.Content, 1, 0)
	if m.ApplicationID != "" {
		p.uuid(CodeFormat, "/applicationId", m.ApplicationID)
	}
	p.text("/retrievalConfirmationAddress", m.RetrievalConfirmationAddress, 0, 320)
	p.text("/replyAddress", m.ReplyAddress, 0, 320)
	p.text("/reference", m.Reference, 0, 255)
	p.text("/senderUrl", m.SenderURL, 0, 255)
	for i, a := range m.Attachments {
		place := fmt.Sprintf("/attachments/%d", i)
		p.text(place+"/filename", a.Filename, 1, 255)
		if strings.ContainsAny(a.Filename, "/\\\x00") {
			p.add(CodeFormat, place+"/filename", "file name with directories", "Der Dateiname enthält einen Pfad.")
		}
		if !sha512RE.MatchString(a.SHA512) {
			p.add(CodeFormat, place+"/sha512sum", "not a SHA-512 in lower-case hex", "Die Prüfsumme einer Anlage fehlt.")
		}
		if a.ContentLength < 0 {
			p.add(CodeValue, place+"/contentLength", "negative", "Die Größe einer Anlage ist ungültig.")
		}
	}
	return p.found
}

// Check tests the status against every limit of the ZBP; nil if it keeps them.
func (s Status) Check() fehler.Probleme {
	p := &pruefer{}
	p.uuid(CodeFormat, "/applicationId", s.ApplicationID)
	if !slices.Contains(Zustaende(), s.Status) {
		p.add(CodeValue, "/status", "not a status of the ZBP", "Diesen Status kennt das Postfach nicht.")
	}
	p.text("/publicServiceName/de", s.PublicServiceName, 1, 100)
	p.text("/senderName", s.SenderName, 1, 100)
	p.text("/statusDetails/de", s.StatusDetails, 0, 50)
	p.text("/additionalInformation/de", s.AdditionalInformation, 0, 100)
	p.text("/reference", s.Reference, 0, 50)
	if s.CreatedDate.IsZero() || s.CreatedDate.Year() > 9999 {
		p.add(CodeValue, "/createdDate", "missing or out of range", "Der Zeitpunkt des Status fehlt.")
	}
	return p.found
}
