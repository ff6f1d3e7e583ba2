// Package bundidtest is the mailbox system of BundID (ZBP) for tests: a
// destination of [fitconnecttest] that receives over the real protocol, decrypts,
// and judges what arrived by rules written down apart from package bundid:
// signature, token, certificate, limits of the schema, attachments. It accepts,
// rejects with reasons, or misbehaves on request.
//
//	z := fitconnecttest.New(t, nil)
//	ich, err := bundidtest.NewIdentity(nil)       // key and certificate of the authority
//	zbp, err := bundidtest.New(z, &bundidtest.Options{Trusted: ich.Trusted()})
//	// send to zbp.ID(), then:
//	err = zbp.Work(ctx)
//	zbp.Post(mailbox) // what lies in the mailbox
//
// What is not published about the real ZBP (which problem types it rejects with,
// which certificates it trusts) is this package's choice.
package bundidtest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/bundid"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options adjust a [ZBP]; the zero value of every field is a default.
type Options struct {
	// Now is the clock of token and certificate checks; nil is time.Now.
	Now func() time.Time
	// Trusted are the roots of accepted certificates; nil accepts any certificate.
	Trusted *x509.CertPool
	// Mailboxes are those that exist; nil means all.
	Mailboxes []string
	// Destination adds to the destination: keys, callback.
	Destination fitconnecttest.DestinationParams
}

// Zustellung is what the ZBP took.
type Zustellung struct {
	SubmissionID    string
	SenderReference string
	Signer          string // common name of the certificate
	// Content is the JSON text of the message or status.
	Content     string
	IsStatus    bool
	Mailbox     string // of a message
	Application string
	Attachments []fitconnect.Attachment
}

// ZBP is the mailbox system. It is safe for concurrent use.
type ZBP struct {
	opt  Options
	dest *fitconnecttest.Zustellpunkt
	sub  *fitconnect.Subscriber

	mu       sync.Mutex
	taken    []Zustellung        // GUARDED_BY(mu)
	findings map[string][]string // GUARDED_BY(mu); by submission id
	seen     map[string]bool     // GUARDED_BY(mu)
	refuse   int                 // GUARDED_BY(mu)
	silent   bool                // GUARDED_BY(mu)
}

// New adds the destination of the ZBP to a delivery service.
func New(z *fitconnecttest.Zustelldienst, o *Options) (*ZBP, error) {
	b := &ZBP{findings: map[string][]string{}, seen: map[string]bool{}}
	if o != nil {
		b.opt = *o
	}
	if b.opt.Now == nil {
		b.opt.Now = time.Now
	}
	p := b.opt.Destination
	p.Name = "ZBP"
	p.Services = nil
	for _, id := range []string{bundid.ServiceMessage, bundid.ServiceStatus} {
		p.Services = append(p.Services, fitconnecttest.Service(id, bundid.SchemaURI, fitconnect.MIMEJSON))
	}
	var err error
	if b.dest, err = z.AddDestination(p); err != nil {
		return nil, err
	}
	if b.sub, err = b.dest.Subscriber(nil, nil); err != nil {
		return nil, err
	}
	return b, nil
}

// ID is the destination to send to.
func (b *ZBP) ID() string { return b.dest.ID }

// RefuseNext makes the ZBP reject the next n submissions, whatever they hold.
func (b *ZBP) RefuseNext(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = n
}

// Silent makes the ZBP decide nothing until it is called with false.
func (b *ZBP) Silent(silent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.silent = silent
}

// Work receives and judges everything that waits.
func (b *ZBP) Work(ctx context.Context) error {
	b.mu.Lock()
	silent := b.silent
	b.mu.Unlock()
	if silent {
		return nil
	}
	for ref, err := range b.sub.List(ctx) {
		if err != nil {
			return err
		}
		if err := b.one(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}

func (b *ZBP) one(ctx context.Context, ref fitconnect.SubmissionRef) error {
	r, err := b.sub.Fetch(ctx, ref.SubmissionID)
	if p := fehler.ProblemeIn(err); p != nil {
		return errors.Join(b.note(ref.SubmissionID, "fitconnect"), b.sub.Reject(ctx, ref, fitconnect.ProblemsOf(p)))
	}
	if err != nil {
		return err
	}
	taken, found := b.judge(r)
	b.mu.Lock()
	if b.refuse > 0 {
		b.refuse--
		found = append(found, "refused on request")
	}
	b.mu.Unlock()
	if len(found) > 0 {
		return errors.Join(b.note(ref.SubmissionID, found...), b.sub.Reject(ctx, ref, fitconnect.ProblemsOf(
			fehler.Probleme{fitconnect.Finding(fitconnect.SlugSchemaViolation, fitconnect.InstanceData, "refused")})))
	}
	b.mu.Lock()
	if !b.seen[ref.SubmissionID] {
		b.seen[ref.SubmissionID] = true
		b.taken = append(b.taken, taken)
	}
	b.mu.Unlock()
	return b.sub.Accept(ctx, r)
}

func (b *ZBP) note(id string, found ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.findings[id] = append(b.findings[id], found...)
	return nil
}

// Findings tells why a submission was rejected.
func (b *ZBP) Findings(submissionID string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.findings[submissionID])
}

// Taken gives everything accepted, in order.
func (b *ZBP) Taken() []Zustellung {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.taken)
}

// Post gives the messages in a mailbox, in order.
func (b *ZBP) Post(mailbox string) (out []Zustellung) {
	for _, t := range b.Taken() {
		if !t.IsStatus && t.Mailbox == mailbox {
			out = append(out, t)
		}
	}
	return out
}

// Identity is an authority with a key and a certificate it issued itself. TEST ONLY.
type Identity struct {
	Key         *rsa.PrivateKey
	Certificate *x509.Certificate
}

// IdentityOptions adjust [NewIdentity]; the zero value of every field is a default.
type IdentityOptions struct {
	Key                 *rsa.PrivateKey // nil: the test key KeySigning2
	CommonName          string          // empty: "Stadt Beispiel"
	NotBefore, NotAfter time.Time       // zero: 2020 and 2099
}

// NewIdentity makes an Identity.
func NewIdentity(o *IdentityOptions) (*Identity, error) {
	var c IdentityOptions
	if o != nil {
		c = *o
	}
	if c.Key == nil {
		k, err := fitconnecttest.TestKey(fitconnecttest.KeySigning2)
		if err != nil {
			return nil, err
		}
		c.Key = k.Private
	}
	if c.CommonName == "" {
		c.CommonName = "Stadt Beispiel"
	}
	if c.NotBefore.IsZero() {
		c.NotBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: c.CommonName}, NotBefore: c.NotBefore,
		NotAfter: c.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &c.Key.PublicKey, c.Key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Identity{Key: c.Key, Certificate: cert}, nil
}

// Trusted gives a pool with the certificate alone.
func (i *Identity) Trusted() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(i.Certificate)
	return p
}
