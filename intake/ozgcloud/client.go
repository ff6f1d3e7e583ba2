package ozgcloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Antrag is a submission to send.
type Antrag struct {
	// Control; an empty TransactionID gets a new one.
	Control  Control
	FormData []Item
	// Representation is the readable copy; nil sends none.
	Representation *intake.Teil
	Attachments    []intake.Teil
}

// ClientOptions of a Client; nil means defaults.
type ClientOptions struct {
	// HTTP sends; default a client of its own without a time limit, since the context
	// has one. Redirects are never followed.
	HTTP *http.Client
	// Token is the bearer token; empty sends none.
	Token string
	// Versuche is how often a submission is sent at most, default 4.
	Versuche int
	// Pause is the wait before the next try, from 1 on; default 1 s, doubled each time.
	// A longer Retry-After counts, up to a minute.
	Pause func(n int) time.Duration
	NewID func() uuid.UUID
}

const (
	maxAntwort = 1 << 20
	maxWarten  = time.Minute
)

// Client sends submissions to one address. Safe for concurrent use.
type Client struct {
	url string
	o   ClientOptions
}

// NewClient makes a Client for the whole address, such as
// "https://ozg.example.org/antrag".
func NewClient(address string, o *ClientOptions) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fehler.New("ozgcloud.NewClient", "", fehler.ErrInvalid, errors.New("not an http or https address"))
	}
	c := &Client{url: address}
	if o != nil {
		c.o = *o
	}
	h := http.Client{}
	if c.o.HTTP != nil {
		h = *c.o.HTTP
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.o.HTTP = &h
	if c.o.Versuche <= 0 {
		c.o.Versuche = 4
	}
	if c.o.Pause == nil {
		c.o.Pause = func(n int) time.Duration { return time.Second << min(n-1, 5) }
	}
	if c.o.NewID == nil {
		c.o.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	return c, nil
}

// Send sends the submission and gives the answer. No connection, a broken one, 408,
// 429, 502, 503 and 504 are tried again with the same transactionId; the Teile are
// opened for each try.
//
// An error is ErrUnavailable after the last try: the submission may have been taken,
// and must be sent again with its transactionId, which the Antwort has also then.
// A refusal is ErrInvalid with the receiver's fehler.Probleme, ErrConflict (the
// transactionId has other content) or ErrForbidden. An ended context is returned as it
// is.
func (c *Client) Send(ctx context.Context, a Antrag) (Antwort, error) {
	const op = "ozgcloud.Send"
	if a.Control.TransactionID == "" {
		a.Control.TransactionID = c.o.NewID().String()
	}
	out := Antwort{TransactionID: a.Control.TransactionID}
	if !goodID(out.TransactionID) {
		return out, fehler.New(op, "", fehler.ErrInvalid, errors.New("the transactionId is too long or holds control characters"))
	}
	if a.Control.LeikaIDs == nil {
		a.Control.LeikaIDs = []string{}
	}
	if a.FormData == nil {
		a.FormData = []Item{}
	}
	doc, err := json.Marshal(formular{Control: a.Control, FormData: a.FormData})
	if err != nil {
		return out, fehler.New(op, out.TransactionID, fehler.ErrInvalid, errors.New("the form is no JSON"))
	}
	for n := 1; ; n++ {
		answer, wait, err := c.try(ctx, a, doc)
		if err == nil {
			return answer, nil
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if wait < 0 || n >= c.o.Versuche {
			return out, err
		}
		t := time.NewTimer(max(c.o.Pause(n), min(wait, maxWarten)))
		select {
		case <-ctx.Done():
			t.Stop()
			return out, ctx.Err()
		case <-t.C:
		}
	}
}

// try sends once. wait is how long the receiver asks to wait, negative if another try
// is of no use.
func (c *Client) try(ctx context.Context, a Antrag, doc []byte) (_ Antwort, wait time.Duration, err error) {
	const op = "ozgcloud.Send"
	id := a.Control.TransactionID
	pr, pw := io.Pipe()
	m := multipart.NewWriter(pw)
	written := make(chan error, 1)
	go func() {
		err := write(ctx, m, a, doc)
		_ = pw.CloseWithError(err)
		written <- err
	}()
	stop := func() error {
		_ = pr.Close() // ends the writer if the receiver did not read to the end
		return <-written
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, pr)
	if err != nil {
		_ = stop() // the other error says more
		return Antwort{}, -1, fehler.New(op, id, fehler.ErrInvalid, errors.New("no request can be made"))
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	if c.o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.o.Token)
	}
	res, err := c.o.HTTP.Do(req)
	werr := stop()
	if werr != nil && !errors.Is(werr, io.ErrClosedPipe) {
		if err == nil {
			_ = res.Body.Close()
		}
		return Antwort{}, -1, fehler.New(op, id, fehler.ErrInvalid, werr) // a Teil cannot be read
	}
	if err != nil {
		return Antwort{}, 0, fehler.New(op, id, fehler.ErrUnavailable, errors.New("no answer")) // the address may hold a secret
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAntwort))
	if err != nil {
		return Antwort{}, 0, fehler.New(op, id, fehler.ErrUnavailable, errors.New("the answer broke off"))
	}
	return judge(res, body, id)
}

