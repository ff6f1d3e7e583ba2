package storage

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Auskunft gives the public state of a Vorgang to a citizen without an account, by the
// Vorgangsnummer and the code of [vorgang.Vorgang.IssueZugangscode]. A wrong code and a
// number that does not exist are the same ErrNotFound. Codes are too long to be guessed;
// who offers this to the public limits the tries anyway.
func (s *Store) Auskunft(ctx context.Context, mandant tenant.ID, nummer, code string) (vorgang.Oeffentlich, error) {
	missing := fehler.New("storage.Auskunft", "", ErrNotFound, nil)
	if nummer == "" {
		return vorgang.Oeffentlich{}, missing
	}
	for v, err := range s.Vorgaenge(ctx, mandant, PageParams{Filter: Filter{Nummer: nummer}, Limit: 1}) {
		if err != nil {
			return vorgang.Oeffentlich{}, err
		}
		if v.Stand().OpensWith(code) {
			return v.Oeffentlich(s.now()), nil
		}
	}
	return vorgang.Oeffentlich{}, missing
}
