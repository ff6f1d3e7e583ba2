package smtp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The bounds of a report.
const (
	maxBericht    = 1 << 20
	maxTeile      = 10
	maxEmpfaenger = 10
)

// Bericht is a delivery status report (RFC 3464) as far as it is needed. It holds
// no address and no words of a server.
type Bericht struct {
	// EnvelopeID is Original-Envelope-Id, MessageID that of the returned mail
	// without angle brackets; either may be empty.
	EnvelopeID, MessageID string
	// Aktion is failed, delayed, delivered, relayed or expanded: the worst one of
	// several recipients.
	Aktion string
	// Status is the enhanced code such as 5.1.1; empty if the report has none.
	Status string
	// Zeit of the last attempt, of the arrival or of the report, UTC in
	// microseconds; zero if there is none.
	Zeit time.Time
}

var (
	statusForm = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}`)
	// rang orders actions: the worst counts.
	rang = map[string]int{"failed": 5, "delayed": 4, "expanded": 3, "relayed": 2, "delivered": 1}
)

func unlesbar(code, meldung, hinweis string) error {
	return fehler.Probleme{problem(code, "", meldung, hinweis)}
}

var (
	keinBericht = unlesbar("smtp.kein-bericht", "not a delivery status report", "Das ist kein Zustellbericht.")
	kaputt      = unlesbar("smtp.bericht-kaputt", "the report is damaged or too big", "Der Zustellbericht ist beschädigt oder zu groß.")
)

// ParseBericht reads a mail that is a delivery status report. Anything else, such
// as a holiday reply, is [fehler.Probleme] with code smtp.kein-bericht.
func ParseBericht(raw []byte) (Bericht, error) {
	if len(raw) > maxBericht {
		return Bericht{}, kaputt
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Bericht{}, kaputt
	}
	typ, par, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || typ != "multipart/report" || !strings.EqualFold(par["report-type"], "delivery-status") || par["boundary"] == "" {
		return Bericht{}, keinBericht
	}
	var b Bericht
	if d, err := m.Header.Date(); err == nil {
		b.Zeit = zeit(d)
	}
	parts := multipart.NewReader(m.Body, par["boundary"])
	found := false
	for range maxTeile {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Bericht{}, kaputt
		}
		r := io.Reader(p)
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "base64") {
			r = base64.NewDecoder(base64.StdEncoding, p)
		}
		typ, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		switch typ {
		case "message/delivery-status", "message/global-delivery-status":
			if found {
				return Bericht{}, kaputt // two could say two things
			}
			found = true
			err = b.status(r)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			err = b.returned(r)
		}
		if err != nil {
			return Bericht{}, kaputt
		}
	}
	if !found || b.Aktion == "" {
		return Bericht{}, kaputt
	}
	return b, nil
}

// status reads the blocks of message/delivery-status: one about the message, then
// one per recipient.
func (b *Bericht) status(r io.Reader) error {
	t := textproto.NewReader(bufio.NewReader(r))
	for i := range maxEmpfaenger + 2 {
		h, err := t.ReadMIMEHeader()
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		switch {
		case len(h) == 0 && end:
			return nil
		case len(h) == 0:
		case i == 0 && h.Get("Action") == "":
			b.EnvelopeID = strings.TrimSpace(h.Get("Original-Envelope-Id"))
			b.when(h.Get("Arrival-Date"))
		default:
			if err := b.recipient(h); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
	}
	return errors.New("too many recipients")
}

func (b *Bericht) recipient(h textproto.MIMEHeader) error {
	a := strings.ToLower(strings.TrimSpace(h.Get("Action")))
	if rang[a] == 0 {
		return errors.New("unknown action")
	}
	if rang[a] > rang[b.Aktion] {
		b.Aktion, b.Status = a, statusForm.FindString(strings.TrimSpace(h.Get("Status")))
		b.when(h.Get("Last-Attempt-Date"))
	}
	return nil
}

func (b *Bericht) when(s string) {
	if d, err := mail.ParseDate(s); err == nil {
		b.Zeit = zeit(d)
	}
}

func (b *Bericht) returned(r io.Reader) error {
	h, err := textproto.NewReader(bufio.NewReader(r)).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if b.MessageID == "" {
		b.MessageID = strings.Trim(strings.TrimSpace(h.Get("Message-Id")), "<>")
	}
	return nil
}

// zeit refuses years in which nobody sent mail.
func zeit(t time.Time) time.Time {
	if t.Year() < 2000 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Rueckmeldung is a report about a Sendung of this Kanal.
type Rueckmeldung struct {
	Mandant tenant.ID
	// Quittung: fehlgeschlagen for failed, bereitgestellt for delivered, otherwise
	// uebergeben, which changes nothing. Referenz is the enhanced status.
	Quittung messaging.Quittung
	Bericht  Bericht
}

// ReadBericht reads a delivery status report and finds its Sendung by the
// Message-ID of the returned mail or the envelope id, whichever is ours. A report
// about anything else is fehler.ErrNotFound; what is no report, or damaged, is
// fehler.ErrInvalid. Reports are not signed: who learns a Message-ID, which holds
// 74 random bits and is known to the recipient alone, could forge one.
func (k *Kanal) ReadBericht(ctx context.Context, raw []byte) (Rueckmeldung, error) {
	const op = "smtp.ReadBericht"
	b, err := ParseBericht(raw)
	if err != nil {
		return Rueckmeldung{}, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	var m tenant.ID
	var id uuid.UUID
	ok := false
	for _, x := range []string{b.MessageID, b.EnvelopeID} {
		if m, id, ok = k.sendungOf(x); ok {
			break
		}
	}
	if !ok {
		return Rueckmeldung{}, fehler.New(op, "", fehler.ErrNotFound, nil)
	}
	first, err := k.p.Belege.GetBeleg(ctx, m, id)
	if err != nil {
		return Rueckmeldung{}, fehler.New(op, id.String(), nil, err)
	}
	now := k.o.Now().UTC().Truncate(time.Microsecond)
	q := messaging.Quittung{Sendung: id, Kanal: Name, Zustand: messaging.Uebergeben, Zeit: b.Zeit, Referenz: b.Status}
	if q.Zeit.Before(first.Zeit) || q.Zeit.After(now) {
		q.Zeit = now // other clocks are not ours
	}
	switch b.Aktion {
	case "failed":
		q.Zustand = messaging.Fehlgeschlagen
	case "delivered":
		q.Zustand = messaging.Bereitgestellt
	}
	return Rueckmeldung{Mandant: m, Quittung: q, Bericht: b}, nil
}
