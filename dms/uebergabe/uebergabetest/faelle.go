package uebergabetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func sendCases() []Fall {
	return []Fall{
		{Gruppe: "inhalt", Name: "all-of-it", Satz: "The receiver sees all of it: a CloudEvent with the Sendung as data, and the bytes of each file.", run: func(ctx context.Context, s *Stand) error {
			x := Beispiel(1)
			vorher, err := x.Dokument(nil)
			if err != nil {
				return err
			}
			q, err := s.Ziel.Uebergeben(ctx, x)
			if err != nil {
				return err
			}
			nachher, err := x.Dokument(nil)
			if err := first(err, expect(bytes.Equal(vorher, nachher), "the Sendung was changed"),
				expect(q.Sendung == x.ID && q.Ziel == s.Ziel.Name() && !q.Zeit.IsZero() && !q.Wiederholt, "the Quittung is wrong")); err != nil {
				return err
			}
			got, err := s.deliveries(ctx, 1)
			if err != nil {
				return err
			}
			return gleich(x, got[0])
		}},
		{Gruppe: "inhalt", Name: "many", Satz: "Sendungen of other ids are deliveries of their own.", run: func(ctx context.Context, s *Stand) error {
			for n := range byte(3) {
				if _, err := s.Ziel.Uebergeben(ctx, Beispiel(n+1)); err != nil {
					return err
				}
			}
			got, err := s.deliveries(ctx, 3)
			if err != nil {
				return err
			}
			for n := range byte(3) {
				x := Beispiel(n + 1)
				if !slices.ContainsFunc(got, func(a Angekommen) bool { return gleich(x, a) == nil }) {
					return fmt.Errorf("delivery %d is missing", n)
				}
			}
			return nil
		}},
		{Gruppe: "inhalt", Name: "name", Satz: "Name is stable and not empty.", run: func(_ context.Context, s *Stand) error {
			before := s.Ziel.Name()
			z, err := s.Reopen()
			return first(err, expect(before != "" && err == nil && z.Name() == before, "no stable name"))
		}},
		{Gruppe: "idempotenz", Name: "again", Satz: "It is idempotent by ID: the receiver sees a Sendung once, however often it is given.", run: func(ctx context.Context, s *Stand) error {
			for i := range 3 {
				q, err := s.Ziel.Uebergeben(ctx, Beispiel(1))
				if err := first(err, expect(i > 0 || !q.Wiederholt, "the first is no repeat")); err != nil {
					return err
				}
			}
			_, err := s.deliveries(ctx, 1)
			return err
		}},
		{Gruppe: "idempotenz", Name: "at-once", Satz: "Several callers at once deliver once.", run: func(ctx context.Context, s *Stand) error {
			var wg sync.WaitGroup
			errs := make([]error, 8)
			for i := range errs {
				wg.Go(func() { _, errs[i] = s.Ziel.Uebergeben(ctx, Beispiel(1)) })
			}
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				return err
			}
			_, err := s.deliveries(ctx, 1)
			return err
		}},
		{Gruppe: "idempotenz", Name: "restart", Satz: "A repeat after a restart delivers nothing.", run: func(ctx context.Context, s *Stand) error {
			if _, err := s.Ziel.Uebergeben(ctx, Beispiel(1)); err != nil {
				return err
			}
			z, err := s.Reopen()
			if err != nil {
				return err
			}
			if _, err := z.Uebergeben(ctx, Beispiel(1)); err != nil {
				return err
			}
			_, err = s.deliveries(ctx, 1)
			return err
		}},
		{Gruppe: "idempotenz", Name: "lost-answer", braucht: AntwortVerloren, Satz: "After a lost answer the receiver sees the repeat once.", run: func(ctx context.Context, s *Stand) error {
			s.Stoeren(AntwortVerloren)
			if _, err := s.Ziel.Uebergeben(ctx, Beispiel(1)); !errors.Is(err, fehler.ErrUnavailable) {
				return fmt.Errorf("a lost answer gives %w, want ErrUnavailable", err)
			}
			if _, err := s.Ziel.Uebergeben(ctx, Beispiel(1)); err != nil {
				return err
			}
			_, err := s.deliveries(ctx, 1)
			return err
		}},
		{Gruppe: "ressourcen", Name: "closed", Satz: "What was opened is closed.", run: func(ctx context.Context, s *Stand) error {
			var n atomic.Int64
			x := Beispiel(1)
			counting(x, &n)
			_, err := s.Ziel.Uebergeben(ctx, x)
			return first(err, expect(n.Load() == 0, "%d files are still open", n.Load()))
		}},
	}
}

