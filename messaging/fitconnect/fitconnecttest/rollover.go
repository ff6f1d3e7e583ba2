package fitconnecttest

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// RotateSigning publishes a new signature key, with which subscribers made from
// now on sign; the old one stays published, so that its events still verify.
func (p *Zustellpunkt) RotateSigning(k Key) error {
	jwk := k.Public(fitconnect.UseVerify)
	if err := jwk.Check(fitconnect.UseVerify, nil); err != nil {
		return err
	}
	p.z.mu.Lock()
	defer p.z.mu.Unlock()
	p.published[k.Kid], p.signingKids[k.Kid], p.Signing = jwk, true, k
	return nil
}

// Withdraw stops publishing a key. That of the announced kid cannot be withdrawn.
func (p *Zustellpunkt) Withdraw(kid string) error {
	p.z.mu.Lock()
	defer p.z.mu.Unlock()
	if _, ok := p.published[kid]; !ok || kid == p.encryptKid {
		return fmt.Errorf("fitconnecttest: key %q is not published, or in use", kid)
	}
	delete(p.published, kid)
	delete(p.signingKids, kid)
	return nil
}

func (p *Zustellpunkt) signing() Key {
	p.z.mu.Lock()
	defer p.z.mu.Unlock()
	return p.Signing
}
