package bundid_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/bundid"
	"github.com/ozg-fachwerk/fachwerk/messaging/bundid/bundidtest"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) {
	testenv.Main(m, func() {
		if err := goleak.Find(); err != nil {
			fmt.Println("goroutine leak:", err)
			os.Exit(1)
		}
	})
}

const postfach = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

type haus struct {
	z      *fitconnecttest.Zustelldienst
	zbp    *bundidtest.ZBP
	signer *bundid.Signer
	sender *fitconnect.Sender
	ich    *bundidtest.Identity
}

func fremd(t messagingtest.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func start(t messagingtest.TB, o *bundidtest.Options) *haus {
	t.Helper()
	z, err := fitconnecttest.Start(nil)
	fremd(t, err)
	t.Cleanup(z.Close)
	h := &haus{z: z}
	h.ich, err = bundidtest.NewIdentity(nil)
	fremd(t, err)
	if o == nil {
		o = &bundidtest.Options{}
	}
	o.Trusted = h.ich.Trusted()
	h.zbp, err = bundidtest.New(z, o)
	fremd(t, err)
	h.signer, err = bundid.NewSigner(bundid.SignerParams{Key: h.ich.Key, Certificate: h.ich.Certificate}, nil)
	fremd(t, err)
	c, err := fitconnect.NewClient(z.Endpoints(), z.AddClient(fitconnect.ScopeSend), &fitconnect.ClientOptions{Attempts: 2, BaseDelay: time.Millisecond, Timeout: 3 * time.Second})
	fremd(t, err)
	t.Cleanup(c.CloseIdleConnections)
	h.sender, err = fitconnect.NewSender(fitconnect.SenderParams{Client: c}, nil)
	fremd(t, err)
	return h
}

func (h *haus) target() bundid.Target { return bundid.Target{DestinationID: h.zbp.ID()} }

func message() bundid.Message {
	return bundid.Message{MailboxUUID: postfach, StorkQAALevel: 1, Sender: "Stadt Beispiel", Service: "Wohnsitzanmeldung",
		Title: "Ihre Anmeldung", Content: "Guten Tag, Ihre Anmeldung ist eingegangen.", Reference: "2026-0000001"}
}

func status() bundid.Status {
	return bundid.Status{ApplicationID: postfach, Status: bundid.Processing, PublicServiceName: "Wohnsitzanmeldung", SenderName: "Stadt Beispiel",
		CreatedDate: time.Date(2026, 9, 1, 10, 0, 0, 123456789, time.UTC)}
}

func file(name string, content []byte) fitconnect.Source {
	return fitconnect.Source{Size: int64(len(content)), MetadataAttachment: fitconnect.MetadataAttachment{Filename: name, MIMEType: "application/pdf",
		Hash: fitconnect.HashOf(content)}, Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

func TestMessageAndStatus(t *testing.T) {
	h := start(t, nil)
	d, err := bundid.MessageDraft(h.signer, h.target(), message(), []fitconnect.Source{file("bescheid.pdf", []byte("%PDF-1.7 eins")), file("anlage.pdf", []byte("%PDF-1.7 zwei"))}, nil)
	require.NoError(t, err)
	sent, err := h.sender.Send(t.Context(), d)
	require.NoError(t, err)
	s, err := bundid.StatusDraft(h.signer, h.target(), status(), &bundid.Extra{SenderReference: "OD-1"})
	require.NoError(t, err)
	sentStatus, err := h.sender.Send(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, h.zbp.Work(t.Context()))
	require.Empty(t, h.zbp.Findings(sent.SubmissionID))
	require.Empty(t, h.zbp.Findings(sentStatus.SubmissionID))
	require.Equal(t, fitconnect.StateAccepted, h.z.State(sent.SubmissionID))
	require.Equal(t, fitconnect.StateAccepted, h.z.State(sentStatus.SubmissionID))
	post := h.zbp.Post(postfach)
	require.Len(t, post, 1)
	require.Equal(t, "Stadt Beispiel", post[0].Signer)
	require.Len(t, post[0].Attachments, 2)
	all := h.zbp.Taken()
	require.True(t, all[1].IsStatus)
	require.JSONEq(t, `{"applicationId":"`+postfach+`","status":"PROCESSING","publicServiceName":{"de":"Wohnsitzanmeldung"},"senderName":"Stadt Beispiel","createdDate":"2026-09-01T10:00:00.123Z"}`, all[1].Content)
}

// Every limit, at it and beyond it: the checks of this package and those of the
// double, which were written apart, agree.
func TestLimits(t *testing.T) {
	h := start(t, nil)
	long := func(n int) string { return strings.Repeat("ä", n) }
	for name, c := range map[string]struct {
		good, bad func(*bundid.Message)
	}{
		"qaa low":      {func(m *bundid.Message) { m.StorkQAALevel = 1 }, func(m *bundid.Message) { m.StorkQAALevel = 0 }},
		"qaa high":     {func(m *bundid.Message) { m.StorkQAALevel = 4 }, func(m *bundid.Message) { m.StorkQAALevel = 5 }},
		"mailbox":      {func(m *bundid.Message) {}, func(m *bundid.Message) { m.MailboxUUID = "x" }},
		"sender":       {func(m *bundid.Message) { m.Sender = long(255) }, func(m *bundid.Message) { m.Sender = long(256) }},
		"no sender":    {func(m *bundid.Message) { m.Sender = "S" }, func(m *bundid.Message) { m.Sender = "" }},
		"service":      {func(m *bundid.Message) { m.Service = long(255) }, func(m *bundid.Message) { m.Service = long(256) }},
		"title":        {func(m *bundid.Message) { m.Title = long(1024) }, func(m *bundid.Message) { m.Title = long(1025) }},
		"content":      {func(m *bundid.Message) { m.Content = long(5000) }, func(m *bundid.Message) { m.Content = "" }},
		"application":  {func(m *bundid.Message) { m.ApplicationID = postfach }, func(m *bundid.Message) { m.ApplicationID = "1" }},
		"confirmation": {func(m *bundid.Message) { m.RetrievalConfirmationAddress = long(320) }, func(m *bundid.Message) { m.RetrievalConfirmationAddress = long(321) }},
		"reply":        {func(m *bundid.Message) { m.ReplyAddress = long(320) }, func(m *bundid.Message) { m.ReplyAddress = long(321) }},
		"reference":    {func(m *bundid.Message) { m.Reference = long(255) }, func(m *bundid.Message) { m.Reference = long(256) }},
		"url":          {func(m *bundid.Message) { m.SenderURL = long(255) }, func(m *bundid.Message) { m.SenderURL = long(256) }},
	} {
		t.Run(name, func(t *testing.T) {
			good, bad := message(), message()
			c.good(&good)
			c.bad(&bad)
			require.Empty(t, good.Check())
			require.Len(t, bad.Check(), 1)
			require.NotEmpty(t, bad.Check()[0].Hinweis)
			require.Empty(t, h.judged(t, good, bundid.ServiceMessage, nil))
			require.Len(t, h.judged(t, bad, bundid.ServiceMessage, nil), 1)
			_, err := bundid.MessageDraft(h.signer, h.target(), bad, nil, nil)
			require.ErrorIs(t, err, fehler.ErrInvalid)
		})
	}
	for name, c := range map[string]struct {
		good, bad func(*bundid.Status)
	}{
		"application": {func(s *bundid.Status) {}, func(s *bundid.Status) { s.ApplicationID = "" }},
		"status":      {func(s *bundid.Status) { s.Status = bundid.ActionRequired }, func(s *bundid.Status) { s.Status = "DONE" }},
		"service":     {func(s *bundid.Status) { s.PublicServiceName = long(100) }, func(s *bundid.Status) { s.PublicServiceName = long(101) }},
		"sender":      {func(s *bundid.Status) { s.SenderName = long(100) }, func(s *bundid.Status) { s.SenderName = "" }},
		"details":     {func(s *bundid.Status) { s.StatusDetails = long(50) }, func(s *bundid.Status) { s.StatusDetails = long(51) }},
		"more":        {func(s *bundid.Status) { s.AdditionalInformation = long(100) }, func(s *bundid.Status) { s.AdditionalInformation = long(101) }},
		"reference":   {func(s *bundid.Status) { s.Reference = long(50) }, func(s *bundid.Status) { s.Reference = long(51) }},
	} {
		t.Run("status "+name, func(t *testing.T) {
			good, bad := status(), status()
			c.good(&good)
			c.bad(&bad)
			require.Empty(t, good.Check())
			require.Len(t, bad.Check(), 1)
			require.Empty(t, h.judged(t, good, bundid.ServiceStatus, nil))
			require.Len(t, h.judged(t, bad, bundid.ServiceStatus, nil), 1)
		})
	}
	noDate := status()
	noDate.CreatedDate = time.Time{}
	require.Len(t, noDate.Check(), 1)
}

// judged sends a content without any check of this package and gives what the ZBP says.
func (h *haus) judged(t *testing.T, content any, service string, change func(*bundid.Payload)) []string {
	t.Helper()
	raw, err := json.Marshal(content)
	require.NoError(t, err)
	p, err := h.signer.Payload(raw)
	require.NoError(t, err)
	if change != nil {
		change(&p)
	}
	data, err := json.Marshal(p)
	require.NoError(t, err)
	sent, err := h.sender.Send(t.Context(), fitconnect.Draft{DestinationID: h.zbp.ID(), PublicService: fitconnect.PublicService{Identifier: service},
		Data: data, DataSchema: fitconnect.SchemaRef{SchemaURI: bundid.SchemaURI, MIMEType: fitconnect.MIMEJSON}})
	require.NoError(t, err)
	require.NoError(t, h.zbp.Work(t.Context()))
	return h.zbp.Findings(sent.SubmissionID)
}

// What the double refuses: each check of it fails once.
func TestZBPRefuses(t *testing.T) {
	h := start(t, &bundidtest.Options{Mailboxes: []string{postfach}})
	require.Empty(t, h.judged(t, message(), bundid.ServiceMessage, nil), "the control: untouched it passes")
	ago := func(d time.Duration) *bundid.Signer {
		s, err := bundid.NewSigner(bundid.SignerParams{Key: h.ich.Key, Certificate: h.ich.Certificate},
			&bundid.SignerOptions{Now: func() time.Time { return time.Now().Add(-d) }})
		require.NoError(t, err)
		return s
	}
	token := func(s *bundid.Signer) func(*bundid.Payload) {
		return func(p *bundid.Payload) {
			q, err := s.Payload([]byte(p.Content))
			require.NoError(t, err)
			p.AuthorToken = q.AuthorToken
		}
	}
	key, err := fitconnecttest.TestKey(fitconnecttest.KeyStranger)
	require.NoError(t, err)
	stranger, err := bundidtest.NewIdentity(&bundidtest.IdentityOptions{Key: key.Private})
	require.NoError(t, err)
	other, err := bundid.NewSigner(bundid.SignerParams{Key: stranger.Key, Certificate: stranger.Certificate}, nil)
	require.NoError(t, err)
	wrongRole, err := bundid.NewSigner(bundid.SignerParams{Key: h.ich.Key, Certificate: h.ich.Certificate}, &bundid.SignerOptions{Roles: []string{"ADMIN"}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*bundid.Payload)
		want   string
	}{
		"content changed":   {func(p *bundid.Payload) { p.Content = strings.Replace(p.Content, "Guten", "Schlechten", 1) }, "signature"},
		"expired":           {token(ago(31 * time.Minute)), "token: expired or of the future"},
		"of the future":     {token(ago(-time.Hour)), "token: expired or of the future"},
		"role":              {token(wrongRole), "token: roles"},
		"token of others":   {token(other), "token: signature"},
		"no certificate":    {func(p *bundid.Payload) { p.AuthorCertificate = "" }, "certificate: no PEM"},
		"other certificate": {func(p *bundid.Payload) { q, _ := other.Payload([]byte(p.Content)); *p = q }, "certificate: not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, h.judged(t, message(), bundid.ServiceMessage, c.change), c.want)
		})
	}
	m := message()
	m.MailboxUUID = uuid.NewString()
	require.Equal(t, []string{"mailbox unknown"}, h.judged(t, m, bundid.ServiceMessage, nil))
	m = message()
	m.Attachments = []bundid.Attachment{{Filename: "fehlt.pdf", SHA512: strings.Repeat("0", 128), ContentLength: 1}}
	require.Equal(t, []string{"attachments: number"}, h.judged(t, m, bundid.ServiceMessage, nil))
}

func TestSigner(t *testing.T) {
	ich, err := bundidtest.NewIdentity(nil)
	require.NoError(t, err)
	key, err := fitconnecttest.TestKey(fitconnecttest.KeyStranger)
	require.NoError(t, err)
	for name, p := range map[string]bundid.SignerParams{
		"nothing":     {},
		"other key":   {Key: key.Private, Certificate: ich.Certificate},
		"without key": {Certificate: ich.Certificate},
	} {
		_, err := bundid.NewSigner(p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	good := bundid.SignerParams{Key: ich.Key, Certificate: ich.Certificate}
	_, err = bundid.NewSigner(good, &bundid.SignerOptions{TokenLife: time.Hour})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	s, err := bundid.NewSigner(good, &bundid.SignerOptions{Now: func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }})
	require.NoError(t, err)
	_, err = s.Payload([]byte("{}"))
	require.Equal(t, "bundid.zertifikat", fehler.ProblemeIn(err)[0].Code)
}

func ExampleMessageDraft() {
	ctx := context.Background()
	z, err := fitconnecttest.Start(nil)
	if err != nil {
		panic(err)
	}
	defer z.Close()
	ich, err := bundidtest.NewIdentity(nil)
	if err != nil {
		panic(err)
	}
	zbp, err := bundidtest.New(z, &bundidtest.Options{Trusted: ich.Trusted()})
	if err != nil {
		panic(err)
	}
	signer, err := bundid.NewSigner(bundid.SignerParams{Key: ich.Key, Certificate: ich.Certificate}, nil)
	if err != nil {
		panic(err)
	}
	d, err := bundid.MessageDraft(signer, bundid.Target{DestinationID: zbp.ID()}, bundid.Message{
		MailboxUUID: postfach, StorkQAALevel: 1, Sender: "Stadt Beispiel", Service: "Wohnsitzanmeldung",
		Title: "Ihre Anmeldung", Content: "Guten Tag, Ihre Anmeldung ist erledigt.",
	}, nil, nil)
	if err != nil {
		panic(err)
	}
	sender, err := z.Sender()
	if err != nil {
		panic(err)
	}
	sent, err := sender.Send(ctx, d)
	if err != nil {
		panic(err)
	}
	if err := zbp.Work(ctx); err != nil {
		panic(err)
	}
	fmt.Println(z.State(sent.SubmissionID), len(zbp.Post(postfach)))
	// Output: accepted 1
}
