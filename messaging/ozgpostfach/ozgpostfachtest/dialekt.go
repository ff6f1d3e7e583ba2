package ozgpostfachtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// dialekt is one interface as its server sees it.
type dialekt struct {
	methode string
	pfad    *regexp.Regexp
	// kennung and id of a request; empty if they are not where they must be.
	kennung func(m []string, body map[string]any) string
	id      func(r *http.Request, m []string, body map[string]any) string
	// members that must be there, and those that may.
	muss, darf map[string]int // the most characters; 0: no limit
	anhaenge   string         // member with the attachments
	name, typ  string         // members of an attachment
	inhalt     string
	groesse    string // empty: none
	anmeldung  string // zertifikat, oauth2, bearer+zertifikat
	antwort    func(ref string, zeit time.Time) any
	absage     func(code string) any
	unbekannt  fall
	voll       fall
	doppelt    fall
	stand      *regexp.Regexp
	standJSON  func(zustand string) any
	zustaende  [4]string // taken, there, retrieved, failed
}

type fall struct {
	status int
	code   string
}

func text(o map[string]any, name string) string { s, _ := o[name].(string); return s }

func objekt(o map[string]any, name string) map[string]any {
	m, _ := o[name].(map[string]any)
	return m
}

var dialekte = map[string]dialekt{
	"bayernid": {
		methode: http.MethodPost, pfad: regexp.MustCompile(`^/api/v1/messages$`), anmeldung: "zertifikat",
		kennung: func(_ []string, b map[string]any) string { return text(objekt(b, "mailbox"), "handle") },
		id: func(r *http.Request, _ []string, _ map[string]any) string {
			return r.Header.Get("Idempotency-Key")
		},
		muss: map[string]int{"mailbox": 0, "sender": 255, "subject": 255, "body": 20000}, darf: map[string]int{"reference": 255},
		anhaenge: "attachments", name: "fileName", typ: "mimeType", inhalt: "content",
		antwort: func(ref string, z time.Time) any {
			return map[string]any{"messageId": ref, "receivedAt": z.Format(time.RFC3339)}
		},
		absage:    func(code string) any { return map[string]any{"code": code} },
		unbekannt: fall{404, "MAILBOX_NOT_FOUND"}, voll: fall{507, ""}, doppelt: fall{409, "DUPLICATE"},
		stand:     regexp.MustCompile(`^/api/v1/messages/([^/]+)$`),
		standJSON: func(z string) any { return map[string]any{"state": z} },
		zustaende: [4]string{"ACCEPTED", "DELIVERED", "RETRIEVED", "FAILED"},
	},
	"servicekonto-sh": {
		methode: http.MethodPut, pfad: regexp.MustCompile(`^/osi/inboxes/([^/]+)/messages/([^/]+)$`), anmeldung: "oauth2",
		kennung: func(m []string, _ map[string]any) string { return m[1] },
		id: func(_ *http.Request, m []string, b map[string]any) string {
			if text(b, "id") != m[2] {
				return ""
			}
			return m[2]
		},
		muss: map[string]int{"id": 36, "sender": 0, "subject": 255, "text": 20000, "replyAction": 20}, darf: map[string]int{"caseNumber": 255},
		anhaenge: "files", name: "name", typ: "contentType", inhalt: "data", groesse: "size",
		antwort: func(ref string, z time.Time) any {
			return map[string]any{"id": ref, "status": "STORED", "storedAt": z.Format(time.RFC3339)}
		},
		absage:    func(code string) any { return map[string]any{"error": code} },
		unbekannt: fall{404, "INBOX_UNKNOWN"}, voll: fall{422, "INBOX_FULL"}, doppelt: fall{409, ""},
	},
	"unternehmenskonto": {
		methode: http.MethodPost, pfad: regexp.MustCompile(`^/otter/accounts/([^/]+)/deliveries$`), anmeldung: "bearer+zertifikat",
		kennung: func(m []string, b map[string]any) string {
			if text(b, "accountId") != m[1] {
				return ""
			}
			return m[1]
		},
		id: func(r *http.Request, _ []string, _ map[string]any) string {
			return r.Header.Get("X-Request-ID")
		},
		muss: map[string]int{"accountId": 10, "absender": 255, "betreff": 255, "text": 20000}, darf: map[string]int{"geschaeftszeichen": 60},
		anhaenge: "anhaenge", name: "dateiname", typ: "medientyp", inhalt: "inhalt",
		antwort: func(ref string, z time.Time) any {
			return map[string]any{"lieferung": map[string]any{"id": ref, "zeit": z.Format(time.RFC3339)}}
		},
		absage:    func(code string) any { return map[string]any{"fehler": map[string]any{"code": code}} },
		unbekannt: fall{404, "KONTO_UNBEKANNT"}, voll: fall{403, "POSTFACH_VOLL"}, doppelt: fall{409, "DUBLETTE"},
		stand:     regexp.MustCompile(`^/otter/deliveries/([^/]+)$`),
		standJSON: func(z string) any { return map[string]any{"lieferung": map[string]any{"stand": z}} },
		zustaende: [4]string{"ANGENOMMEN", "BEREIT", "ABGEHOLT", "FEHLER"},
	},
}

// judge names what is wrong with a body.
func (d dialekt) judge(raw []byte, body map[string]any) (bad []string) {
	if !utf8.Valid(raw) || json.Unmarshal(raw, &map[string]json.RawMessage{}) != nil {
		return []string{"body: no JSON object"}
	}
	for name, most := range d.muss {
		v, ok := body[name]
		if !ok {
			bad = append(bad, "body/"+name+": missing")
			continue
		}
		s, isText := v.(string)
		if most > 0 && (!isText || s == "" || utf8.RuneCountInString(s) > most) {
			bad = append(bad, "body/"+name)
		}
	}
	for name, v := range body {
		if _, ok := d.muss[name]; ok {
			continue
		}
		most, ok := d.darf[name]
		if name == d.anhaenge {
			bad = append(bad, d.judgeAnhaenge(v)...)
			continue
		}
		if s, isText := v.(string); !ok || !isText || utf8.RuneCountInString(s) > most {
			bad = append(bad, "body/"+name+": unknown or too long")
		}
	}
	return bad
}

func (d dialekt) judgeAnhaenge(v any) (bad []string) {
	liste, ok := v.([]any)
	if !ok || len(liste) == 0 {
		return []string{"attachments"}
	}
	for i, x := range liste {
		o, _ := x.(map[string]any)
		inhalt, err := base64.StdEncoding.DecodeString(text(o, d.inhalt))
		name := text(o, d.name)
		if err != nil || len(inhalt) == 0 || name == "" || strings.ContainsAny(name, `/\`) || !strings.Contains(text(o, d.typ), "/") {
			bad = append(bad, fmt.Sprintf("attachments/%d", i))
		}
		if d.groesse != "" {
			if n, ok := o[d.groesse].(float64); !ok || int(n) != len(inhalt) {
				bad = append(bad, fmt.Sprintf("attachments/%d: size", i))
			}
		}
	}
	return bad
}

func isUUID(s string) bool { u, err := uuid.Parse(s); return err == nil && u.String() == s }
