package ozgcloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Params of a Handler; all are mandatory, Zugaenge unless [Options.OhneAnmeldung].
type Params struct {
	// Annahme takes the deliveries. A [Parser] must be among its Parser.
	Annahme *intake.Annahme
	// Blobs takes the attachments while they arrive, for the Betreiber; the Annahme
	// copies them to the Mandant. What a refused request leaves there nobody refers to,
	// and storage/blob.Collect removes it.
	Blobs     blob.Store
	Betreiber tenant.ID
	// Zuordnung finds service and place.
	Zuordnung Zuordnung
	// Zugaenge are the senders.
	Zugaenge []Zugang
}

// Options of a Handler; nil means defaults.
type Options struct {
	Now    func() time.Time
	NewID  func() uuid.UUID
	Log    *slog.Logger
	Limits Limits
	// Parser reads the form before anything is kept; default NewParser(nil). Give the
	// one the Annahme has.
	Parser *Parser
	// Zeit is how long a body may take to arrive, default 15 minutes; Annahmezeit how
	// long the pipeline may take behind it, default 5 minutes, also if the sender has
	// gone meanwhile.
	Zeit, Annahmezeit time.Duration
	// OhneAnmeldung takes from everybody: for senders that give no credentials (Gover),
	// where the network lets nobody else through.
	OhneAnmeldung bool
	// Status is the text of vorgang.status. The values of the OZG-Cloud are not known;
	// default is "neu" for a Vorgang and "klaerung" for what lies in the Klaerfach.
	Status map[intake.Ausgang]string
	// Adressen gives the applicant's account and the ways to answer. The default takes
	// the mailbox of the ServiceKonto as account, with the embedded mailbox "portal"
	// under it; without one there is none and the answer goes by letter.
	Adressen func(c Control) (konto string, a []messaging.Adresse)
}

// Handler takes POST requests, whatever their path. Safe for concurrent use.
//
// A sender gets 200 with an [Antwort] after the delivery is durable: as a Vorgang, or
// in the Klaerfach if it cannot be routed (then vorgangId and vorgangNummer are the id
// of the Eingang). Everything else is a [Fehlerantwort] and leaves the transactionId
// free, but for what the Annahme itself refused (422). The same transactionId of the
// same sender with the same content is answered the same again; with other content it
// is 409, and the first one stands. After 503, or no answer, the sender repeats.
type Handler struct {
	p        Params
	o        Options
	zugaenge []zugang
	plaetze  chan struct{}
}

var _ http.Handler = (*Handler)(nil)

// New makes a Handler. What is missing or unusable is ErrInvalid.
func New(p Params, o *Options) (*Handler, error) {
	h := &Handler{p: p}
	if o != nil {
		h.o = *o
	}
	if p.Annahme == nil || p.Blobs == nil || p.Betreiber == "" || p.Zuordnung == nil {
		return nil, fehler.New("ozgcloud.New", "", fehler.ErrInvalid, errors.New("missing one of Annahme, Blobs, Betreiber, Zuordnung"))
	}
	if (len(p.Zugaenge) == 0) != h.o.OhneAnmeldung {
		return nil, fehler.New("ozgcloud.New", "", fehler.ErrInvalid, errors.New("either Zugaenge or OhneAnmeldung, not both"))
	}
	var err error
	if h.zugaenge, err = prepare(p.Zugaenge); err != nil {
		return nil, err
	}
	h.defaults()
	h.plaetze = make(chan struct{}, h.o.Limits.Gleichzeitig)
	return h, nil
}

