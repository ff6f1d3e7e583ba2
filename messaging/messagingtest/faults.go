package messagingtest

import (
	"context"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func (f Fall) geduld() time.Duration {
	if f.Geduld > 0 {
		return f.Geduld
	}
	return 20 * time.Second
}

// within delivers and fails if it takes longer than the Geduld. The Kanal gets a
// context without a deadline: the bound must be its own.
func within(t TB, ctx context.Context, f Fall, s messaging.Sendung) ergebnis {
	t.Helper()
	done := make(chan ergebnis, 1)
	go func() {
		q, err := f.Kanal.Deliver(ctx, s)
		done <- ergebnis{q, err}
	}()
	select {
	case e := <-done:
		return e
	case <-time.After(f.geduld()):
		t.Fatalf("Deliver takes longer than %s", f.geduld())
		return ergebnis{}
	}
}

func stoere(t TB, o Options, st Stoerung) (Fall, messaging.Sendung) {
	t.Helper()
	f := o.New(t)
	if f.Stoere == nil {
		t.Fatalf("the Fall has no Stoere; declare the capability %q as unsupported if that is meant", st.Capability())
	}
	f.Stoere(st)
	return f, o.sendung(f, &buch{}, 0)
}

// fault: refused while the system misbehaves, delivered once when it behaves again.
func fault(st Stoerung) func(t TB, o Options) {
	return func(t TB, o Options) {
		f, s := stoere(t, o, st)
		err := within(t, t.Context(), f, s).err
		if unsure(t, f, s, err, st) {
			return
		}
		kind(t, err, fehler.ErrUnavailable)
		if st != Schweigen { // it may have taken it
			count(t, f, s.ID, 0)
		}
		afterwards(t, f, s)
	}
}

func afterwards(t TB, f Fall, s messaging.Sendung) {
	t.Helper()
	f.Stoere(Ruhe)
	if e := within(t, t.Context(), f, s); e.err != nil || e.q.Sendung != s.ID {
		t.Errorf("after the fault the Sendung gave %+v, %v", e.q, e.err)
	}
	count(t, f, s.ID, 1)
}

// lostAnswer: whether the Kanal asks again by itself or leaves it to the caller, one
// message arrives.
func lostAnswer(t TB, o Options) {
	f, s := stoere(t, o, AntwortVerloren)
	if err := within(t, t.Context(), f, s).err; err != nil {
		if unsure(t, f, s, err, AntwortVerloren) {
			return
		}
		kind(t, err, fehler.ErrUnavailable)
	}
	count(t, f, s.ID, 1)
	afterwards(t, f, s)
}

func silenceCancelled(t TB, o Options) {
	f, s := stoere(t, o, Schweigen)
	ctx, cancel := context.WithCancel(t.Context())
	stop := time.AfterFunc(50*time.Millisecond, cancel)
	defer stop.Stop()
	defer cancel()
	e := within(t, ctx, f, s)
	if e.err != context.Canceled { // unwrapped: not errors.Is
		t.Errorf("a context that ended while waiting gave %v, want exactly %v", e.err, context.Canceled)
	}
	if unsure(t, f, s, e.err, Schweigen) {
		return
	}
	afterwards(t, f, s)
}
