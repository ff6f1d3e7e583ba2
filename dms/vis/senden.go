package vis

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync/atomic"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Send implements dms.Ziel. A hand-over in doubt is fehler.ErrInvalid with the problem "vis.unklar",
// so that nobody repeats it unasked, unless [Options.Erkennt].
func (z *Ziel) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.send(ctx, p)
	if err != nil {
		return dms.Sendeschein{}, fehler.New("vis.Send", p.ProzessID, nil, err)
	}
	return s, nil
}

func (z *Ziel) send(ctx context.Context, p *dms.Paket) (none dms.Sendeschein, err error) {
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if pr := p.Check(); pr != nil {
		return none, pr
	}
	name, err := z.o.Kodierer.ContainerName(p)
	if err != nil {
		return none, err
	}
	inhalt, err := p.Fingerprint()
	if err != nil {
		return none, err
	}
	unlock, err := z.belege.Lock(ctx, p.ProzessID)
	if err != nil {
		return none, err
	}
	defer unlock()
	b, err := z.belege.Get(p.ProzessID)
	switch {
	case err != nil:
		return none, err
	case b != nil && b.Inhalt != inhalt:
		return none, fmt.Errorf("%w: another Paket was sent under this ProzessID", fehler.ErrConflict)
	case b != nil && b.Fertig:
		s := b.Schein
		s.Wiederholt = true
		return s, nil
	case b != nil && !z.o.Erkennt:
		return none, unklar()
	}
	b = &dms.Beleg{Inhalt: inhalt, Schein: dms.Sendeschein{ProzessID: p.ProzessID, Ziel: z.o.Name, Name: name}}
	if err := z.belege.Put(p.ProzessID, *b); err != nil {
		return none, err
	}
	zweifel, err := z.post(ctx, p, &b.Schein)
	switch {
	case err == nil:
	case !zweifel:
		if rest := z.belege.Remove(p.ProzessID); rest != nil {
			err = errors.Join(err, rest)
		}
		return none, err
	case z.o.Erkennt || ctx.Err() != nil:
		return none, err
	default:
		return none, errors.Join(unklar(), err)
	}
	b.Schein.Zeit, b.Fertig = z.o.Now().UTC(), true
	// The DMS has it. Without this receipt the next Send finds it in doubt, never lost.
	_ = z.belege.Put(p.ProzessID, *b)
	return b.Schein, nil
}

func unklar() error {
	return fehler.Probleme{{
		Code: "vis.unklar", Meldung: "an earlier hand-over may have arrived or not",
		Hinweis: "Ob die Abgabe im DMS angekommen ist, ist unklar. Bitte dort nachsehen und das Ergebnis eintragen.",
	}}
}

// messer counts and hashes what leaves.
type messer struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (m *messer) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.h.Write(p[:n])
	m.n += int64(n)
	return n, err
}

// post makes the request. zweifel tells that the DMS may have taken it although there is an error:
// everything was sent, and no answer said otherwise.
func (z *Ziel) post(ctx context.Context, p *dms.Paket, s *dms.Sendeschein) (zweifel bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, z.o.Frist)
	defer cancel()
	r, w := io.Pipe()
	form := multipart.NewWriter(w)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, z.o.URL, r)
	if err != nil {
		return false, fmt.Errorf("%w: %w", fehler.ErrInvalid, err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if z.o.Benutzer != "" {
		req.SetBasicAuth(z.o.Benutzer, z.o.Passwort)
	}
	if z.o.Mandant != "" {
		req.Header.Set(z.o.MandantKopf, z.o.Mandant)
	}
	var ganz atomic.Bool
	done := make(chan error, 1)
	m := &messer{h: sha512.New()}
	go func() {
		err := z.write(ctx, form, m, p, s.Name)
		ganz.Store(err == nil)
		done <- err
		w.CloseWithError(err) // an error breaks the request off, before the end of the form
	}()
	res, err := z.o.Client.Do(req)
	r.CloseWithError(io.ErrClosedPipe)
	if encErr := <-done; encErr != nil && !errors.Is(encErr, io.ErrClosedPipe) {
		if res != nil {
			res.Body.Close()
		}
		return false, encErr
	}
	if err != nil {
		if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
			err = cause
		} else {
			err = fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
		}
		return ganz.Load(), err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	s.Groesse, s.SHA512 = m.n, hex.EncodeToString(m.h.Sum(nil))
	return antwort(res.StatusCode)
}

func (z *Ziel) write(ctx context.Context, form *multipart.Writer, m *messer, p *dms.Paket, name string) error {
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, z.o.Feld, name))
	h.Set("Content-Type", "application/zip")
	part, err := form.CreatePart(h)
	if err != nil {
		return err
	}
	m.w = part
	if err := z.o.Kodierer.Encode(ctx, m, p); err != nil {
		return err
	}
	return form.Close()
}

// antwort gives a status its meaning.
func antwort(status int) (zweifel bool, err error) {
	say := func(kind error) error { return fmt.Errorf("%w: the DMS answered %d", kind, status) }
	switch {
	case status/100 == 2:
		return false, nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return false, say(fehler.ErrForbidden)
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return false, say(fehler.ErrUnavailable)
	case status/100 == 5: // it may have failed after it took it
		return true, say(fehler.ErrUnavailable)
	case status == http.StatusConflict:
		return false, say(fehler.ErrConflict)
	case status/100 == 4:
		return false, fehler.Probleme{{Code: "vis.abgelehnt", Meldung: fmt.Sprintf("the DMS answered %d", status),
			Hinweis: "Das DMS nimmt die Abgabe nicht an. Bitte die Einrichtung des Ziels prüfen."}}
	}
	return false, say(fehler.ErrUnavailable)
}