func (h *Handler) defaults() {
	h.o.Limits = h.o.Limits.withDefaults()
	if h.o.Now == nil {
		h.o.Now = time.Now
	}
	if h.o.NewID == nil {
		h.o.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	if h.o.Log == nil {
		h.o.Log = slog.New(slog.DiscardHandler)
	}
	if h.o.Parser == nil {
		h.o.Parser = NewParser(nil)
	}
	if h.o.Zeit <= 0 {
		h.o.Zeit = 15 * time.Minute
	}
	if h.o.Annahmezeit <= 0 {
		h.o.Annahmezeit = 5 * time.Minute
	}
	if h.o.Adressen == nil {
		h.o.Adressen = adressen
	}
}

// ServeHTTP takes one submission.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := h.serve(w, r)
	if err == nil {
		writeJSON(w, http.StatusOK, "application/json", a)
		return
	}
	ref, ok := errors.AsType[*refusal](err)
	if !ok {
		h.o.Log.ErrorContext(r.Context(), "receiving failed", "error", err)
		ref = unavailable()
	} else {
		h.o.Log.WarnContext(r.Context(), "submission refused", "status", ref.status, "code", ref.probleme[0].Code)
	}
	ref.write(w)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (Antwort, error) {
	if r.Method != http.MethodPost {
		return Antwort{}, refuse(http.StatusMethodNotAllowed, "ozgcloud.methode", "", "only POST", "Anträge werden mit POST gesendet.")
	}
	z, ref := h.caller(r)
	if ref != nil {
		return Antwort{}, ref
	}
	bound, ref := boundary(r)
	if ref != nil {
		return Antwort{}, ref
	}
	select {
	case h.plaetze <- struct{}{}:
		defer func() { <-h.plaetze }()
	default:
		ref := refuse(http.StatusServiceUnavailable, "ozgcloud.ausgelastet", "", "too many submissions at the same time", "Es werden gerade zu viele Anträge gesendet. Bitte später noch einmal senden.")
		ref.retry = 5 * time.Second
		return Antwort{}, ref
	}
	s, err := h.body(w, r, bound)
	if err != nil {
		return Antwort{}, err
	}
	// From here on the submission is whole: finish it even if the sender is gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.o.Annahmezeit)
	defer cancel()
	return h.receive(ctx, z, s)
}

func (h *Handler) body(w http.ResponseWriter, r *http.Request, bound string) (*sendung, error) {
	rc := http.NewResponseController(w)
	// The time of the connection, not of the application. A server that cannot is
	// bounded by its own ReadTimeout.
	timed := rc.SetReadDeadline(time.Now().Add(h.o.Zeit)) == nil
	x := &leser{l: h.o.Limits,
		put: func(ctx context.Context, r io.Reader) (blob.Ref, error) { return h.p.Blobs.Put(ctx, h.p.Betreiber, r) },
		open: func(ctx context.Context, ref blob.Ref) (io.ReadCloser, error) {
			return h.p.Blobs.Open(ctx, h.p.Betreiber, ref)
		}}
	body := http.MaxBytesReader(w, r.Body, h.o.Limits.Gesamt)
	s, err := x.read(r.Context(), body, bound)
	if err != nil {
		return nil, err
	}
	// What follows the last boundary counts as well, and is not kept.
	if _, err := io.Copy(io.Discard, body); err != nil {
		return nil, bodyError(err)
	}
	if timed {
		_ = rc.SetReadDeadline(time.Time{}) // it was set a moment ago
	}
	return s, nil
}

func (h *Handler) receive(ctx context.Context, z *zugang, s *sendung) (Antwort, error) {
	g, err := h.o.Parser.read(s.formData)
	if p := fehler.ProblemeIn(err); p != nil {
		return Antwort{}, &refusal{status: http.StatusUnprocessableEntity, probleme: p}
	}
	if err != nil {
		return Antwort{}, err
	}
	id := g.control.TransactionID
	if len(z.Stellen) > 0 && !slices.Contains(z.Stellen, g.control.ZustaendigeStelle) {
		ref := refuse(http.StatusForbidden, "ozgcloud.stelle", "/control/zustaendigeStelle", "the sender may not deliver for this unit", "Der Absender darf für diese Stelle keine Anträge senden.")
		ref.transactionID = id
		return Antwort{}, ref
	}
	l, err := h.lieferung(z, g, s)
	if err != nil {
		return Antwort{}, err
	}
	erg, err := h.p.Annahme.Receive(ctx, l)
	if err != nil {
		h.o.Log.ErrorContext(ctx, "receiving failed", "error", err)
		ref := unavailable()
		ref.transactionID = id
		return Antwort{}, ref
	}
	if erg.Abdruck != l.Abdruck {
		ref := refuse(http.StatusConflict, "ozgcloud.konflikt", "/control/transactionId", "the transactionId was used for other content",
			"Unter dieser Kennung (transactionId) liegt schon ein Antrag mit anderem Inhalt vor.")
		ref.transactionID = id
		return Antwort{}, ref
	}
	if erg.Ausgang == intake.Abgelehnt {
		return Antwort{}, &refusal{status: http.StatusUnprocessableEntity, probleme: erg.Probleme, transactionID: id}
	}
	return h.antwort(id, erg), nil
}

func (h *Handler) antwort(transactionID string, e intake.Ergebnis) Antwort {
	v := VorgangStand{VorgangID: e.Vorgang.String(), VorgangNummer: e.Nummer, Status: string(vorgang.Neu), StatusSince: e.Eingegangen.UTC().Format(time.RFC3339)}
	if e.Ausgang != intake.Angenommen {
		v.VorgangID, v.VorgangNummer, v.Status = e.Eingang.String(), e.Eingang.String(), string(intake.Klaerung)
	}
	if s := h.o.Status[e.Ausgang]; s != "" {
		v.Status = s
	}
	return Antwort{TransactionID: transactionID, Vorgang: v}
}

func (h *Handler) lieferung(z *zugang, g gelesen, s *sendung) (intake.Lieferung, error) {
	doc, err := g.abdruckDoc()
	if err != nil {
		return intake.Lieferung{}, err
	}
	hash := sha256.New()
	hash.Write(doc)
	hash.Write([]byte(strings.Join(s.hashes, "\n"))) // fixed length each, and JSON ends itself
	hash.Write([]byte(z.Name))
	c := g.control
	l := intake.Lieferung{
		Kanal: Kanal, Kennung: c.TransactionID, Eingang: h.o.Now(), Schema: Schema, Dateien: s.dateien,
		Fachdaten: intake.Bytes(h.o.NewID(), "formData.json", "application/json", vorgang.ZweckOriginal, s.formData),
		Referenz:  c.TransactionID, Onlinedienst: z.Name, Abdruck: hex.EncodeToString(hash.Sum(nil)),
	}
	if z.Name != "" { // one sender cannot take, or ask for, the keys of another
		l.Kennung = z.Name + "/" + c.TransactionID
	} else {
		l.Onlinedienst = c.Name
	}
	l.Leistung, l.Ort = h.p.Zuordnung.Zuordnen(c)
	l.Konto, l.Adressen = h.o.Adressen(c)
	return l, nil
}

func adressen(c Control) (string, []messaging.Adresse) {
	k := c.ServiceKonto
	if k == nil || k.PostfachAddress == nil || absent(k.PostfachAddress.Identifier) {
		return "", nil
	}
	id := k.PostfachAddress.Identifier
	return id, []messaging.Adresse{{Kanal: "portal", Kennung: id}}
}
