package dmstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func answerCases() []Fall {
	const g = "antworten"
	fall := func(name, satz string, run func(context.Context, *Stand, dms.Rueckmelder) error) Fall {
		return Fall{Gruppe: g, Name: name, Satz: satz, answers: true, run: func(ctx context.Context, s *Stand) error {
			r, ok := s.Ziel.(dms.Rueckmelder)
			if !ok {
				return errors.New("the Ziel is no dms.Rueckmelder; set Options.NoAnswers if that is intended")
			}
			return run(ctx, s, r)
		}}
	}
	return []Fall{
		fall("all-kinds", "Answers goes through the answers nobody acknowledged yet.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			want := []dms.Antwort{antwort("a", dms.AntwortEmpfangen), antwort("b", dms.AntwortImportiert), antwort("c", dms.AntwortTeilweise), antwort("d", dms.AntwortAbgelehnt)}
			for _, a := range want {
				if err := s.Answer(a); err != nil {
					return err
				}
			}
			got, err := collect(ctx, r)
			if err != nil {
				return err
			}
			return sameAnswers(want, got)
		}),
		fall("oldest-first", "Oldest first.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			var want []string
			for i := range 3 {
				a := antwort(fmt.Sprint("old", 9-i), dms.AntwortImportiert)
				want = append(want, a.ProzessID)
				if err := s.Answer(a); err != nil {
					return err
				}
				time.Sleep(15 * time.Millisecond) // stores with coarse clocks
			}
			got, err := collect(ctx, r)
			if err != nil {
				return err
			}
			var order []string
			for _, a := range got {
				order = append(order, a.ProzessID)
			}
			return expect(slices.Equal(want, order), "order is %v, want %v", order, want)
		}),
		fall("comes-again", "An answer that is not acknowledged comes again with the next call.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			if err := s.Answer(antwort("again", dms.AntwortImportiert)); err != nil {
				return err
			}
			for range 2 {
				if got, err := collect(ctx, r); err != nil || len(got) != 1 {
					return fmt.Errorf("%d answers, want 1 (%v)", len(got), err)
				}
			}
			return nil
		}),
		fall("ack", "An acknowledged answer never comes again. Acknowledging twice is no error.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			if err := first(s.Answer(antwort("ack1", dms.AntwortImportiert)), s.Answer(antwort("ack2", dms.AntwortAbgelehnt))); err != nil {
				return err
			}
			got, err := collect(ctx, r)
			if err != nil || len(got) != 2 || got[0].Kennung == "" || got[0].Kennung == got[1].Kennung {
				return fmt.Errorf("%d answers without distinct Kennung, want 2 (%v)", len(got), err)
			}
			if err := first(r.Ack(ctx, got[0].Kennung), r.Ack(ctx, got[0].Kennung)); err != nil {
				return fmt.Errorf("Ack: %w", err)
			}
			left, err := collect(ctx, r)
			if err != nil {
				return err
			}
			return expect(len(left) == 1 && left[0].ProzessID == got[1].ProzessID, "%d answers are left, want the other one", len(left))
		}),
		fall("ack-while-reading", "The caller may acknowledge within the sequence.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			for i := range 3 {
				if err := s.Answer(antwort(fmt.Sprint("within", i), dms.AntwortImportiert)); err != nil {
					return err
				}
			}
			n := 0
			for a, err := range r.Answers(ctx) {
				if err := first(err, r.Ack(ctx, a.Kennung)); err != nil {
					return err
				}
				n++
			}
			left, err := collect(ctx, r)
			return first(err, expect(n == 3 && len(left) == 0, "%d answers given, %d left", n, len(left)))
		}),
		fall("unknown-ack", "An unknown Kennung is fehler.ErrNotFound.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			for _, k := range []string{"", "unknown", "../" + ID("x") + "_Abgabe.ImportBestaetigen.0402.xml", ID("x") + "_Abgabe.ImportBestaetigen.0402.xml"} {
				if err := r.Ack(ctx, k); !errors.Is(err, fehler.ErrNotFound) {
					return fmt.Errorf("Ack of %q gave %v", k, err)
				}
			}
			return nil
		}),
		fall("garbage", "One that cannot be read is given with only Kennung set and an error of kind fehler.ErrInvalid; the others follow.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			if err := first(s.Garbage(), s.Answer(antwort("good", dms.AntwortImportiert))); err != nil {
				return err
			}
			bad, good := 0, 0
			for a, err := range r.Answers(ctx) {
				switch {
				case err == nil:
					good++
				case !errors.Is(err, fehler.ErrInvalid) || a.Kennung == "" || a.ProzessID != "" || a.Art != "":
					return fmt.Errorf("an unreadable answer gave %+v and %v", a, err)
				default:
					bad++
					if err := r.Ack(ctx, a.Kennung); err != nil {
						return fmt.Errorf("an unreadable answer cannot be acknowledged: %w", err)
					}
				}
			}
			left, err := collect(ctx, r)
			return first(err, expect(bad > 0 && good == 1 && len(left) == 1, "%d unreadable, %d readable, then %d left", bad, good, len(left)))
		}),
		fall("stop", "The caller may stop at any time.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			if err := first(s.Answer(antwort("s1", dms.AntwortImportiert)), s.Answer(antwort("s2", dms.AntwortImportiert))); err != nil {
				return err
			}
			for range r.Answers(ctx) {
				break
			}
			got, err := collect(ctx, r)
			return first(err, expect(len(got) == 2, "%d answers after stopping, want 2", len(got)))
		}),
		fall("cancelled", "A context error ends the sequence.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			if err := s.Answer(antwort("c", dms.AntwortImportiert)); err != nil {
				return err
			}
			gone, cancel := context.WithCancel(ctx)
			cancel()
			n := 0
			for _, err := range r.Answers(gone) {
				if n++; err != context.Canceled {
					return fmt.Errorf("a cancelled context gave %v", err)
				}
			}
			return expect(n == 1, "%d elements after the context ended, want its error alone", n)
		}),
		fall("after-restart", "Nothing is lost when the caller dies.", func(ctx context.Context, s *Stand, r dms.Rueckmelder) error {
			if s.Reopen == nil {
				return nil
			}
			if err := s.Answer(antwort("restart", dms.AntwortImportiert)); err != nil {
				return err
			}
			if _, err := collect(ctx, r); err != nil {
				return err
			}
			z, err := s.Reopen()
			if err != nil {
				return err
			}
			r, ok := z.(dms.Rueckmelder)
			if !ok {
				return errors.New("the reopened Ziel is no dms.Rueckmelder")
			}
			got, err := collect(ctx, r)
			return first(err, expect(len(got) == 1, "%d answers after the restart, want 1", len(got)))
		}),
	}
}

