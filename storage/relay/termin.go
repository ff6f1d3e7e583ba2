package relay

import (
	"context"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Termine are the Handlers of the Auftraege that only wait for their day: warnings
// before a deadline, the end of an offered Weiterleitung, and reminders of fees. now is the clock of the
// Store; nil means time.Now.
func Termine(now func() time.Time) map[vorgang.AuftragArt]Handler {
	if now == nil {
		now = time.Now
	}
	a := tenant.System("termine")
	return map[vorgang.AuftragArt]Handler{
		vorgang.FristWarnen: HandlerFunc(func(_ context.Context, x vorgang.Auftrag, _ *vorgang.Vorgang) (Bericht, error) {
			var w vorgang.Warnung
			if err := x.Decode(&w); err != nil {
				return nil, err
			}
			return wennMeldbar(a, now, func(v *vorgang.Vorgang) error { return v.RecordWarnung(a, now(), w) }), nil
		}),
		vorgang.WeiterleitungAblaufen: HandlerFunc(func(_ context.Context, x vorgang.Auftrag, _ *vorgang.Vorgang) (Bericht, error) {
			var d vorgang.WeiterleitungDaten
			if err := x.Decode(&d); err != nil {
				return nil, err
			}
			return wennMeldbar(a, now, func(v *vorgang.Vorgang) error { return v.ExpireWeiterleitung(a, now(), d.Weiterleitung) }), nil
		}),
		vorgang.GebuehrMahnen: HandlerFunc(func(_ context.Context, x vorgang.Auftrag, _ *vorgang.Vorgang) (Bericht, error) {
			var d vorgang.MahnungDaten
			if err := x.Decode(&d); err != nil {
				return nil, err
			}
			return wennMeldbar(a, now, func(v *vorgang.Vorgang) error { return v.ReachMahnung(a, now(), d) }), nil
		}),
	}
}

// wennMeldbar reports nothing to a Vorgang that takes no reports any more: it is about
// to be deleted or is, and nobody waits for the day.
func wennMeldbar(a tenant.Akteur, now func() time.Time, b Bericht) Bericht {
	return func(v *vorgang.Vorgang) error {
		if v.May(a, now(), vorgang.BefehlMelden) != nil {
			return nil
		}
		return b(v)
	}
}
