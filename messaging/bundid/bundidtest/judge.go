package bundidtest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/messaging/bundid"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// richter collects what is wrong with one submission.
type richter struct {
	found []string
	now   time.Time
}

func (j *richter) bad(format string, args ...any) {
	j.found = append(j.found, fmt.Sprintf(format, args...))
}

// judge checks a submission completely.
func (b *ZBP) judge(r *fitconnect.Received) (Zustellung, []string) {
	j := &richter{now: b.opt.Now()}
	t := Zustellung{SubmissionID: r.Submission.SubmissionID, Attachments: r.Attachments,
		IsStatus: r.Submission.PublicService.Identifier == bundid.ServiceStatus}
	if x := r.Metadata.AdditionalReferenceInfo; x != nil {
		t.SenderReference = x.SenderReference
	}
	if s := r.Metadata.ContentStructure.Data.SubmissionSchema; s.SchemaURI != bundid.SchemaURI {
		j.bad("schema")
	}
	var p struct{ Content, Sha512sum, AuthorToken, AuthorCertificate string }
	dec := json.NewDecoder(bytes.NewReader(r.Data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		j.bad("payload")
		return t, j.found
	}
	t.Content = p.Content
	if cert := j.certificate(p.AuthorCertificate, b.opt.Trusted); cert != nil {
		t.Signer = cert.Subject.CommonName
		j.signature("signature", cert, []byte(p.Content), p.Sha512sum, base64.StdEncoding)
		j.token(cert, p.AuthorToken)
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(p.Content), &o); err != nil || o == nil {
		j.bad("content")
		return t, j.found
	}
	if t.Application, _ = o["applicationId"].(string); t.IsStatus {
		j.object("", o, statusRules)
		return t, j.found
	}
	j.object("", o, messageRules)
	t.Mailbox, _ = o["mailboxUuid"].(string)
	if b.opt.Mailboxes != nil && !slices.Contains(b.opt.Mailboxes, t.Mailbox) {
		j.bad("mailbox unknown")
	}
	j.attachments(o["attachments"], r.Attachments)
	return t, j.found
}

func (j *richter) certificate(text string, trusted *x509.CertPool) *x509.Certificate {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		j.bad("certificate: no PEM")
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		j.bad("certificate: not readable")
		return nil
	}
	if j.now.Before(cert.NotBefore) || j.now.After(cert.NotAfter) {
		j.bad("certificate: not valid now")
	}
	if trusted != nil {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: trusted, CurrentTime: j.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			j.bad("certificate: not trusted")
		}
	}
	return cert
}

func (j *richter) signature(what string, cert *x509.Certificate, over []byte, text string, enc *base64.Encoding) {
	sig, err := enc.DecodeString(text)
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	digest := sha512.Sum512(over)
	if err != nil || !ok || rsa.VerifyPKCS1v15(pub, crypto.SHA512, digest[:], sig) != nil {
		j.bad("%s", what)
	}
}

func (j *richter) token(cert *x509.Certificate, token string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		j.bad("token")
		return
	}
	var h struct{ Alg string }
	var c struct {
		Iat, Exp int64
		Signer   string
		Roles    []string
	}
	for i, into := range []any{&h, &c} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			j.bad("token")
			return
		}
	}
	if h.Alg != "RS512" {
		j.bad("token: alg")
	}
	j.signature("token: signature", cert, []byte(parts[0]+"."+parts[1]), parts[2], base64.RawURLEncoding)
	now := j.now.Unix()
	if c.Iat > now+60 || c.Exp <= now {
		j.bad("token: expired or of the future")
	}
	if c.Exp-c.Iat > 1800 || c.Exp <= c.Iat {
		j.bad("token: life")
	}
	if c.Signer != cert.Subject.CommonName {
		j.bad("token: signer")
	}
	if !slices.Equal(c.Roles, []string{"THIRD_PARTY"}) {
		j.bad("token: roles")
	}
}

// regel is what a member must be: a text of min to max characters (max 0: no
// limit) that matches, if there is something to match.
type regel struct {
	required bool
	min, max int
	match    *regexp.Regexp
	de       bool // the text is the member "de" of an object
	other    func(any) bool
}

var (
	uuidText = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	stamp    = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

	messageRules = map[string]regel{
		"stork_qaa_level":              {required: true, other: func(v any) bool { f, ok := v.(float64); return ok && (f == 1 || f == 2 || f == 3 || f == 4) }},
		"mailboxUuid":                  {required: true, match: uuidText},
		"sender":                       {required: true, min: 1, max: 255},
		"service":                      {required: true, min: 1, max: 255},
		"title":                        {required: true, min: 1, max: 1024},
		"content":                      {required: true, min: 1},
		"applicationId":                {match: uuidText},
		"retrievalConfirmationAddress": {max: 320},
		"replyAddress":                 {max: 320},
		"reference":                    {max: 255},
		"senderUrl":                    {max: 255},
		"attachments":                  {other: func(v any) bool { _, ok := v.([]any); return ok }},
	}
	statusRules = map[string]regel{
		"applicationId":         {required: true, match: uuidText},
		"status":                {required: true, match: regexp.MustCompile(`^(INITIATED|SUBMITTED|RECEIVED|PROCESSING|ACTION_REQUIRED|COMPLETED)$`)},
		"publicServiceName":     {required: true, min: 1, max: 100, de: true},
		"senderName":            {required: true, min: 1, max: 100},
		"createdDate":           {required: true, match: stamp},
		"statusDetails":         {max: 50, de: true},
		"additionalInformation": {max: 100, de: true},
		"reference":             {max: 50},
	}
)

func (j *richter) object(place string, o map[string]any, rules map[string]regel) {
	for name := range o {
		if _, ok := rules[name]; !ok {
			j.bad("content%s: unknown member", place)
		}
	}
	for name, r := range rules {
		v, there := o[name]
		if !there {
			if r.required {
				j.bad("content%s/%s: missing", place, name)
			}
			continue
		}
		if !r.keeps(v) {
			j.bad("content%s/%s", place, name)
		}
	}
}

func (r regel) keeps(v any) bool {
	if r.other != nil {
		return r.other(v)
	}
	if r.de {
		o, ok := v.(map[string]any)
		if !ok || len(o) != 1 {
			return false
		}
		v = o["de"]
	}
	s, ok := v.(string)
	n := utf8.RuneCountInString(s)
	return ok && n >= r.min && (r.max == 0 || n <= r.max) && (r.match == nil || r.match.MatchString(s))
}

// attachments: each file that is named came, with this hash and length, and no other.
func (j *richter) attachments(named any, came []fitconnect.Attachment) {
	list, _ := named.([]any)
	if len(list) != len(came) {
		j.bad("attachments: number")
		return
	}
	for i, v := range list {
		o, _ := v.(map[string]any)
		hash, _ := o["sha512sum"].(string)
		length, _ := o["contentLength"].(float64)
		name, _ := o["filename"].(string)
		at := slices.IndexFunc(came, func(a fitconnect.Attachment) bool { return a.Filename == name && fitconnect.SHA512(a.Content) == hash })
		if at < 0 || int64(length) != int64(len(came[at].Content)) {
			j.bad("attachments/%d", i)
		}
	}
}
