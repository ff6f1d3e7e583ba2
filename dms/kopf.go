package dms

import (
	"time"
)

// Kopf is what every message says about itself: which process, who, when.
type Kopf struct {
	// ProzessID is the UUID of the process. Up to xdomea 3.1 it is all that correlates:
	// one process has at most one message of a kind.
	ProzessID string `json:"prozessID"`
	// NachrichtID is the UUID of this message and Bezug that of the message it answers;
	// both are transmitted since xdomea 4.0. An empty NachrichtID is derived from the
	// process and the kind of message.
	NachrichtID string `json:"nachrichtID,omitempty"`
	Bezug       string `json:"bezug,omitempty"`
	// Erstellt is when the message was made; it stays the same when it is sent again.
	Erstellt time.Time `json:"erstellt"`
	// Absender and Empfaenger each need at least one value.
	Absender   Kontakt `json:"absender"`
	Empfaenger Kontakt `json:"empfaenger"`
	System     System  `json:"system,omitzero"`
	Hinweis    string  `json:"hinweis,omitempty"`
	// WithReceipt asks for a receipt.
	WithReceipt bool `json:"withReceipt,omitempty"`
}

// Kopf gives the head of the hand-over.
func (p *Paket) Kopf() Kopf {
	return Kopf{ProzessID: p.ProzessID, Erstellt: p.Erstellt, Absender: p.Absender, Empfaenger: p.Empfaenger,
		System: p.System, Hinweis: p.Hinweis, WithReceipt: p.WithReceipt}
}

func (c *pruefer) kopf(k *Kopf) {
	c.uuid("/prozessID", k.ProzessID)
	if k.NachrichtID != "" {
		c.uuid("/nachrichtID", k.NachrichtID)
	}
	if k.Bezug != "" {
		c.uuid("/bezug", k.Bezug)
	}
	c.zeit("/erstellt", k.Erstellt)
	for _, x := range []struct {
		pfad string
		k    *Kontakt
	}{{"/absender", &k.Absender}, {"/empfaenger", &k.Empfaenger}} {
		if x.k.IsZero() {
			c.add("dms.kontakt-leer", x.pfad, "contact without any value", "Absender und Empfänger müssen benannt sein.")
		}
		c.kontakt(x.pfad, x.k)
	}
}