// antwort makes an answer of a kind, with objects that agree with it.
func antwort(name string, art dms.Antwortart) dms.Antwort {
	good := dms.ObjektErgebnis{ID: ID(name + "/gut"), Erfolgreich: true}
	bad := dms.ObjektErgebnis{ID: ID(name + "/schlecht"), Meldungen: []string{"nicht übernommen"}}
	a := dms.Antwort{ProzessID: ID(name), Art: art, Zeit: zeit.Add(time.Hour)}
	switch art {
	case dms.AntwortImportiert:
		a.Objekte = []dms.ObjektErgebnis{good}
	case dms.AntwortTeilweise:
		a.Objekte = []dms.ObjektErgebnis{good, bad}
	case dms.AntwortAbgelehnt:
		a.Objekte = []dms.ObjektErgebnis{bad}
	}
	return a
}

func collect(ctx context.Context, r dms.Rueckmelder) (out []dms.Antwort, err error) {
	for a, err := range r.Answers(ctx) {
		if err != nil {
			return out, fmt.Errorf("Answers: %w", err)
		}
		out = append(out, a)
	}
	return out, nil
}

func sameAnswers(want, got []dms.Antwort) error {
	if len(want) != len(got) {
		return fmt.Errorf("%d answers, want %d", len(got), len(want))
	}
	for _, w := range want {
		i := slices.IndexFunc(got, func(a dms.Antwort) bool { return a.ProzessID == w.ProzessID })
		if i < 0 {
			return fmt.Errorf("the answer %s is missing", w.Art)
		}
		g := got[i]
		ok := g.Art == w.Art && g.Zeit.Equal(w.Zeit) && slices.EqualFunc(g.Objekte, w.Objekte, func(a, b dms.ObjektErgebnis) bool {
			return a.ID == b.ID && a.Erfolgreich == b.Erfolgreich && slices.Equal(a.Meldungen, b.Meldungen)
		})
		if !ok {
			return fmt.Errorf("answer is %+v, want %+v", g, w)
		}
	}
	return nil
}
