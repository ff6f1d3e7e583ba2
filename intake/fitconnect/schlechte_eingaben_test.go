package fitconnect_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
)

var update = flag.Bool("update", false, "write docs/schlechte-eingaben.md")

// schlecht is one bad input, what it gets, and where it is afterwards.
type schlecht struct {
	name string
	// einstellung of the receiver, if it matters.
	einstellung *einstellung
	// send brings the input to the receiver.
	send func(t *testing.T, s *stelle) *fitconnect.Sent

	ausgang intake.Ausgang  // empty: nothing was decided
	code    string          // of the first problem
	problem fitconnect.Slug // what the sender is told; empty: nothing
	zustand fitconnect.State
	// verbleib in German, for the docs.
	verbleib string
}

const (
	imRegister = "Der Absender erhält die Ablehnung; die Lieferung liegt mit allem, was zu öffnen war, im Register."
	ohneDatei  = "Der Absender erhält die Ablehnung; die Lieferung liegt ohne die zu große Datei im Register."
	imFach     = "Die Lieferung liegt ganz im Klärfach und lässt sich nach der Korrektur erneut verarbeiten."
	beimDienst = "Die Einreichung bleibt beim Zustelldienst und wird wieder angeboten."
)

func sendDraft(change func(*fitconnect.Draft)) func(*testing.T, *stelle) *fitconnect.Sent {
	return func(t *testing.T, s *stelle) *fitconnect.Sent {
		d := entwurf(s)
		if change != nil {
			change(&d)
		}
		sent, err := s.dienst.Sende(t.Context(), d)
		require.NoError(t, err)
		return sent
	}
}

// sendV1 sends through version 1 of the Submission API, compressed.
func sendV1(change func(*fitconnect.Draft)) func(*testing.T, *stelle) *fitconnect.Sent {
	return func(t *testing.T, s *stelle) *fitconnect.Sent {
		d := entwurf(s)
		if change != nil {
			change(&d)
		}
		sent, err := s.dienst.SendeV1(t.Context(), d, fitconnecttest.OptionsV1{Zip: true})
		require.NoError(t, err)
		return sent
	}
}

func sendRoh(change func(t *testing.T, s *stelle, r *fitconnecttest.Roh)) func(*testing.T, *stelle) *fitconnect.Sent {
	return func(t *testing.T, s *stelle) *fitconnect.Sent {
		r, err := s.dienst.Aufbereiten(entwurf(s))
		require.NoError(t, err)
		change(t, s, &r)
		sent, err := s.dienst.SendeRoh(t.Context(), r)
		require.NoError(t, err)
		return sent
	}
}

func fault(k fitconnecttest.FaultKind, part string) func(*testing.T, *stelle) *fitconnect.Sent {
	return func(t *testing.T, s *stelle) *fitconnect.Sent {
		sent := sendDraft(nil)(t, s)
		s.dienst.Inject(fitconnecttest.Fault{Kind: k, Part: part, SubmissionID: sent.SubmissionID, Times: -1})
		return sent
	}
}

// sendXFall sends the form on trees as XML.
func sendXFall(xml string) func(*testing.T, *stelle) *fitconnect.Sent {
	return sendDraft(func(d *fitconnect.Draft) {
		d.DataSchema = fitconnect.SchemaRef{SchemaURI: "https://schema.fitko.de/fim/s99000003_1.0.schema.json", MIMEType: fitconnect.MIMEXML}
		d.Data = []byte(xml)
	})
}

