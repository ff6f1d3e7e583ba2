package brief

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Name is the default name of the Kanal.
const Name = "brief"

// Params of a Kanal; all are mandatory.
type Params struct {
	// Ordner is a folder of its own for this Kanal; it is made if it is not there.
	Ordner string
	Setzer Setzer
}

// Options of a Kanal; nil means defaults.
type Options struct {
	// Name in addresses; default "brief". Two ways of travelling are two Kanaele
	// with two names and two folders.
	Name string
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Zustellart of all letters; default Standard.
	Zustellart Zustellart
	// Ausland: decisions go abroad only, because the law counts such a letter
	// otherwise. Without it decisions go within Germany only. Other letters may
	// always go anywhere.
	Ausland bool
	// Bekanntgabe is the legal way of a decision; default by Zustellart and Ausland
	// ("post", "post-ausland", "einschreiben", "einschreiben-rueckschein", "pzu").
	Bekanntgabe string
	// Druck says how a letter is printed; default duplex, no colour, no deadline.
	Druck func(messaging.Sendung) Druck
	// Fenster are the bounds of the address.
	Fenster Fenster
	// MaxAnhaenge and MaxGroesse (bytes, also of a set letter); defaults 20 and 50 MiB.
	MaxAnhaenge int
	MaxGroesse  int64
	// Parse reads a report of the print centre; default [ParseMeldungen].
	Parse func([]byte) ([]Meldung, error)
	// Reife is how long an unreadable report may still be growing; default 10 minutes.
	Reife time.Duration
	// MaxMeldung bounds a report (bytes); default 1 MiB.
	MaxMeldung int64
}

// Kanal puts letters into the folder. Safe for concurrent use. Several processes
// may deliver into one folder, different Sendungen each (the relay's lease sees to
// that); Close and Pickup belong to one of them, at a time when the others rest.
type Kanal struct {
	p Params
	o Options
	d ordner

	ids [64]sync.Mutex // by Sendung, so that one is delivered once
	los sync.RWMutex   // held for writing while a Los is closed
}

var _ messaging.Kanal = (*Kanal)(nil)

// New opens the folder and removes what was left half written a day ago. Close it with [Kanal.Release].
func New(p Params, o *Options) (*Kanal, error) {
	k := &Kanal{p: p}
	if o != nil {
		k.o = *o
	}
	k.defaults()
	way, ok := bekanntgabe[k.o.Zustellart]
	switch {
	case p.Ordner == "" || p.Setzer == nil:
		return nil, fehler.New("brief.New", "", fehler.ErrInvalid, errors.New("folder and Setzer are mandatory"))
	case !ok:
		return nil, fehler.New("brief.New", string(k.o.Zustellart), fehler.ErrInvalid, errors.New("no such Zustellart"))
	case k.o.Ausland && k.o.Zustellart != Standard && k.o.Bekanntgabe == "":
		return nil, fehler.New("brief.New", string(k.o.Zustellart), fehler.ErrInvalid, errors.New("abroad this Zustellart needs its Bekanntgabe"))
	case k.o.MaxAnhaenge < 0 || k.o.MaxGroesse < 0:
		return nil, fehler.New("brief.New", "", fehler.ErrInvalid, errors.New("a limit is negative"))
	}
	if k.o.Bekanntgabe == "" {
		k.o.Bekanntgabe = way
		if k.o.Ausland {
			k.o.Bekanntgabe = "post-ausland"
		}
	}
	d, err := openOrdner(p.Ordner)
	if err != nil {
		return nil, fehler.New("brief.New", "", fehler.ErrUnavailable, err)
	}
	k.d = d
	if err := d.clean(k.o.Now().Add(-24 * time.Hour)); err != nil {
		return nil, fehler.New("brief.New", "", fehler.ErrUnavailable, errors.Join(err, d.root.Close()))
	}
	return k, nil
}