// gleich compares what arrived with what was sent.
func gleich(x *uebergabe.Sendung, a Angekommen) error {
	var e event.Event
	if err := json.Unmarshal(a.Ereignis, &e); err != nil {
		return fmt.Errorf("no CloudEvent: %w", err)
	}
	sum, err := x.Pruefsumme()
	if err != nil {
		return err
	}
	if err := first(e.Validate(), expect(e.ID() == x.ID.String() && e.Type() == uebergabe.TypSendung && e.DataSchema() == uebergabe.SchemaSendung, "id, type or schema are wrong"),
		expect(e.Extensions()["pruefsumme"] == sum, "the Pruefsumme is wrong")); err != nil {
		return err
	}
	var got uebergabe.Sendung
	if err := json.Unmarshal(e.Data(), &got); err != nil {
		return err
	}
	for i := range got.Dateien {
		if got.Dateien[i].Verweis == "" {
			return errors.New("a file has no Verweis")
		}
	}
	is, err := got.Dokument(nil)
	if err != nil {
		return err
	}
	want, err := x.Dokument(nil)
	if err := first(err, expect(bytes.Equal(is, want), "the data are not those that were sent")); err != nil {
		return err
	}
	if len(a.Dateien) != len(x.Dateien) {
		return fmt.Errorf("%d files arrived, want %d", len(a.Dateien), len(x.Dateien))
	}
	for _, d := range x.Dateien {
		var b bytes.Buffer
		if err := d.CopyTo(context.Background(), &b); err != nil {
			return err
		}
		if !bytes.Equal(b.Bytes(), a.Dateien[d.ID.String()]) {
			return errors.New("the bytes of a file are others")
		}
	}
	return nil
}

func failureCases() []Fall {
	refused := func(kind error, change func(x *uebergabe.Sendung)) func(context.Context, *Stand) error {
		return func(ctx context.Context, s *Stand) error {
			x := Beispiel(1)
			change(x)
			var n atomic.Int64
			counting(x, &n)
			_, err := s.Ziel.Uebergeben(ctx, x)
			if !errors.Is(err, kind) {
				return fmt.Errorf("gives %v, want %v", err, kind)
			}
			if n.Load() != 0 {
				return errors.New("files are still open")
			}
			if _, err := s.deliveries(ctx, 0); err != nil {
				return err
			}
			// The same id, put right, is taken.
			_, err = s.Ziel.Uebergeben(ctx, Beispiel(1))
			if err != nil {
				return fmt.Errorf("put right it is not taken: %w", err)
			}
			_, err = s.deliveries(ctx, 1)
			return err
		}
	}
	misbehaves := func(st Stoerung, kind error) func(context.Context, *Stand) error {
		return func(ctx context.Context, s *Stand) error {
			s.Stoeren(st)
			_, err := s.Ziel.Uebergeben(ctx, Beispiel(1))
			if !errors.Is(err, kind) {
				return fmt.Errorf("gives %v, want %v", err, kind)
			}
			var a *uebergabe.Ablehnung
			if st == LehntAb && (!errors.As(err, &a) || a.Detail == "") {
				return errors.New("a refusal is no Ablehnung with the text of the receiver")
			}
			if st == LehntAb && bytes.Contains([]byte(err.Error()), []byte(a.Detail)) {
				return errors.New("the text of the receiver is in the error text")
			}
			if _, err := s.deliveries(ctx, 0); err != nil {
				return err
			}
			if _, err := s.Ziel.Uebergeben(ctx, Beispiel(1)); err != nil {
				return fmt.Errorf("afterwards it is not taken: %w", err)
			}
			_, err = s.deliveries(ctx, 1)
			return err
		}
	}
	return []Fall{
		{Gruppe: "fehler", Name: "unchecked", Satz: "A Sendung that does not pass Check is ErrInvalid, and the receiver sees nothing.", run: refused(fehler.ErrInvalid, func(x *uebergabe.Sendung) { x.Nummer = "" })},
		{Gruppe: "fehler", Name: "wrong-hash", dateien: true, Satz: "A file whose SHA-512 is not the stated one is ErrInvalid, and the receiver sees nothing.", run: refused(fehler.ErrInvalid, func(x *uebergabe.Sendung) {
			x.Dateien[0].Open = func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader([]byte("<xfall>s</xfall>."))), nil
			}
		})},
		{Gruppe: "fehler", Name: "too-short", dateien: true, Satz: "A file of another size is ErrInvalid, and the receiver sees nothing.", run: refused(fehler.ErrInvalid, func(x *uebergabe.Sendung) {
			x.Dateien[0].Open = func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader([]byte("<xfall>"))), nil
			}
		})},
		{Gruppe: "fehler", Name: "no-file", dateien: true, Satz: "A file that cannot be opened: the receiver sees nothing.", run: func(ctx context.Context, s *Stand) error {
			x := Beispiel(1)
			x.Dateien[1].Open = func(context.Context) (io.ReadCloser, error) { return nil, errOpen }
			if _, err := s.Ziel.Uebergeben(ctx, x); err == nil {
				return errors.New("it is handed over without the file")
			}
			_, err := s.deliveries(ctx, 0)
			return err
		}},
		{Gruppe: "fehler", Name: "not-there", braucht: NichtDa, Satz: "ErrUnavailable means that trying again may help.", run: misbehaves(NichtDa, fehler.ErrUnavailable)},
		{Gruppe: "fehler", Name: "refused", braucht: LehntAb, Satz: "What the receiver refuses for good matches Ablehnung and ErrInvalid; its text is not in the error text.", run: misbehaves(LehntAb, fehler.ErrInvalid)},
		{Gruppe: "fehler", Name: "unknown-to-it", braucht: Fremd, Satz: "ErrForbidden means that the target does not know us.", run: misbehaves(Fremd, fehler.ErrForbidden)},
		{Gruppe: "fehler", Name: "cancelled", Satz: "A context error is returned as it is.", run: func(ctx context.Context, s *Stand) error {
			c, cancel := context.WithCancel(ctx)
			cancel()
			_, err := s.Ziel.Uebergeben(c, Beispiel(1))
			if !errors.Is(err, context.Canceled) || errors.Is(err, fehler.ErrUnavailable) {
				return fmt.Errorf("gives %v, want context.Canceled", err)
			}
			_, err = s.deliveries(ctx, 0)
			return err
		}},
		{Gruppe: "fehler", Name: "hangs", braucht: Haengt, Satz: "A receiver that does not answer is given up with the context.", run: func(ctx context.Context, s *Stand) error {
			s.Stoeren(Haengt)
			c, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			defer cancel()
			_, err := s.Ziel.Uebergeben(c, Beispiel(1))
			return expect(errors.Is(err, context.DeadlineExceeded), "gives %v, want the deadline", err)
		}},
	}
}

