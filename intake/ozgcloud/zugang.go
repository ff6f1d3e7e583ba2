package ozgcloud

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zugang is one sender that may deliver: by a bearer token, by a client certificate,
// or by either.
type Zugang struct {
	// Name of the sender: small letters, digits and "-", at most 40. It separates the
	// transactionIds of senders and is the Onlinedienst of what they send. Mandatory.
	Name string `json:"name"`
	// Token are hashes made by [HashToken]; several allow a change without a gap.
	Token []string `json:"token,omitempty"`
	// Zertifikate are names of client certificates the server has verified:
	// "subject:CN=formulare,O=Stadt" (as [crypto/x509/pkix.Name.String] writes it),
	// "dns:formulare.example.org" or "uri:spiffe://example.org/formulare".
	Zertifikate []string `json:"zertifikate,omitempty"`
	// Stellen bounds what zustaendigeStelle the sender may name; empty means any.
	Stellen []string `json:"stellen,omitempty"`
}

const minToken = 32

// HashToken gives the form of a token for the configuration: SHA-256, in hex. A token
// of fewer than 32 bytes is ErrInvalid: without a salt only long random ones are safe.
func HashToken(token string) (string, error) {
	if len(token) < minToken {
		return "", fehler.New("ozgcloud.HashToken", "", fehler.ErrInvalid, errors.New("the token is shorter than 32 bytes"))
	}
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:]), nil
}

// zugang is a Zugang whose hashes are decoded.
type zugang struct {
	Zugang
	hashes [][]byte
}

var nameForm = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

func prepare(list []Zugang) ([]zugang, error) {
	fail := func(name, text string) ([]zugang, error) {
		return nil, fehler.New("ozgcloud.New", name, fehler.ErrInvalid, errors.New(text))
	}
	var out []zugang
	for i, z := range list {
		if !nameForm.MatchString(z.Name) || slices.ContainsFunc(list[:i], func(o Zugang) bool { return o.Name == z.Name }) {
			return fail(z.Name, "the name of a Zugang is not of small letters, digits and -, or there twice")
		}
		if len(z.Token)+len(z.Zertifikate) == 0 {
			return fail(z.Name, "a Zugang needs a token or a certificate")
		}
		x := zugang{Zugang: z}
		for _, t := range z.Token {
			h, err := hex.DecodeString(t)
			if err != nil || len(h) != sha256.Size {
				return fail(z.Name, "a token is not hashed with HashToken")
			}
			x.hashes = append(x.hashes, h)
		}
		for _, c := range z.Zertifikate {
			if kind, rest, ok := strings.Cut(c, ":"); !ok || rest == "" || !slices.Contains([]string{"subject", "dns", "uri"}, kind) {
				return fail(z.Name, "a certificate is not subject:, dns: or uri:")
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// caller finds who sends. Every hash is compared, whatever the first ones say.
func (h *Handler) caller(r *http.Request) (*zugang, *refusal) {
	if h.o.OhneAnmeldung {
		return &zugang{}, nil
	}
	if z := h.byCertificate(r); z != nil {
		return z, nil
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || len(r.Header.Values("Authorization")) != 1 {
		if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
			return nil, refuse(http.StatusForbidden, "ozgcloud.zertifikat", "", "the certificate is not on the list", "Das Zertifikat des Absenders ist hier nicht eingetragen.")
		}
		return nil, refuse(http.StatusUnauthorized, "ozgcloud.anmeldung", "", "no bearer token", "Der Absender hat sich nicht angemeldet.")
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	var found *zugang
	for i := range h.zugaenge {
		for _, want := range h.zugaenge[i].hashes {
			if subtle.ConstantTimeCompare(sum[:], want) == 1 {
				found = &h.zugaenge[i]
			}
		}
	}
	if found == nil {
		return nil, refuse(http.StatusUnauthorized, "ozgcloud.anmeldung", "", "the bearer token is not known", "Die Anmeldung des Absenders ist nicht gültig.")
	}
	return found, nil
}

func (h *Handler) byCertificate(r *http.Request) *zugang {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return nil
	}
	names := certificateNames(r.TLS.VerifiedChains[0][0])
	for i, z := range h.zugaenge {
		if slices.ContainsFunc(z.Zertifikate, func(c string) bool { return slices.Contains(names, c) }) {
			return &h.zugaenge[i]
		}
	}
	return nil
}

func certificateNames(c *x509.Certificate) []string {
	out := []string{"subject:" + c.Subject.String()}
	for _, d := range c.DNSNames {
		out = append(out, "dns:"+d)
	}
	for _, u := range c.URIs {
		out = append(out, "uri:"+u.String())
	}
	return out
}
