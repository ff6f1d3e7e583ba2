package zahlungtest

import (
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func stornierer(t TB, f Fall) zahlung.Stornierer {
	t.Helper()
	s, ok := f.Weg.(zahlung.Stornierer)
	if !ok {
		t.Fatalf("no Stornierer; declare the capability %q as unsupported if that is meant", Storno)
	}
	return s
}

func cancelInitial(t TB, o Options) {
	f, a, z := start(t, o)
	for range 2 {
		y, err := stornierer(t, f).Cancel(t.Context(), z)
		if err != nil || y.Zustand != zahlung.Abgebrochen {
			t.Fatalf("Cancel gave %q, %v", y.Zustand, err)
		}
		whole(t, f, a, y)
	}
	if q := query(t, f, z); q.Zustand != zahlung.Abgebrochen {
		t.Errorf("after Cancel the state is %q", q.Zustand)
	}
}

func cancelEnded(t TB, o Options) {
	f, a, z := start(t, o)
	f.Setze(a.ID, zahlung.Gebucht)
	_, err := stornierer(t, f).Cancel(t.Context(), z)
	kind(t, err, fehler.ErrConflict)
	if q := query(t, f, z); q.Zustand != zahlung.Gebucht {
		t.Errorf("after a refused Cancel the state is %q", q.Zustand)
	}
}

func erstatter(t TB, f Fall) zahlung.Erstatter {
	t.Helper()
	e, ok := f.Weg.(zahlung.Erstatter)
	if !ok {
		t.Fatalf("no Erstatter; declare the capability %q as unsupported if that is meant", Erstattung)
	}
	return e
}

func refundIdempotent(t TB, o Options) {
	f, a, z := start(t, o)
	f.Setze(a.ID, zahlung.Gebucht)
	id := neu()
	for range 2 {
		y, err := erstatter(t, f).Refund(t.Context(), z, id, 1)
		if err != nil || y.Erstattet != 1 || y.Bezahlt != a.Betrag {
			t.Fatalf("Refund gave %s of %s, %v", y.Erstattet, y.Bezahlt, err)
		}
	}
	y, err := erstatter(t, f).Refund(t.Context(), z, neu(), a.Betrag-1)
	if err != nil || y.Zustand != zahlung.Erstattet || y.Erstattet != a.Betrag {
		t.Errorf("after all was paid back the state is %q, %v", y.Zustand, err)
	}
}

func refundTooMuch(t TB, o Options) {
	f, a, z := start(t, o)
	_, err := erstatter(t, f).Refund(t.Context(), z, neu(), 1)
	kind(t, err, fehler.ErrInvalid)
	f.Setze(a.ID, zahlung.Gebucht)
	_, err = erstatter(t, f).Refund(t.Context(), z, neu(), a.Betrag+1)
	kind(t, err, fehler.ErrInvalid)
	if q := query(t, f, z); q.Erstattet != 0 || q.Zustand != zahlung.Gebucht {
		t.Errorf("after a refused Refund %s were paid back", q.Erstattet)
	}
}