func schlechteEingaben() []schlecht {
	rejected := func(name string, slug fitconnect.Slug, send func(*testing.T, *stelle) *fitconnect.Sent) schlecht {
		return schlecht{name: name, send: send, ausgang: intake.Abgelehnt, code: "fitconnect." + string(slug), problem: slug,
			zustand: fitconnect.StateRejected, verbleib: imRegister}
	}
	return []schlecht{
		rejected("falscher Schlüssel", fitconnect.SlugEncryptionIssue, sendRoh(func(t *testing.T, s *stelle, r *fitconnecttest.Roh) {
			fremd, err := fitconnecttest.TestKey(fitconnecttest.KeyStranger)
			require.NoError(t, err)
			own, err := fitconnecttest.TestKey(fitconnecttest.KeyEncryption1)
			require.NoError(t, err)
			jwk := fitconnect.NewJWK(own.Kid, &fremd.Private.PublicKey, fitconnect.UseEncrypt)
			r.Key = &jwk
		})),
		rejected("Geheimtext verändert", fitconnect.SlugEncryptionIssue, fault(fitconnecttest.FaultTamper, "data")),
		rejected("Prüfmarke ausgetauscht", fitconnect.SlugIncorrectAuthenticationTag, fault(fitconnecttest.FaultTag, "metadata")),
		rejected("falsche Prüfsumme", fitconnect.SlugHashMismatch, sendRoh(func(_ *testing.T, _ *stelle, r *fitconnecttest.Roh) {
			r.Data = append([]byte(" "), r.Data...)
		})),
		rejected("fehlende Anlage", fitconnect.SlugAttachmentsMismatch, fault(fitconnecttest.FaultDropAttachment, "")),
		{name: "unbekanntes Schema", send: sendDraft(func(d *fitconnect.Draft) { d.DataSchema.SchemaURI = "https://schema.example/fim/s1_1.0.schema.json" }),
			ausgang: intake.Abgelehnt, code: "intake.schema-unbekannt", problem: fitconnect.SlugUnsupportedDataSchema, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "Schema verletzt", send: sendDraft(func(d *fitconnect.Draft) { d.Data = []byte(`{"F60000302":"sieben"}`) }),
			ausgang: intake.Abgelehnt, code: "fim.schema-verletzt", problem: fitconnect.SlugSchemaViolation, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "doppelter Schlüssel im JSON", send: sendDraft(func(d *fitconnect.Draft) { d.Data = []byte(`{"F60000227":"a","F60000227":"b"}`) }),
			ausgang: intake.Abgelehnt, code: "fim.kein-json", problem: fitconnect.SlugSyntaxViolation, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "XFall: unbekanntes Element", send: sendXFall(`<S99000003><F60000999>Łukasik</F60000999></S99000003>`),
			ausgang: intake.Abgelehnt, code: "xfall.schema-verletzt", problem: fitconnect.SlugSchemaViolation, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "XFall: anderes Formular", send: sendXFall(`<S99000004/>`),
			ausgang: intake.Abgelehnt, code: "xfall.schema-verletzt", problem: fitconnect.SlugSchemaViolation, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "XFall: Pflichtangabe fehlt", send: sendXFall(`<S99000003><G60000082><F60000227>Łukasik</F60000227></G60000082></S99000003>`),
			ausgang: intake.Abgelehnt, code: "fim.schema-verletzt", problem: fitconnect.SlugSchemaViolation, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "XFall: Dokumenttyp-Angabe (DTD)", send: sendXFall(`<!DOCTYPE a [<!ENTITY b "c">]><S99000003/>`),
			ausgang: intake.Abgelehnt, code: "xfall.kein-xml", problem: fitconnect.SlugSyntaxViolation, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "Anlage zu groß für die Behörde", einstellung: &einstellung{limits: intake.Limits{Datei: 10}}, send: sendDraft(nil),
			ausgang: intake.Abgelehnt, code: "intake.datei-zu-gross", problem: fitconnect.SlugTechnicalError, zustand: fitconnect.StateRejected, verbleib: imRegister},
		{name: "Einreichung zu groß für den Empfang", einstellung: &einstellung{client: fitconnect.ClientOptions{MaxJWE: 700}}, send: sendDraft(nil),
			zustand: fitconnect.StateSubmitted, verbleib: beimDienst},
		{name: "Anlage schon beim Empfang zu groß", einstellung: &einstellung{limits: intake.Limits{Datei: 2 << 20}}, send: sendDraft(grosseAnlage(3 << 20)),
			ausgang: intake.Abgelehnt, code: "intake.datei-zu-gross", problem: fitconnect.SlugTechnicalError, zustand: fitconnect.StateRejected, verbleib: ohneDatei},
		{name: "Anlagen zusammen zu groß", einstellung: &einstellung{limits: intake.Limits{Gesamt: 2 << 20}}, send: sendDraft(grosseAnlage(3 << 20)),
			ausgang: intake.Abgelehnt, code: "intake.gesamt-zu-gross", problem: fitconnect.SlugTechnicalError, zustand: fitconnect.StateRejected, verbleib: ohneDatei},
		{name: "Dateityp nicht zugelassen", send: sendDraft(func(d *fitconnect.Draft) {
			d.Attachments[1].Content = []byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff")
		}),
			ausgang: intake.Klaerung, code: "intake.dateityp", zustand: fitconnect.StateAccepted, verbleib: imFach},
		{name: "unbekannte Leistung", einstellung: &einstellung{regeln: nil}, send: sendDraft(func(d *fitconnect.Draft) { d.Region = region }),
			ausgang: intake.Klaerung, code: "routing.leistung-unbekannt", zustand: fitconnect.StateAccepted, verbleib: imFach},
		{name: "unbekannter Ort (ARS)", send: sendDraft(func(d *fitconnect.Draft) { d.Region = "DE110000000000" }),
			ausgang: intake.Klaerung, code: "routing.gebiet-unbekannt", zustand: fitconnect.StateAccepted, verbleib: imFach},
		{name: "Ort ist kein ARS", send: sendDraft(func(d *fitconnect.Draft) { d.Region = "DE99" }),
			ausgang: intake.Klaerung, code: "tenant.ars", zustand: fitconnect.StateAccepted, verbleib: imFach},
		{name: "Version 1: komprimierter Inhalt entpackt zu groß", einstellung: &einstellung{v1: true}, send: sendV1(func(d *fitconnect.Draft) { d.Attachments[0].Content = make([]byte, 8<<20) }),
			ausgang: intake.Abgelehnt, code: "fitconnect.encryption-issue", problem: fitconnect.SlugEncryptionIssue, zustand: fitconnect.StateRejected, verbleib: imRegister},
		rejected("komprimierter Inhalt in Version 2", fitconnect.SlugEncryptionIssue, sendV1(nil)),
		rejected("Signatur des Ereignisses ungültig", fitconnect.SlugInvalidEventLog, fault(fitconnecttest.FaultForgedEvents, "")),
		rejected("zwei Einreichungsereignisse", fitconnect.SlugInvalidEventLog, fault(fitconnecttest.FaultDuplicateSubmit, "")),
		rejected("kein Einreichungsereignis", fitconnect.SlugInvalidEventLog, fault(fitconnecttest.FaultDropSubmit, "")),
		rejected("Prüfmarken fehlen", fitconnect.SlugMissingAuthenticationTags, fault(fitconnecttest.FaultNoTags, "")),
	}
}