func judge(res *http.Response, body []byte, id string) (Antwort, time.Duration, error) {
	const op = "ozgcloud.Send"
	status := fmt.Errorf("status %d", res.StatusCode)
	var f Fehlerantwort
	switch s := res.StatusCode; {
	case s >= 200 && s < 300:
		var a Antwort
		if json.Unmarshal(body, &a) != nil || a.TransactionID != id || a.Vorgang.VorgangID == "" {
			return Antwort{}, -1, fehler.New(op, id, fehler.ErrUnavailable, errors.New("the answer is not that of this submission"))
		}
		return a, 0, nil
	case s == 408 || s == 429 || s == 502 || s == 503 || s == 504:
		n, _ := strconv.Atoi(strings.TrimSpace(res.Header.Get("Retry-After"))) // a date is as good as nothing
		return Antwort{}, time.Duration(max(min(n, 3600), 0)) * time.Second, fehler.New(op, id, fehler.ErrUnavailable, status)
	case s == 401 || s == 403:
		return Antwort{}, -1, fehler.New(op, id, fehler.ErrForbidden, status)
	case s == 409:
		return Antwort{}, -1, fehler.New(op, id, fehler.ErrConflict, status)
	case s >= 400 && s < 500:
		if json.Unmarshal(body, &f) == nil && len(f.Probleme) > 0 {
			return Antwort{}, -1, fehler.New(op, id, fehler.ErrInvalid, f.Probleme)
		}
		return Antwort{}, -1, fehler.New(op, id, fehler.ErrInvalid, status)
	}
	return Antwort{}, -1, fehler.New(op, id, fehler.ErrUnavailable, status)
}

func write(ctx context.Context, m *multipart.Writer, a Antrag, doc []byte) error {
	w, err := m.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="formData"; filename="formData.json"`}, "Content-Type": {"application/json"}})
	if err != nil {
		return err
	}
	if _, err := w.Write(doc); err != nil {
		return err
	}
	if a.Representation != nil {
		if err := writeTeil(ctx, m, teilRepresentation, *a.Representation); err != nil {
			return err
		}
	}
	for _, t := range a.Attachments {
		if err := writeTeil(ctx, m, teilAttachment, t); err != nil {
			return err
		}
	}
	return m.Close()
}

var quote = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "")

func writeTeil(ctx context.Context, m *multipart.Writer, name string, t intake.Teil) error {
	if t.Open == nil {
		return errors.New("a Teil has no bytes")
	}
	mime := quote.Replace(t.MIME)
	if mime == "" {
		mime = "application/octet-stream"
	}
	w, err := m.CreatePart(textproto.MIMEHeader{"Content-Type": {mime},
		"Content-Disposition": {`form-data; name="` + name + `"; filename="` + quote.Replace(t.Name) + `"`}})
	if err != nil {
		return err
	}
	r, err := t.Open(ctx)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}
