package fitconnecttest

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// BeispielLeistung is the service a destination accepts if its params name none.
const BeispielLeistung = "urn:de:fim:leika:leistung:99115005104000"

// BeispielSchema is the data schema a destination accepts if its params name none.
const BeispielSchema = "https://schema.fitko.de/fim/s00000096_1.0.schema.json"

// DestinationParams describe a destination; every field has a default.
type DestinationParams struct {
	ID         string // empty: a new UUID
	Name       string
	Services   []fitconnect.DestinationService // nil: BeispielLeistung with BeispielSchema
	Encryption Key                             // zero: KeyEncryption1
	Signing    Key                             // zero: KeySigning1
	Callback   *fitconnect.Callback
	// Status is empty for active.
	Status string
	// MetadataVersions are those announced; nil is "2.1.0".
	MetadataVersions []string
}

// Zustellpunkt is a destination of the double with both halves of its keys.
type Zustellpunkt struct {
	ID          string
	Credentials fitconnect.Credentials // of its subscriber client
	// Signing signs the events of the destination.
	Signing Key

	z           *Zustelldienst
	name        string
	status      string
	services    []fitconnect.DestinationService
	contact     *fitconnect.ContactInformation
	client      *client
	callback    *fitconnect.Callback
	encryption  []Key                     // oldest first; the last one is announced
	encryptKid  string                    // announced
	published   map[string]fitconnect.JWK // all public keys by kid
	signingKids map[string]bool
	metadata    []string           // versions
	senderV1    *fitconnect.Client // of SendeV1, made when needed
	made        []*fitconnect.Client
}

// AddDestination registers an active destination with a subscriber client of its own.
func (z *Zustelldienst) AddDestination(p DestinationParams) (*Zustellpunkt, error) {
	for key, name := range map[*Key]string{&p.Encryption: KeyEncryption1, &p.Signing: KeySigning1} {
		if key.Private != nil {
			continue
		}
		k, err := TestKey(name)
		if err != nil {
			return nil, err
		}
		*key = k
	}
	enc, sig := p.Encryption.Public(fitconnect.UseEncrypt), p.Signing.Public(fitconnect.UseVerify)
	if err := errors.Join(enc.Check(fitconnect.UseEncrypt, nil), sig.Check(fitconnect.UseVerify, nil)); err != nil {
		return nil, err
	}
	if p.Status == "" {
		p.Status = fitconnect.DestinationActive
	}
	if p.Services == nil {
		p.Services = []fitconnect.DestinationService{{Identifier: BeispielLeistung, Regions: []string{"DE000000000000"},
			SubmissionSchemas: []fitconnect.SchemaRef{{SchemaURI: BeispielSchema, MIMEType: fitconnect.MIMEJSON}}}}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if p.ID == "" {
		p.ID = z.opt.NewID()
	}
	if z.destinations[p.ID] != nil {
		return nil, fmt.Errorf("fitconnecttest: destination %s exists", p.ID)
	}
	d := &Zustellpunkt{z: z, ID: p.ID, Signing: p.Signing, name: p.Name, status: p.Status, services: p.Services,
		metadata: p.MetadataVersions, client: z.addClient(fitconnect.ScopeSubscribe), callback: p.Callback, encryption: []Key{p.Encryption}, encryptKid: enc.Kid,
		published: map[string]fitconnect.JWK{enc.Kid: enc, sig.Kid: sig}, signingKids: map[string]bool{sig.Kid: true}}
	d.Credentials = d.client.cred
	z.destinations[d.ID] = d
	return d, nil
}

// Rotate announces a new encryption key; the old one stays published, as during
// a rollover.
func (p *Zustellpunkt) Rotate(k Key) error {
	jwk := k.Public(fitconnect.UseEncrypt)
	if err := jwk.Check(fitconnect.UseEncrypt, nil); err != nil {
		return err
	}
	p.z.mu.Lock()
	defer p.z.mu.Unlock()
	p.encryption = append(p.encryption, k)
	p.published[k.Kid], p.encryptKid = jwk, k.Kid
	return nil
}

// SetCallback registers where submissions are announced; an empty URL removes it.
func (p *Zustellpunkt) SetCallback(cb fitconnect.Callback) {
	p.z.mu.Lock()
	defer p.z.mu.Unlock()
	p.callback = &cb
	if cb.URL == "" {
		p.callback = nil
	}
}

// Client makes a client with the credentials of the destination. Close of the
// Zustelldienst closes its idle connections.
func (p *Zustellpunkt) Client(o *fitconnect.ClientOptions) (*fitconnect.Client, error) {
	return p.connect(p.z.Endpoints(), o)
}

func (p *Zustellpunkt) connect(e fitconnect.Endpoints, o *fitconnect.ClientOptions) (*fitconnect.Client, error) {
	c, err := fitconnect.NewClient(e, p.Credentials, p.z.clientOptions(o))
	if err != nil {
		return nil, err
	}
	p.z.mu.Lock()
	defer p.z.mu.Unlock()
	p.made = append(p.made, c)
	return c, nil
}

// clientOptions gives every client of a test its own connections.
func (z *Zustelldienst) clientOptions(o *fitconnect.ClientOptions) *fitconnect.ClientOptions {
	var c fitconnect.ClientOptions
	if o != nil {
		c = *o
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Transport: &http.Transport{}}
	}
	if c.Now == nil {
		c.Now = z.opt.Now
	}
	return &c
}

// Subscriber makes a subscriber of the destination with all its keys, ready to
// use. Its clock is that of the Zustelldienst unless the options name another.
func (p *Zustellpunkt) Subscriber(co *fitconnect.ClientOptions, so *fitconnect.SubscriberOptions) (*fitconnect.Subscriber, error) {
	return p.subscriber(p.z.Endpoints(), co, so)
}

func (p *Zustellpunkt) subscriber(e fitconnect.Endpoints, co *fitconnect.ClientOptions, so *fitconnect.SubscriberOptions) (*fitconnect.Subscriber, error) {
	c, err := p.connect(e, co)
	if err != nil {
		return nil, err
	}
	var opt fitconnect.SubscriberOptions
	if so != nil {
		opt = *so
	}
	if opt.Now == nil {
		opt.Now = p.z.opt.Now
	}
	ring, err := p.Keyring()
	if err != nil {
		return nil, err
	}
	return fitconnect.NewSubscriber(fitconnect.SubscriberParams{
		Client: c, DestinationID: p.ID, Keys: ring, Signing: p.signing().Signing()}, &opt)
}

// Keyring holds all private encryption keys of the destination.
func (p *Zustellpunkt) Keyring() (*fitconnect.Keyring, error) {
	p.z.mu.Lock()
	keys := make([]fitconnect.DecryptionKey, len(p.encryption))
	for i, k := range p.encryption {
		keys[i] = k.Decryption()
	}
	p.z.mu.Unlock()
	return fitconnect.NewKeyring(keys...)
}

// view is what the service publishes; the caller holds z.mu.
func (p *Zustellpunkt) view() fitconnect.Destination {
	versions := p.metadata
	if versions == nil {
		versions = []string{"2.1.0"}
	}
	return fitconnect.Destination{DestinationID: p.ID, Name: p.name, Status: p.status, EncryptionKid: p.encryptKid,
		MetadataVersions: versions, PublicServices: p.services, ContactInformation: p.contact}
}