func (k *Kanal) defaults() {
	o := &k.o
	if o.Name == "" {
		o.Name = Name
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zustellart == "" {
		o.Zustellart = Standard
	}
	if o.Druck == nil {
		o.Druck = func(messaging.Sendung) Druck { return Druck{Duplex: true} }
	}
	if o.MaxAnhaenge == 0 {
		o.MaxAnhaenge = 20
	}
	if o.MaxGroesse == 0 {
		o.MaxGroesse = 50 << 20
	}
	if o.Parse == nil {
		o.Parse = ParseMeldungen
	}
	if o.Reife == 0 {
		o.Reife = 10 * time.Minute
	}
	if o.MaxMeldung == 0 {
		o.MaxMeldung = 1 << 20
	}
}

// Release closes the folder.
func (k *Kanal) Release() error { return k.d.root.Close() }

// Name gives the name of the options.
func (k *Kanal) Name() string { return k.o.Name }

// Faehigkeiten: paper, decisions, no reply through this Kanal.
func (k *Kanal) Faehigkeiten() messaging.Faehigkeiten {
	return messaging.Faehigkeiten{MaxAnhaenge: k.o.MaxAnhaenge, MaxGroesse: k.o.MaxGroesse, Papier: true, Bescheid: true, Bekanntgabe: k.o.Bekanntgabe}
}

// Deliver implements [messaging.Kanal]: it puts the job into the collection of the
// day. The address is explained at [Fenster.Check]. The Quittung says uebergeben;
// the day of posting comes with a report, see [Kanal.Pickup].
func (k *Kanal) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	if s.ID == uuid.Nil {
		return messaging.Quittung{}, fehler.New("brief.Deliver", "", fehler.ErrInvalid, fehler.Probleme{
			problem("brief.id-fehlt", "", "the Sendung has no id", "Die Sendung hat keine Kennung.")})
	}
	q, err := k.deliver(ctx, s)
	if err == nil {
		return q, nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return messaging.Quittung{}, ctxErr
	}
	art := fehler.ErrUnavailable
	if errors.Is(err, fehler.ErrInvalid) {
		art = fehler.ErrInvalid
	}
	return messaging.Quittung{}, fehler.New("brief.Deliver", s.ID.String(), art, err)
}

func (k *Kanal) deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if _, err := tenant.ParseID(string(s.Mandant)); err != nil {
		return messaging.Quittung{}, err
	}
	id := &k.ids[s.ID[15]%64]
	id.Lock()
	defer id.Unlock()
	b, err := k.d.beleg(s.Mandant, s.ID)
	if err != nil {
		return messaging.Quittung{}, err
	}
	if b != nil {
		if ok, err := k.there(s.Mandant, b); err != nil || ok {
			return k.quittung(b), err
		}
	}
	if err := k.Faehigkeiten().Check(s.Nachricht); err != nil {
		return messaging.Quittung{}, err
	}
	feld, err := k.o.Fenster.Check(s.Empfaenger, s.Adresse.Kennung)
	if err != nil {
		return messaging.Quittung{}, err
	}
	if s.Nachricht.Art == messaging.BescheidArt && feld.Ausland != k.o.Ausland {
		return messaging.Quittung{}, fehler.Probleme{problem("brief.weg", "", "the legal way of this Kanal does not fit the country of the address",
			"Ein Bescheid ins Ausland wird anders bekannt gegeben als einer im Inland. Dieser Weg ist dafür nicht eingerichtet.")}
	}
	// Truncated before the day is taken, so that day and time agree.
	now := k.o.Now().UTC().Truncate(time.Microsecond)
	b = &beleg{Sendung: s.ID, Zeit: now, Tag: datum.Von(now)}
	tmp := path.Join(ordnerTmp, rand.Text())
	if err := k.d.root.Mkdir(tmp, 0o700); err != nil {
		return messaging.Quittung{}, err
	}
	defer func() { _ = k.d.root.RemoveAll(tmp) }()
	if err := k.job(ctx, tmp, s, feld, now); err != nil {
		return messaging.Quittung{}, err
	}
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	return k.quittung(b), k.publish(tmp, s.Mandant, b)
}

