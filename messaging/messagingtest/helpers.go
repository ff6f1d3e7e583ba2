package messagingtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func deliver(t TB, o Options, anhaenge int) (Fall, messaging.Sendung, messaging.Quittung) {
	t.Helper()
	f := o.New(t)
	s := o.sendung(f, &buch{}, anhaenge)
	q, err := f.Kanal.Deliver(t.Context(), s)
	if err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	return f, s, q
}

func refused(t TB, f Fall, s messaging.Sendung, want error) {
	t.Helper()
	_, err := f.Kanal.Deliver(t.Context(), s)
	kind(t, err, want)
	count(t, f, s.ID, 0)
}

var kinds = []error{
	fehler.ErrNotFound, fehler.ErrExists, fehler.ErrConflict, fehler.ErrForbidden,
	fehler.ErrInvalid, fehler.ErrUnsupported, fehler.ErrUnavailable,
}

func kind(t TB, err, want error) {
	t.Helper()
	for _, k := range kinds {
		if errors.Is(err, k) != (k == want) {
			t.Errorf("the error is %v, want the kind %q and no other", err, want)
			return
		}
	}
}

func count(t TB, f Fall, id uuid.UUID, want int) {
	t.Helper()
	if got := f.Zugestellt(id); got != want {
		t.Errorf("the mailbox system got the Sendung %d times, want %d", got, want)
	}
}

type ergebnis struct {
	q   messaging.Quittung
	err error
}

func parallel(t TB, f Fall, sendungen []messaging.Sendung) []ergebnis {
	out := make([]ergebnis, len(sendungen))
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range sendungen {
		wg.Go(func() {
			<-start
			q, err := f.Kanal.Deliver(t.Context(), sendungen[i])
			out[i] = ergebnis{q, err}
		})
	}
	close(start)
	wg.Wait()
	return out
}

// buch lends the bytes of attachments and counts what comes back.
type buch struct {
	mu          sync.Mutex
	data        map[string][]byte
	lent, given int
	broken      error // reading fails with it
}

func (b *buch) put(a messaging.Anhang, data []byte) {
	if b.data == nil {
		b.data = map[string][]byte{}
	}
	b.data[a.SHA512] = data
}

func (b *buch) open(ctx context.Context, a messaging.Anhang) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.data[a.SHA512]
	if !ok {
		return nil, fehler.New("messagingtest.Open", a.ID.String(), fehler.ErrNotFound, nil)
	}
	b.lent++
	r := io.Reader(bytes.NewReader(data))
	if b.broken != nil {
		r = io.MultiReader(bytes.NewReader(data[:len(data)/2]), broken{b.broken})
	}
	return &leihe{Reader: r, b: b}, nil
}

func (b *buch) opened() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lent
}

func (b *buch) closed(t TB) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.given != b.lent {
		t.Errorf("%d readers were opened, %d closed", b.lent, b.given)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

type leihe struct {
	io.Reader
	b    *buch
	once sync.Once
}

func (l *leihe) Close() error {
	l.once.Do(func() {
		l.b.mu.Lock()
		l.b.given++
		l.b.mu.Unlock()
	})
	return nil
}