func TestSchlechteEingaben(t *testing.T) {
	for _, c := range schlechteEingaben() {
		t.Run(c.name, func(t *testing.T) {
			e := c.einstellung
			if c.code == "routing.leistung-unbekannt" {
				e = &einstellung{regeln: regelnFuerAndereLeistung()}
			}
			s := newStelle(t, e)
			sent := c.send(t, s)
			out, err := s.empfang.Poll(t.Context())
			require.Equal(t, c.zustand, s.dienst.State(sent.SubmissionID))
			require.Empty(t, s.vorgaenge(t, amt), "a bad input must not become a Vorgang")
			if c.ausgang == "" {
				require.Error(t, err)
				require.Empty(t, s.register(t), "nothing was decided")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.ausgang, out[0].Ausgang)
			require.Equal(t, c.code, out[0].Probleme[0].Code)
			for _, p := range out[0].Probleme {
				require.NotEmpty(t, p.Hinweis, "a German sentence for the clerk")
				require.NotContains(t, p.Meldung, "Łukasik", "no personal data in messages")
			}
			if c.problem != "" {
				told := s.dienst.Problems(sent.SubmissionID)
				require.NotEmpty(t, told)
				require.True(t, strings.HasSuffix(told[0].Type, "/"+string(c.problem)), "sender was told %s", told[0].Type)
			}
			s.nothingLost(t, sent)

			again, err := s.empfang.Poll(t.Context()) // decided: no longer offered
			require.NoError(t, err)
			require.Empty(t, again)
		})
	}
}

// nothingLost: the register holds the delivery, and every byte it names can be read.
func (s *stelle) nothingLost(t *testing.T, sent *fitconnect.Sent) {
	t.Helper()
	all := s.register(t)
	require.Len(t, all, 1)
	require.Equal(t, eingangKanal+":"+sent.SubmissionID, all[0].Schluessel)
	var akte struct{ Lieferung intake.Lieferung }
	require.NoError(t, json.Unmarshal(all[0].Daten, &akte))
	teile := append([]intake.Teil{akte.Lieferung.Fachdaten}, akte.Lieferung.Dateien...)
	teile = append(teile, akte.Lieferung.Nachweise...)
	for _, p := range teile {
		require.NotEmpty(t, p.SHA512, p.Name)
		b := s.read(t, betreiber, blob.Ref{SHA512: p.SHA512, Groesse: p.Groesse})
		require.Equal(t, p.Groesse, int64(len(b)))
		require.NotEmpty(t, b, p.Name)
	}
}

const eingangKanal = "fitconnect"