func answerCases() []Fall {
	read := func(ctx context.Context, s *Stand) ([]uebergabe.Antwort, []error, error) {
		r, ok := s.Ziel.(uebergabe.Rueckmelder)
		if !ok {
			return nil, nil, errors.New("the Ziel is no Rueckmelder")
		}
		var got []uebergabe.Antwort
		var errs []error
		for a, err := range r.Answers(ctx) {
			got, errs = append(got, a), append(errs, err)
		}
		return got, errs, nil
	}
	return []Fall{
		{Gruppe: "antworten", Name: "bytes", answers: true, Satz: "An answer comes with its signature and the bytes that were signed, and not again after Ack.", run: func(ctx context.Context, s *Stand) error {
			want := []byte("{\r\n\r\n\"a\": \"ä\"}\n\n")
			if err := s.Answer("e-1", want); err != nil {
				return err
			}
			got, errs, err := read(ctx, s)
			if err != nil {
				return err
			}
			if len(got) != 1 || errs[0] != nil || !bytes.Equal(got[0].Inhalt, want) || got[0].Umschlag.ID != "e-1" || got[0].Umschlag.Signatur == "" {
				return fmt.Errorf("%d answers, errors %v", len(got), errs)
			}
			r := s.Ziel.(uebergabe.Rueckmelder)
			if err := first(r.Ack(ctx, got[0].Kennung), r.Ack(ctx, got[0].Kennung)); err != nil {
				return fmt.Errorf("acknowledging: %w", err)
			}
			got, _, err = read(ctx, s)
			return first(err, expect(len(got) == 0, "it comes again after Ack"))
		}},
		{Gruppe: "antworten", Name: "garbage", answers: true, Satz: "One that cannot be read is given with Kennung and ErrInvalid; the others follow.", run: func(ctx context.Context, s *Stand) error {
			if err := first(s.Garbage(), s.Answer("e-1", []byte("{}"))); err != nil {
				return err
			}
			got, errs, err := read(ctx, s)
			if err != nil {
				return err
			}
			good, bad := 0, 0
			for i := range got {
				if errs[i] == nil {
					good++
				} else if errors.Is(errs[i], fehler.ErrInvalid) && got[i].Kennung != "" && got[i].Inhalt == nil {
					bad++
				}
				if err := s.Ziel.(uebergabe.Rueckmelder).Ack(ctx, got[i].Kennung); err != nil {
					return err
				}
			}
			return expect(good == 1 && bad == 1, "%d good, %d bad of %d", good, bad, len(got))
		}},
		{Gruppe: "antworten", Name: "cancelled", answers: true, Satz: "A context error ends the sequence.", run: func(ctx context.Context, s *Stand) error {
			if err := s.Answer("e-1", []byte("{}")); err != nil {
				return err
			}
			c, cancel := context.WithCancel(ctx)
			cancel()
			_, errs, err := read(c, s)
			return first(err, expect(len(errs) == 1 && errors.Is(errs[0], context.Canceled), "errors %v", errs))
		}},
	}
}
