package fitconnecttest

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

func (z *Zustelldienst) getDestination(w http.ResponseWriter, r *http.Request, _ *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	d := z.destinations[r.PathValue("destination")]
	if d == nil {
		fail(w, http.StatusNotFound, "destination-not-found", "destination is unknown")
		return
	}
	answer(w, http.StatusOK, d.view())
}

func (z *Zustelldienst) getKey(w http.ResponseWriter, r *http.Request, _ *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	d := z.destinations[r.PathValue("destination")]
	if d == nil {
		fail(w, http.StatusNotFound, "destination-not-found", "destination is unknown")
		return
	}
	k, ok := d.published[r.PathValue("kid")]
	if !ok {
		fail(w, http.StatusNotFound, "", "key is unknown")
		return
	}
	answer(w, http.StatusOK, k)
}

func (z *Zustelldienst) getKeys(w http.ResponseWriter, r *http.Request, _ *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	d := z.destinations[r.PathValue("destination")]
	if d == nil {
		fail(w, http.StatusNotFound, "destination-not-found", "destination is unknown")
		return
	}
	var set fitconnect.JWKSet
	for _, k := range d.published {
		set.Keys = append(set.Keys, k)
	}
	slices.SortFunc(set.Keys, func(a, b fitconnect.JWK) int { return strings.Compare(a.Kid, b.Kid) })
	answer(w, http.StatusOK, set)
}

// postDestination registers a destination of the caller; it must be activated.
func (z *Zustelldienst) postDestination(w http.ResponseWriter, r *http.Request, c *client) {
	var n fitconnect.NewDestination
	if !readJSON(w, r, &n) {
		return
	}
	err := errors.Join(n.EncryptionPublicKey.Check(fitconnect.UseEncrypt, nil), n.SigningPublicKey.Check(fitconnect.UseVerify, nil))
	if err != nil || n.EncryptionKid != n.EncryptionPublicKey.Kid || len(n.Services) == 0 {
		fail(w, http.StatusUnprocessableEntity, "", "keys or services are not valid")
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	enc, sig := n.EncryptionPublicKey, n.SigningPublicKey
	d := &Zustellpunkt{z: z, ID: z.opt.NewID(), Credentials: c.cred, name: n.Name, status: fitconnect.DestinationCreated,
		services: n.Services, contact: n.ContactInformation, client: c, encryptKid: n.EncryptionKid,
		published: map[string]fitconnect.JWK{enc.Kid: enc, sig.Kid: sig}, signingKids: map[string]bool{sig.Kid: true}}
	c.scopes[fitconnect.ScopeSubscribe] = true // the portal assigns the destination to the client
	z.destinations[d.ID] = d
	answer(w, http.StatusCreated, d.view())
}

func (z *Zustelldienst) patchDestination(w http.ResponseWriter, r *http.Request, c *client) {
	var patch struct {
		Status   string
		Callback *fitconnect.Callback
	}
	if !readJSON(w, r, &patch) {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	d := z.destinations[r.PathValue("destination")]
	switch {
	case d == nil:
		fail(w, http.StatusNotFound, "destination-not-found", "destination is unknown")
		return
	case d.client != c:
		fail(w, http.StatusForbidden, "", "destination of another client")
		return
	}
	if patch.Status != "" {
		d.status = patch.Status
	}
	if patch.Callback != nil {
		d.callback = patch.Callback
	}
	answer(w, http.StatusOK, d.view())
}