func (s *stelle) register(t *testing.T) []storage.Eingang {
	t.Helper()
	var out []storage.Eingang
	for e, err := range s.store.Eingaenge(t.Context(), betreiber) {
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

// schlechterRuf is one bad callback; the submission stays with the service.
type schlechterRuf struct {
	name   string
	header func(body []byte, now time.Time) http.Header
	status int
}

func schlechteRufe() []schlechterRuf {
	return []schlechterRuf{
		{"falscher HMAC", func(b []byte, now time.Time) http.Header { return fitconnect.SignCallback("anderes-geheimnis", b, now) }, http.StatusUnauthorized},
		{"veralteter Zeitstempel", func(b []byte, now time.Time) http.Header {
			return fitconnect.SignCallback(geheimnis, b, now.Add(-301*time.Second))
		}, http.StatusUnauthorized},
		{"Zeitstempel in der Zukunft", func(b []byte, now time.Time) http.Header {
			return fitconnect.SignCallback(geheimnis, b, now.Add(time.Hour))
		}, http.StatusUnauthorized},
		{"HMAC fehlt", func([]byte, time.Time) http.Header { return http.Header{} }, http.StatusUnauthorized},
	}
}

func callbackBody(s *stelle, sent *fitconnect.Sent) []byte {
	return fmt.Appendf(nil, `{"type":"https://schema.fitko.de/fit-connect/submission-api/callbacks/new-submissions","submissions":[{"destinationId":%q,"submissionId":%q,"caseId":%q}]}`,
		s.punkt.ID, sent.SubmissionID, sent.CaseID)
}

func TestSchlechteRufe(t *testing.T) {
	for _, c := range schlechteRufe() {
		t.Run(c.name, func(t *testing.T) {
			s := newStelle(t, nil)
			srv := s.callbackServer(t, nil)
			sent := sendDraft(nil)(t, s)
			body := callbackBody(s, sent)
			require.Equal(t, c.status, post(t, srv.URL, c.header(body, time.Now()), body))
			require.Equal(t, fitconnect.StateSubmitted, s.dienst.State(sent.SubmissionID), "stays with the service")

			out, err := s.empfang.Poll(t.Context()) // the fallback finds it
			require.NoError(t, err)
			require.Equal(t, intake.Angenommen, out[0].Ausgang)
		})
	}
}

// A replayed callback is answered like the first but causes nothing.
func TestReplayedCallback(t *testing.T) {
	s := newStelle(t, nil)
	calls := 0
	h, err := fitconnect.NewCallbackHandler(geheimnis, countNotify(&calls), nil)
	require.NoError(t, err)
	srv := serve(t, h)
	sent := sendDraft(nil)(t, s)
	body := callbackBody(s, sent)
	header := fitconnect.SignCallback(geheimnis, body, time.Now())
	for range 3 {
		require.Less(t, post(t, srv, header, body), 300)
	}
	require.Equal(t, 1, calls)
	for range 3 { // and even if it were taken each time: one Vorgang
		_, err = s.empfang.Poll(t.Context())
		require.NoError(t, err)
	}
	require.Len(t, s.vorgaenge(t, amt), 1)
}

// The table in the docs is made from the cases above.
func TestSchlechteEingabenDocs(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Schlechte Eingaben\n\nErzeugt aus den Tests: `go test ./intake/fitconnect -run Docs -update`. Jede Zeile ist ein Test, der auch prüft, dass nichts verloren ging.\n\n")
	b.WriteString("| Eingabe | Ergebnis | Code | Meldung an den Absender | Zustand beim Zustelldienst | Verbleib |\n|---|---|---|---|---|---|\n")
	for _, c := range schlechteEingaben() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.name, or(string(c.ausgang), "unentschieden"), code(c.code), code(string(c.problem)), code(string(c.zustand)), c.verbleib)
	}
	for _, c := range schlechteRufe() {
		fmt.Fprintf(&b, "| Callback: %s | HTTP %d | – | – | `submitted` | %s |\n", c.name, c.status, beimDienst)
	}
	fmt.Fprintf(&b, "| Callback: wiederholt | HTTP 2xx, keine zweite Wirkung | – | – | `submitted` | %s |\n", beimDienst)
	testenv.Abschnitt(t, "schlechte-eingaben.md", "# Schlechte Eingaben", b.String(), *update)
}

func or(s, t string) string {
	if s == "" {
		return t
	}
	return s
}

func code(s string) string {
	if s == "" {
		return "–"
	}
	return "`" + s + "`"
}
