package dienst_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/dienst"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const kiel tenant.ID = "kiel"

var (
	kim    = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	deniz  = tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	beginn = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

func schluessel(n byte) signatur.Schluessel {
	k, err := signatur.NewSchluessel(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		panic(err)
	}
	return k
}

// ziel is a target that does as told and keeps what it got.
type ziel struct {
	name      string
	err       error
	got       []*uebergabe.Sendung
	antworten []uebergabe.Antwort
	acked     []string
}

func (z *ziel) Name() string { return z.name }

func (z *ziel) Uebergeben(_ context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	if err := s.Check(); err != nil {
		return uebergabe.Quittung{}, err
	}
	z.got = append(z.got, s)
	return uebergabe.Quittung{Sendung: s.ID, Ziel: z.name, Kennung: "FV-1"}, z.err
}

func (z *ziel) Answers(context.Context) iter.Seq2[uebergabe.Antwort, error] {
	return func(yield func(uebergabe.Antwort, error) bool) {
		for _, a := range z.antworten {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (z *ziel) Ack(_ context.Context, k string) error { z.acked = append(z.acked, k); return nil }

type haus struct {
	testing.TB
	*storage.Store
	now   time.Time
	blobs blob.Store
	ziel  *ziel
	d     *dienst.Dienst
	relay *relay.Relay
	url   string
	nr    int
}

func newHaus(t testing.TB) *haus {
	h := &haus{TB: t, now: beginn, blobs: blob.NewMemory(nil), ziel: &ziel{name: "gewerbe"}}
	uhr := func() time.Time { return h.now }
	h.Store = memory.Open(&storage.Options{Now: uhr})
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	var err error
	h.d, err = dienst.New(dienst.Params{Store: h.Store, Blobs: h.blobs, Anschluesse: map[tenant.ID][]dienst.Anschluss{
		kiel: {
			{Ziel: h.ziel, Schluessel: []signatur.Schluessel{schluessel(1)}, Darf: []string{uebergabe.TypStand, uebergabe.TypDokument, uebergabe.TypEntscheidung, uebergabe.TypAbschluss}},
			{Ziel: &ziel{name: "kasse"}, Schluessel: []signatur.Schluessel{schluessel(2)}},
			{Ziel: &ziel{name: "stumm"}},
		},
		"luebeck": {{Ziel: &ziel{name: "gewerbe"}, Schluessel: []signatur.Schluessel{schluessel(3)}}},
	}}, &dienst.Options{Now: uhr})
	require.NoError(t, err)
	h.relay = relay.New(h.Store, map[vorgang.AuftragArt]relay.Handler{vorgang.UebergabeAusfuehren: h.d}, &relay.Options{
		Now: uhr, Pause: func(int) time.Duration { return time.Minute }, MaxVersuche: 3,
	})
	srv := httptest.NewServer(http.StripPrefix("/antworten", h.d.Handler()))
	t.Cleanup(srv.Close)
	h.url = srv.URL + "/antworten/"
	return h
}

func (h *haus) neu() uuid.UUID {
	ref, err := h.blobs.Put(h.Context(), kiel, strings.NewReader("<xfall/>"))
	require.NoError(h, err)
	h.nr++
	v, err := vorgang.New(tenant.System("annahme"), h.now, vorgang.Params{
		Mandant: kiel, Nummer: fmt.Sprintf("KI-%d", h.nr), Leistung: "99050012104000", LeistungName: "Gewerbeanmeldung", Einheit: "ordnung",
		Antrag: vorgang.Antrag{Kanal: "fitconnect", Kennung: fmt.Sprint("s-", h.nr), Schema: "urn:fim:s1", Daten: json.RawMessage(`{"F60000227":"Łukasik"}`),
			Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: "Gülşen Łukasik-Groß"}},
			Felder:        []vorgang.Feld{{Name: "G1", Label: "Person", Felder: []vorgang.Feld{{Name: "F60000227", Label: "Name", Wert: "Łukasik"}}}}},
		Dateien: []vorgang.Datei{{Anhang: messaging.Anhang{ID: uuid.New(), Name: "antrag.xml", MIME: "application/xml", Groesse: ref.Groesse, SHA512: ref.SHA512}, Zweck: vorgang.ZweckOriginal}},
	}, h.Kontext())
	require.NoError(h, err)
	require.NoError(h, h.Insert(h.Context(), kiel, v))
	h.edit(v.ID(), func(v *vorgang.Vorgang) error { return v.Accept(kim, h.now) })
	return v.ID()
}

func (h *haus) edit(id uuid.UUID, f func(v *vorgang.Vorgang) error) {
	h.now = h.now.Add(time.Minute)
	_, err := h.Edit(h.Context(), kiel, id, f)
	require.NoError(h, err)
}

func (h *haus) order(id uuid.UUID, ziel string) (u uuid.UUID) {
	h.edit(id, func(v *vorgang.Vorgang) (err error) { u, err = v.OrderUebergabe(kim, h.now, ziel); return err })
	return u
}

func (h *haus) drain() {
	_, err := h.relay.Drain(h.Context())
	require.NoError(h, err)
}

func (h *haus) stand(id uuid.UUID) vorgang.Stand {
	v, err := h.Get(h.Context(), kiel, id)
	require.NoError(h, err)
	return v.Stand()
}

func ereignis(id, typ, data string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"urn:fv","type":%q,"datacontenttype":"application/json","data":%s}`, id, typ, data)
}

func bezug(u, v uuid.UUID, rest string) string {
	return fmt.Sprintf(`{"uebergabe":%q,"vorgang":%q%s}`, u, v, rest)
}

// post sends an answer and gives the status and the problem.
func (h *haus) post(pfad, id string, body []byte, k signatur.Schluessel) (int, string) {
	u, err := signatur.Sign(id, h.now, body, k)
	require.NoError(h, err)
	req, err := http.NewRequestWithContext(h.Context(), http.MethodPost, h.url+pfad, bytes.NewReader(body))
	require.NoError(h, err)
	req.Header.Set("Content-Type", uebergabe.MIME)
	u.Set(req.Header)
	res, err := http.DefaultClient.Do(req)
	require.NoError(h, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(h, err)
	if res.StatusCode >= 400 {
		require.Equal(h, "application/problem+json", res.Header.Get("Content-Type"))
	}
	return res.StatusCode, string(b)
}

func TestHandle(t *testing.T) {
	t.Parallel()
	h := newHaus(t)
	id := h.neu()
	u := h.order(id, "gewerbe")
	h.edit(id, func(v *vorgang.Vorgang) error { return v.SetAktenzeichen(kim, h.now, []string{"später"}) })
	h.drain()
	require.Len(t, h.ziel.got, 1)
	s := h.ziel.got[0]
	require.Equal(t, u, s.ID)
	require.Empty(t, s.Aktenzeichen, "the Vorgang as it was when it was ordered")
	require.Equal(t, uebergabe.FormatFIM, s.Antrag.Format)
	require.JSONEq(t, `{"F60000227":"Łukasik"}`, string(s.Antrag.Daten))
	require.Equal(t, s.Dateien[0].ID, s.Antrag.XFall)
	var b bytes.Buffer
	require.NoError(t, s.Dateien[0].CopyTo(t.Context(), &b))
	require.Equal(t, "<xfall/>", b.String())
	ist, _ := h.stand(id).Uebergabe(u)
	require.Equal(t, vorgang.UebergabeGesendet, ist.Zustand)
	require.Equal(t, "FV-1", ist.Kennung)

	// A refusal comes back to the clerk in German and holds nothing up.
	h.ziel.err = fehler.New("x", "", fehler.ErrInvalid, &uebergabe.Ablehnung{Status: 422, Detail: "Leistung unbekannt"})
	zweiter := h.neu()
	u = h.order(zweiter, "gewerbe")
	h.drain()
	ist, _ = h.stand(zweiter).Uebergabe(u)
	require.Equal(t, vorgang.UebergabeGescheitert, ist.Zustand)
	require.Contains(t, ist.Hinweise[0], "Leistung unbekannt")

	// What may pass is tried again.
	h.ziel.err = fehler.New("x", "", fehler.ErrUnavailable, nil)
	u = h.order(zweiter, "gewerbe")
	h.drain()
	ist, _ = h.stand(zweiter).Uebergabe(u)
	require.Equal(t, vorgang.UebergabeAngeordnet, ist.Zustand)
	h.ziel.err = nil
	h.now = h.now.Add(2 * time.Minute)
	h.drain()
	ist, _ = h.stand(zweiter).Uebergabe(u)
	require.Equal(t, vorgang.UebergabeGesendet, ist.Zustand)
	vor, nach := h.ziel.got[len(h.ziel.got)-2], h.ziel.got[len(h.ziel.got)-1]
	a, err := vor.Pruefsumme()
	require.NoError(t, err)
	c, err := nach.Pruefsumme()
	require.NoError(t, err)
	require.Equal(t, a, c, "a second try makes the same Sendung")

	// A target nobody configured parks the Auftrag, visibly.
	u = h.order(zweiter, "unbekannt")
	h.drain()
	ist, _ = h.stand(zweiter).Uebergabe(u)
	require.Equal(t, vorgang.UebergabeAngeordnet, ist.Zustand)
	n := 0
	require.NoError(t, h.View(t.Context(), kiel, func(ctx context.Context, tx *storage.Tx) error {
		for x, err := range tx.Auftraege(ctx, zweiter, storage.AuftragGeparkt) {
			require.NoError(t, err)
			require.Equal(t, vorgang.UebergabeAusfuehren, x.Art)
			n++
		}
		return nil
	}))
	require.Equal(t, 1, n)
}

func TestAnswersBecomeCommands(t *testing.T) {
	t.Parallel()
	h := newHaus(t)
	id := h.neu()
	u := h.order(id, "gewerbe")
	h.drain()
	stand := ereignis("e-1", uebergabe.TypStand, bezug(u, id, `,"zustand":"in_arbeit","aktenzeichen":"GW-26-1"`))
	status, _ := h.post("kiel/gewerbe", "e-1", stand, schluessel(1))
	require.Equal(t, 201, status)
	n := h.stand(id).Journal.Seq
	status, _ = h.post("kiel/gewerbe", "e-1", stand, schluessel(1))
	require.Equal(t, 200, status, "the same again")
	require.Equal(t, n, h.stand(id).Journal.Seq)
	require.Equal(t, []string{"GW-26-1"}, h.stand(id).Aktenzeichen)

	pdf := []byte("%PDF-1.7\nBescheid")
	sum := sha512.Sum512(pdf)
	dokument := func(mime, hash string) string {
		return bezug(u, id, fmt.Sprintf(`,"name":"b.pdf","mime":%q,"sha512":%q,"inhalt":%q`, mime, hash, base64.StdEncoding.EncodeToString(pdf)))
	}
	status, _ = h.post("kiel/gewerbe", "e-2", ereignis("e-2", uebergabe.TypDokument, dokument("application/pdf", hex.EncodeToString(sum[:]))), schluessel(1))
	require.Equal(t, 201, status)
	d := h.stand(id).Dateien
	require.Equal(t, "b.pdf", d[len(d)-1].Name)
	got, err := blob.Read(t.Context(), h.blobs, kiel, blob.Ref{SHA512: d[len(d)-1].SHA512, Groesse: d[len(d)-1].Groesse}, 1000)
	require.NoError(t, err)
	require.Equal(t, pdf, got)

	vorschlag := ereignis("e-3", uebergabe.TypEntscheidung, bezug(u, id,
		`,"art":"bewilligung","betreff":"Genehmigung","tenor":["Genehmigt."],"begruendung":["Geprüft."],"ohneBelehrung":"Probe","verfahren":"vwvfg"`))
	status, text := h.post("kiel/gewerbe", "e-3", vorschlag, schluessel(1))
	require.Equal(t, 422, status, "nobody works on it here yet")
	require.Contains(t, text, "Das geht im Status")
	h.edit(id, func(v *vorgang.Vorgang) error { return v.Pull(kim, h.now) })
	status, text = h.post("kiel/gewerbe", "e-3", vorschlag, schluessel(1))
	require.Equal(t, 201, status, text)
	s := h.stand(id)
	require.Equal(t, vorgang.InBearbeitung, s.Status)
	require.Len(t, s.Bescheide, 1)
	b := s.Bescheide[0].ID
	require.Empty(t, s.Bescheide[0].Pruefsumme, "a proposal is a draft, and nobody released it")
	// Vier-Augen holds: the Fachverfahren took part, a person releases.
	require.Equal(t, []string{"fachverfahren:kiel:gewerbe"}, s.Bescheide[0].Mitwirkende)
	h.edit(id, func(v *vorgang.Vorgang) error { return v.SubmitDraft(kim, h.now, b) })
	h.edit(id, func(v *vorgang.Vorgang) error { return v.ReleaseBescheid(deniz, h.now, b) })

	// To close is for the commands to judge: the Bescheid is not announced yet.
	n = h.stand(id).Journal.Seq
	status, text = h.post("kiel/gewerbe", "e-4", ereignis("e-4", uebergabe.TypAbschluss, bezug(u, id, `,"grund":"beschieden"`)), schluessel(1))
	require.Equal(t, 422, status)
	require.Contains(t, text, "noch nicht bekanntgegeben")
	require.Equal(t, n, h.stand(id).Journal.Seq, "a refused report leaves nothing")

	zweiter := h.neu()
	u = h.order(zweiter, "gewerbe")
	h.drain()
	status, text = h.post("kiel/gewerbe", "e-5", ereignis("e-5", uebergabe.TypAbschluss, bezug(u, zweiter, `,"grund":"erledigung"`)), schluessel(1))
	require.Equal(t, 201, status, text)
	s = h.stand(zweiter)
	require.Equal(t, vorgang.Abgeschlossen, s.Status)
	require.Equal(t, vorgang.UebergabeErledigt, s.Uebergaben[0].Zustand)
	status, _ = h.post("kiel/gewerbe", "e-6", ereignis("e-6", uebergabe.TypAbschluss, bezug(u, zweiter, `,"grund":"erledigung"`)), schluessel(1))
	require.Equal(t, 409, status, "it has ended")
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	h := newHaus(t)
	id := h.neu()
	u := h.order(id, "gewerbe")
	kasse := h.order(id, "kasse")
	h.drain()
	gut := bezug(u, id, `,"zustand":"in_arbeit"`)
	vorher := h.stand(id).Journal.Seq
	for name, c := range map[string]struct {
		pfad   string
		id     string
		body   []byte
		key    byte
		status int
	}{
		"another key":               {"kiel/gewerbe", "e", ereignis("e", uebergabe.TypStand, gut), 2, 401},
		"a target without keys":     {"kiel/stumm", "e", ereignis("e", uebergabe.TypStand, gut), 1, 401},
		"an unknown target":         {"kiel/geist", "e", ereignis("e", uebergabe.TypStand, gut), 1, 401},
		"an unknown Mandant":        {"geist/gewerbe", "e", ereignis("e", uebergabe.TypStand, gut), 1, 401},
		"another id is signed":      {"kiel/gewerbe", "f", ereignis("e", uebergabe.TypStand, gut), 1, 401},
		"a target it did not go to": {"kiel/kasse", "e", ereignis("e", uebergabe.TypStand, gut), 2, 404},
		"another Mandant":           {"luebeck/gewerbe", "e", ereignis("e", uebergabe.TypStand, gut), 3, 404},
		"an unknown Vorgang":        {"kiel/gewerbe", "e", ereignis("e", uebergabe.TypStand, bezug(u, uuid.New(), `,"zustand":"in_arbeit"`)), 1, 404},
		"an unknown hand-over":      {"kiel/gewerbe", "e", ereignis("e", uebergabe.TypStand, bezug(uuid.New(), id, `,"zustand":"in_arbeit"`)), 1, 404},
		"a type it may not":         {"kiel/kasse", "e", ereignis("e", uebergabe.TypAbschluss, bezug(kasse, id, `,"grund":"erledigung"`)), 2, 403},
		"an unknown type":           {"kiel/gewerbe", "e", ereignis("e", "x", gut), 1, 422},
		"no state":                  {"kiel/gewerbe", "e", ereignis("e", uebergabe.TypStand, bezug(u, id, "")), 1, 422},
		"a wrong hash":              {"kiel/gewerbe", "e", ereignis("e", uebergabe.TypDokument, bezug(u, id, `,"name":"a","mime":"text/plain","sha512":"`+strings.Repeat("0", 128)+`","inhalt":"aGFsbG8="`)), 1, 422},
		"a wrong type of file": {"kiel/gewerbe", "e", ereignis("e", uebergabe.TypDokument, bezug(u, id, `,"name":"a.pdf","mime":"application/pdf","sha512":"`+
			fmt.Sprintf("%x", sha512.Sum512([]byte("hallo")))+`","inhalt":"aGFsbG8="`)), 1, 422},
		"too large": {"kiel/gewerbe", "e", ereignis("e", uebergabe.TypStand, `"`+strings.Repeat("a", 16<<20)+`"`), 1, 413},
	} {
		status, text := h.post(c.pfad, c.id, c.body, schluessel(c.key))
		require.Equal(t, c.status, status, "%s: %s", name, text)
	}
	require.Equal(t, vorher, h.stand(id).Journal.Seq, "nothing of that left a trace")
	h.now = h.now.Add(-time.Hour)
	u2, err := signatur.Sign("e", h.now, ereignis("e", uebergabe.TypStand, gut), schluessel(1))
	require.NoError(t, err)
	h.now = h.now.Add(time.Hour)
	_, err = h.d.Receive(t.Context(), kiel, "gewerbe", u2, ereignis("e", uebergabe.TypStand, gut))
	require.ErrorIs(t, err, fehler.ErrForbidden, "too old")

	status, _ := h.post("kiel/gewerbe", "e", ereignis("e", uebergabe.TypStand, gut), schluessel(1))
	require.Equal(t, 201, status, "negative control: what is right is taken")
	status, text := h.post("kiel/gewerbe", "e", ereignis("e", uebergabe.TypStand, bezug(u, id, `,"zustand":"erledigt"`)), schluessel(1))
	require.Equal(t, 409, status, text)
	res, err := http.Post(h.url+"kiel/gewerbe", "text/plain", nil)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, 415, res.StatusCode)
}