// there tells whether the job of a receipt lies where it belongs or has left.
func (k *Kanal) there(m tenant.ID, b *beleg) (bool, error) {
	if b.Fertig {
		return true, nil
	}
	k.los.RLock()
	defer k.los.RUnlock()
	places := []string{path.Join(offenName(m, b.Tag), b.Sendung.String())}
	lose, err := k.d.names(ordnerLose) // a Los whose closing was cut off
	if err != nil {
		return false, err
	}
	for _, e := range lose {
		places = append(places, path.Join(ordnerLose, e.Name(), b.Sendung.String()))
	}
	for _, p := range places {
		if ok, err := k.d.exists(p); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// publish makes the job appear. The receipt comes first: after a cut it tells
// where to look, and a job that is not there has never left, since closing a Los
// completes the receipts before it hands over.
func (k *Kanal) publish(tmp string, m tenant.ID, b *beleg) error {
	k.los.RLock()
	defer k.los.RUnlock()
	if err := k.d.replace(belegName(m, b.Sendung), b); err != nil {
		return err
	}
	dir := offenName(m, b.Tag)
	if err := k.d.mkdir(dir); err != nil {
		return err
	}
	if err := k.d.move(tmp, path.Join(dir, b.Sendung.String())); err != nil {
		return err
	}
	b.Fertig = true
	_ = k.d.replace(belegName(m, b.Sendung), b) // saves a look; Close completes it
	return nil
}

func (k *Kanal) quittung(b *beleg) messaging.Quittung {
	return messaging.Quittung{Sendung: b.Sendung, Kanal: k.o.Name, Zustand: messaging.Uebergeben, Zeit: b.Zeit.UTC(), Referenz: b.Sendung.String()}
}

// job writes files and ticket.
func (k *Kanal) job(ctx context.Context, tmp string, s messaging.Sendung, feld Feld, now time.Time) error {
	a := Auftrag{Version: 1, ID: s.ID, Mandant: s.Mandant, Kanal: k.o.Name, Absender: s.Absender, Nummer: s.Nummer,
		Bescheid: s.Nachricht.Art == messaging.BescheidArt, Zustellart: k.o.Zustellart, Empfaenger: feld.Zeilen, Ausland: feld.Ausland,
		Druck: k.o.Druck(s), Erstellt: now}
	rest := s.Nachricht.Anhaenge
	if a.Bescheid && len(rest) > 0 {
		// The document of the decision is the letter.
		if err := k.anhang(ctx, tmp, &a, s, rest[0], 0, Datei{Name: "brief.pdf", Rolle: RolleBrief}); err != nil {
			return err
		}
		rest = rest[1:]
	} else {
		w := &grenze{max: k.o.MaxGroesse}
		if err := k.p.Setzer.Set(ctx, w, Brief{Sendung: s, Feld: feld}); err != nil {
			return verdeckt(err)
		}
		if err := k.put(tmp, &a, Datei{Name: "brief.pdf", Rolle: RolleBrief}, w.b.Bytes(), "/brief"); err != nil {
			return err
		}
	}
	off := len(s.Nachricht.Anhaenge) - len(rest)
	for i, x := range rest {
		if err := k.anhang(ctx, tmp, &a, s, x, off+i, Datei{Name: fmt.Sprintf("beilage-%02d.pdf", i+1), Rolle: RolleBeilage}); err != nil {
			return err
		}
	}
	for _, d := range a.Dateien {
		a.Seiten += d.Seiten
		if d.Seiten == 0 {
			a.Seiten = 0
			break
		}
	}
	t, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	if err := k.d.write(path.Join(tmp, ticketName), func(w io.Writer) error { _, err := w.Write(append(t, '\n')); return err }); err != nil {
		return err
	}
	return k.d.sync(tmp)
}

// anhang takes a file as it is, after its size and hash are found true.
func (k *Kanal) anhang(ctx context.Context, tmp string, a *Auftrag, s messaging.Sendung, x messaging.Anhang, i int, d Datei) error {
	pfad := fmt.Sprintf("/anhaenge/%d", i)
	if x.MIME != "application/pdf" {
		return fehler.Probleme{problem("brief.kein-pdf", pfad, "not a PDF", "Ein Anhang ist kein PDF und lässt sich nicht drucken. Bitte wandeln Sie ihn um.")}
	}
	if s.Open == nil {
		return fehler.Probleme{problem("brief.anhang-fehlt", pfad, "the Sendung cannot open its attachments", "Die Anhänge der Sendung lassen sich nicht öffnen.")}
	}
	r, err := s.Open(ctx, x)
	if err != nil {
		return verdeckt(err)
	}
	b, err := io.ReadAll(io.LimitReader(r, min(x.Groesse, k.o.MaxGroesse)+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return verdeckt(err)
	}
	sum := sha512.Sum512(b)
	if int64(len(b)) != x.Groesse || hex.EncodeToString(sum[:]) != x.SHA512 {
		return fehler.Probleme{problem("brief.pruefsumme", pfad, "size or hash are not those of the attachment", "Ein Anhang stimmt nicht mit seiner Prüfsumme überein.")}
	}
	return k.put(tmp, a, d, b, pfad)
}

func (k *Kanal) put(tmp string, a *Auftrag, d Datei, b []byte, pfad string) error {
	if !bytes.HasPrefix(b, []byte("%PDF-")) {
		return fehler.Probleme{problem("brief.kein-pdf", pfad, "not a PDF", "Eine Datei des Briefs ist kein PDF und lässt sich nicht drucken.")}
	}
	sum := sha512.Sum512(b)
	d.Groesse, d.SHA512, d.Seiten = int64(len(b)), hex.EncodeToString(sum[:]), CountPages(b)
	a.Dateien = append(a.Dateien, d)
	return k.d.write(path.Join(tmp, d.Name), func(w io.Writer) error { _, err := w.Write(b); return err })
}

// verdeckt keeps ErrInvalid and context errors of a port; any other kind, such as
// a file that is not found, is no statement about the address.
func verdeckt(err error) error {
	if errors.Is(err, fehler.ErrInvalid) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fehler.New("brief.Deliver", "", fehler.ErrUnavailable, err)
}

// grenze is a buffer that refuses to grow beyond its bound.
type grenze struct {
	b   bytes.Buffer
	max int64
}

func (g *grenze) Write(b []byte) (int, error) {
	if int64(g.b.Len())+int64(len(b)) > g.max {
		return 0, fehler.Probleme{problem("brief.zu-gross", "/brief", "the letter is too big", "Der Brief ist zu groß für den Druck.")}
	}
	return g.b.Write(b)
}
