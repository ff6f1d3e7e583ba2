package ozgcloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// FuzzTeile: whatever the body, the reader ends, refuses with a code or has a whole
// formData, and does not care how the bytes arrive.
func FuzzTeile(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"formData\"\r\n\r\n{}\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"formData\"\r\n\r\n{}\r\n--b\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a.pdf\"\r\n\r\n%PDF\r\n--b--"))
	read := func(r io.Reader) (*sendung, error) {
		store := blob.NewMemory(nil)
		x := &leser{l: Limits{Datei: 100, FormData: 100, Dateien: 3, Kopf: 300}.withDefaults(),
			put: func(ctx context.Context, r io.Reader) (blob.Ref, error) { return store.Put(ctx, "mm", r) },
			open: func(ctx context.Context, ref blob.Ref) (io.ReadCloser, error) {
				return store.Open(ctx, "mm", ref)
			}}
		return x.read(context.Background(), r, "b")
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := read(bytes.NewReader(b))
		other, err2 := read(iotest.OneByteReader(bytes.NewReader(b)))
		if (err == nil) != (err2 == nil) {
			t.Fatalf("one byte after the other gives %v, at once %v", err2, err)
		}
		if err != nil {
			if r, ok := errors.AsType[*refusal](err); !ok || r.status < 400 || len(r.probleme) == 0 || r.probleme[0].Hinweis == "" {
				t.Fatalf("no refusal: %v", err)
			}
			return
		}
		if !bytes.Equal(s.formData, other.formData) || len(s.dateien) > 4 || len(s.formData) > 100 || !bytes.Contains(b, []byte("--b--")) {
			t.Fatal("took what it must not")
		}
	})
}

func TestRefusalsAreInvalid(t *testing.T) {
	if p := unavailable().probleme; !errors.Is(p, fehler.ErrInvalid) || unavailable().Error() == "" {
		t.Fatal(p)
	}
}
