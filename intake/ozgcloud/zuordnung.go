package ozgcloud

import (
	"context"
	"io"

	"github.com/ozg-fachwerk/fachwerk/intake"
)

// Zuordnung finds service and place of a submission. What it does not know is "": the
// delivery then lies in the Klaerfach. Implementations are safe for concurrent use.
type Zuordnung interface {
	// Zuordnen gives the Leistungsschluessel and the ARS, as a Lieferung has them.
	Zuordnen(c Control) (leistung, ort string)
}

// Tabelle is a Zuordnung by two lists. It must not change while it is used.
type Tabelle struct {
	// Stellen gives the ARS of each zustaendigeStelle.
	Stellen map[string]string `json:"stellen"`
	// Formulare gives the Leistungsschluessel of a formId. It goes before the leikaIds,
	// which some senders leave empty; without an entry the only one of these counts.
	Formulare map[string]string `json:"formulare"`
}

// Zuordnen looks into the lists.
func (t Tabelle) Zuordnen(c Control) (leistung, ort string) {
	leistung = t.Formulare[c.FormID]
	if leistung == "" && len(c.LeikaIDs) == 1 {
		leistung = c.LeikaIDs[0]
	}
	return leistung, t.Stellen[c.ZustaendigeStelle]
}

// Reassign looks up service and place of a delivery in the Klaerfach anew, for
// [intake.Annahme.Rerun] after the Zuordnung was completed. A delivery of another
// channel, or one that cannot be read, stays as it is.
func (h *Handler) Reassign(ctx context.Context) func(*intake.Lieferung) {
	return func(l *intake.Lieferung) {
		if l.Kanal != Kanal || l.Fachdaten.Open == nil {
			return
		}
		r, err := l.Fachdaten.Open(ctx)
		if err != nil {
			return
		}
		defer r.Close()
		b, err := io.ReadAll(io.LimitReader(r, h.o.Limits.FormData+1))
		if err != nil {
			return
		}
		if g, err := h.o.Parser.read(b); err == nil {
			l.Leistung, l.Ort = h.p.Zuordnung.Zuordnen(g.control)
		}
	}
}