func TestCollect(t *testing.T) {
	t.Parallel()
	h := newHaus(t)
	id := h.neu()
	u := h.order(id, "gewerbe")
	h.drain()
	b := ereignis("e-1", uebergabe.TypStand, bezug(u, id, `,"zustand":"angenommen"`))
	alt, err := signatur.Sign("e-1", h.now.AddDate(0, 0, -30), b, schluessel(1))
	require.NoError(t, err)
	falsch, err := signatur.Sign("e-1", h.now, b, schluessel(9))
	require.NoError(t, err)
	frueh := ereignis("e-2", uebergabe.TypEntscheidung, bezug(u, id, `,"art":"bewilligung","betreff":"b","tenor":["t"],"begruendung":["b"],"verfahren":"vwvfg"`))
	zuFrueh, err := signatur.Sign("e-2", h.now, frueh, schluessel(1))
	require.NoError(t, err)
	muell, err := signatur.Sign("e-3", h.now, []byte("{}"), schluessel(1))
	require.NoError(t, err)
	h.ziel.antworten = []uebergabe.Antwort{{Kennung: "d", Umschlag: zuFrueh, Inhalt: frueh}, {Kennung: "e", Umschlag: muell, Inhalt: []byte("{}")}, {Kennung: "a", Umschlag: alt, Inhalt: b}, {Kennung: "b", Umschlag: falsch, Inhalt: b}, {Kennung: "c", Umschlag: alt, Inhalt: b}}
	n, err := h.d.Collect(t.Context(), kiel)
	require.ErrorIs(t, err, fehler.ErrForbidden)
	require.Equal(t, 1, n, "a repeat is not new")
	require.Equal(t, []string{"e", "a", "c"}, h.ziel.acked, "what may be mended, by a key or a state, stays")
	ist, _ := h.stand(id).Uebergabe(u)
	require.Equal(t, vorgang.UebergabeAngenommen, ist.Zustand)
	require.Len(t, ist.Meldungen, 1)
	h.edit(id, func(v *vorgang.Vorgang) error { return v.Pull(kim, h.now) })
	n, _ = h.d.Collect(t.Context(), kiel)
	require.Equal(t, 1, n, "now somebody works on it, and the proposal is taken")
	require.Len(t, h.stand(id).Bescheide, 1)
}

func TestNew(t *testing.T) {
	t.Parallel()
	_, err := dienst.New(dienst.Params{}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	s := memory.Open(nil)
	defer s.Close()
	_, err = dienst.New(dienst.Params{Store: s, Blobs: blob.NewMemory(nil), Anschluesse: map[tenant.ID][]dienst.Anschluss{kiel: {{Ziel: &ziel{name: "x"}}, {Ziel: &ziel{name: "x"}}}}}, nil)
	require.ErrorIs(t, err, fehler.ErrExists)
}
