package fitconnect

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// destinationVersion is the version of the Destination API for changes; its
// writing calls exist in v1 only.
const destinationVersion = "v1"

// CreateDestination registers a destination (scope manage-destinations). It is
// not active yet; see [Client.ActivateDestination]. It is not repeated by itself.
func (c *Client) CreateDestination(ctx context.Context, n NewDestination) (*Destination, error) {
	const op = "POST destination"
	if err := n.EncryptionPublicKey.Check(UseEncrypt, nil); err != nil {
		return nil, err
	}
	if err := n.SigningPublicKey.Check(UseVerify, nil); err != nil {
		return nil, err
	}
	d := &Destination{}
	if err := c.changeDestination(ctx, op, http.MethodPost, "", MIMEJSON, n, d); err != nil {
		return nil, err
	}
	if !isUUID(d.DestinationID) {
		return nil, malformed(op, "answer holds no destination id")
	}
	return d, nil
}

// ActivateDestination lets senders use the destination.
func (c *Client) ActivateDestination(ctx context.Context, destinationID string) error {
	return c.patchDestination(ctx, destinationID, map[string]string{"status": DestinationActive})
}

// SetCallback registers where the service announces submissions. The URL must be
// https, except on loopback; the secret cannot be read back.
func (c *Client) SetCallback(ctx context.Context, destinationID string, cb Callback) error {
	if err := checkBase(cb.URL); err != "" {
		return invalid("SetCallback", "callback URL: %s", err)
	}
	if cb.Secret == "" {
		return invalid("SetCallback", "secret is required")
	}
	return c.patchDestination(ctx, destinationID, map[string]Callback{"callback": cb})
}

func (c *Client) patchDestination(ctx context.Context, destinationID string, patch any) error {
	const op = "PATCH destination"
	if err := checkIDs(op, destinationID); err != nil {
		return err
	}
	return c.changeDestination(ctx, op, http.MethodPatch, "/"+destinationID, "application/merge-patch+json", patch, nil)
}

func (c *Client) changeDestination(ctx context.Context, op, method, path, contentType string, in, out any) error {
	if c.end.DestinationAPI == "" {
		return fehler.New("fitconnect."+op, "", fehler.ErrUnsupported, nil)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return invalid(op, "%w", err)
	}
	return c.do(ctx, request{op: op, method: method, idempotent: method == http.MethodPatch,
		url: c.end.DestinationAPI + "/" + destinationVersion + "/destinations" + path, body: body,
		contentType: contentType, accept: MIMEJSON, limit: c.opt.MaxJSON,
	}, func(a *response) error {
		if out == nil {
			return nil
		}
		if err := json.Unmarshal(a.body, out); err != nil {
			return malformed(op, "answer is not the expected JSON")
		}
		return nil
	})
}
