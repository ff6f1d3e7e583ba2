package intake

import (
	"context"
	"fmt"
	"io"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Ablage takes the files of one delivery into the blob storage of the Betreiber while they
// arrive, before there is a Lieferung: for channels whose files are too large for the memory.
// Receive copies them to the Mandant, or not at all where the Betreiber is the one. What
// becomes of no Lieferung nobody refers to, and storage/blob.Collect removes it. It is for
// one goroutine at a time.
type Ablage struct {
	a   *Annahme
	sum int64
}

// Ablage begins a delivery.
func (a *Annahme) Ablage() *Ablage { return &Ablage{a: a} }

// Put stores the bytes of a Teil and gives it with size, hash and Open. More than
// [Limits].Datei, or than is left of [Limits].Gesamt, is fehler.Probleme with the code of
// Receive, and of this file nothing is stored. An error of r is returned as cause.
func (x *Ablage) Put(ctx context.Context, t Teil, r io.Reader) (Teil, error) {
	a, m := x.a, x.a.p.Betreiber
	in := &bounded{r: r, left: min(a.limits.Datei, a.limits.Gesamt-x.sum)}
	alone := in.left == a.limits.Datei
	ref, err := a.p.Blobs.Put(ctx, m, in)
	if in.full && alone {
		return t, fehler.Probleme{a.limits.zuGross(t.ID.String())}
	}
	if in.full {
		return t, fehler.Probleme{a.limits.gesamtZuGross("more")}
	}
	if err != nil {
		return t, err
	}
	x.sum += ref.Groesse
	t.Groesse, t.SHA512 = ref.Groesse, ref.SHA512
	t.Open = func(ctx context.Context) (io.ReadCloser, error) {
		rc, err := a.p.Blobs.Open(ctx, m, ref)
		if err != nil {
			return nil, err
		}
		return &abgelegt{ReadCloser: rc, mandant: m, ref: ref}, nil
	}
	return t, nil
}

// abgelegt is what Open of a Teil from an Ablage gives. It travels with Open, so that a
// Teil whose Open was replaced is not taken for what lies there.
type abgelegt struct {
	io.ReadCloser
	mandant tenant.ID
	ref     blob.Ref
}

func (l Limits) zuGross(pfad string) fehler.Problem {
	return fehler.Problem{Code: "intake.datei-zu-gross", Pfad: pfad, Meldung: fmt.Sprintf("larger than %d bytes", l.Datei),
		Hinweis: fmt.Sprintf("Eine Datei ist größer als %d MB.", l.Datei>>20)}
}

// gesamtZuGross: sum is a number, or "more".
func (l Limits) gesamtZuGross(sum any) fehler.Problem {
	return fehler.Problem{Code: "intake.gesamt-zu-gross", Meldung: fmt.Sprintf("%v bytes in all, %d allowed", sum, l.Gesamt),
		Hinweis: fmt.Sprintf("Alle Dateien zusammen sind größer als %d MB.", l.Gesamt>>20)}
}

// bounded refuses more than left bytes and remembers that it did.
type bounded struct {
	r    io.Reader
	left int64
	full bool
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.full = true
		return 0, errTooLarge
	}
	return n, err
}
