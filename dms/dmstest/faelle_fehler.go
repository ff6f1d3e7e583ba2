package dmstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// errQuelle is the failure of a source in the cases.
var errQuelle = errors.New("the source fails")

func failureCases() []Fall {
	const nothing = "After an error nothing new is visible to the receiver"
	return []Fall{
		{Gruppe: "ganz-oder-gar-nicht", Name: "invalid", Satz: "A Paket that does not pass Check is fehler.ErrInvalid with fehler.Probleme. " + nothing + ".", run: func(ctx context.Context, s *Stand) error {
			p := Minimal("invalid")
			p.Vorgang.ID = "no uuid"
			return refused(ctx, s, p, wantProblem)
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "hash", Satz: "A file whose SHA-512 differs from what it states is fehler.ErrInvalid with fehler.Probleme. " + nothing + ".", run: func(ctx context.Context, s *Stand) error {
			p := Reich("hash")
			lastFile(p).SHA512 = strings.Repeat("0", 128)
			return refused(ctx, s, p, wantProblem)
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "too-short", Satz: "A file whose size differs from what it states is fehler.ErrInvalid with fehler.Probleme. " + nothing + ".", run: func(ctx context.Context, s *Stand) error {
			p := Reich("short")
			lastFile(p).Groesse++
			return refused(ctx, s, p, wantProblem)
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "too-long", Satz: "A file whose size differs from what it states is fehler.ErrInvalid with fehler.Probleme. " + nothing + ".", run: func(ctx context.Context, s *Stand) error {
			p := Reich("long")
			lastFile(p).Groesse--
			return refused(ctx, s, p, wantProblem)
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "source-does-not-open", Satz: "An error from Datei.Open is passed on with its cause. " + nothing + ".", run: func(ctx context.Context, s *Stand) error {
			p := Reich("open")
			lastFile(p).Open = func(context.Context) (io.ReadCloser, error) { return nil, errQuelle }
			return refused(ctx, s, p, wantCause(errQuelle))
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "source-breaks-off", Satz: "The receiver gets the whole Paket or nothing.", run: func(ctx context.Context, s *Stand) error {
			p := Reich("break")
			lastFile(p).Open = func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader("%P"), failing{errQuelle})), nil
			}
			return refused(ctx, s, p, wantCause(errQuelle))
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "cancelled-before", Satz: "A context error is returned as it is. " + nothing + ".", run: func(ctx context.Context, s *Stand) error {
			gone, cancel := context.WithCancel(ctx)
			cancel()
			_, err := s.Ziel.Send(gone, Reich("cancelled"))
			if err != context.Canceled {
				return fmt.Errorf("Send with a cancelled context gave %v", err)
			}
			_, err = s.deliveries(ctx, 0)
			return err
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "cancelled-while-reading", Satz: "A context error is returned as it is. " + nothing + ".", run: func(ctx context.Context, s *Stand) error {
			gone, cancel := context.WithCancel(ctx)
			defer cancel()
			p := Reich("cancelled-late")
			d := lastFile(p)
			open := d.Open
			d.Open = func(ctx context.Context) (io.ReadCloser, error) {
				cancel()
				return open(ctx)
			}
			_, err := s.Ziel.Send(gone, p)
			if err != context.Canceled {
				return fmt.Errorf("Send cancelled on the way gave %v", err)
			}
			_, err = s.deliveries(ctx, 0)
			return err
		}},
		{Gruppe: "ganz-oder-gar-nicht", Name: "healed", Satz: "A failed Send can be repeated.", run: func(ctx context.Context, s *Stand) error {
			p := Reich("healed")
			lastFile(p).Open = func(context.Context) (io.ReadCloser, error) { return nil, errQuelle }
			if _, err := s.Ziel.Send(ctx, p); err == nil {
				return errors.New("a broken source was accepted")
			}
			return whole(ctx, s, Reich("healed"))
		}},
	}
}

func lastFile(p *dms.Paket) (last *dms.Datei) {
	for d := range p.Dateien() {
		last = d
	}
	return last
}

func refused(ctx context.Context, s *Stand, p *dms.Paket, want func(error) error) error {
	_, err := s.Ziel.Send(ctx, p)
	if err := want(err); err != nil {
		return err
	}
	_, err = s.deliveries(ctx, 0)
	return err
}

func wantProblem(err error) error {
	return expect(errors.Is(err, fehler.ErrInvalid) && len(fehler.ProblemeIn(err)) > 0, "want fehler.ErrInvalid with Probleme, got %v", err)
}

func wantCause(cause error) func(error) error {
	return func(err error) error { return expect(errors.Is(err, cause), "want the cause %q, got %v", cause, err) }
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
