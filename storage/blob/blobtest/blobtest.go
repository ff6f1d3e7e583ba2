// Package blobtest is the conformance suite of blob stores.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Limit is the limit the stores under test are made with.
const Limit = 1 << 20

// Options of a run.
type Options struct {
	// New gives an empty store with limit [Limit], once per case.
	New func(t testing.TB) blob.Store
	// Damage changes one byte of a stored content behind the store's back; nil
	// if the store cannot be damaged so.
	Damage func(t testing.TB, s blob.Store, mandant tenant.ID, ref blob.Ref)
	// NoSweep is the reason why the store is no [blob.Sweeper]; it is then held
	// to fail with [errors.ErrUnsupported]. Empty tests the capability.
	NoSweep string
	// Crash leaves behind what a Put that died leaves behind; nil if nothing
	// outlives the process.
	Crash func(t testing.TB, s blob.Store, mandant tenant.ID)
}

const (
	kiel   tenant.ID = "kiel"
	luebek tenant.ID = "luebeck"
)

// Run runs the suite.
func Run(t *testing.T, o Options) {
	for _, c := range all(o) {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(t, o); err != nil {
				t.Errorf("%v\nthe rule: %s", err, c.rule)
			}
		})
	}
}

// all gives the cases of a store: those of the capability, or the one without it.
func all(o Options) []testCase {
	if o.NoSweep != "" {
		return append(slices.Clone(cases), unsupported)
	}
	return append(slices.Clone(cases), sweepCases...)
}

type testCase struct {
	name, rule string
	run        func(t testing.TB, o Options) error
}

var errUnexpected = errors.New("unexpected")

func fail(what string, err error) error { return errors.Join(errUnexpected, errors.New(what), err) }

func put(s blob.Store, m tenant.ID, content string) (blob.Ref, error) {
	return s.Put(context.Background(), m, strings.NewReader(content))
}

func read(s blob.Store, m tenant.ID, ref blob.Ref) (string, error) {
	b, err := blob.Read(context.Background(), s, m, ref, Limit)
	return string(b), err
}

var cases = []testCase{
	{"round trip", "what was put comes back under its SHA-512 and size", func(t testing.TB, o Options) error {
		s := o.New(t)
		for _, content := range []string{"", "a", strings.Repeat("ä", 100000)} {
			ref, err := put(s, kiel, content)
			sum := sha512.Sum512([]byte(content))
			if err != nil || ref.SHA512 != hex.EncodeToString(sum[:]) || ref.Groesse != int64(len(content)) {
				return fail("put", err)
			}
			if got, err := read(s, kiel, ref); err != nil || got != content {
				return fail("read", err)
			}
			if err := s.Stat(context.Background(), kiel, ref); err != nil {
				return fail("stat", err)
			}
		}
		return nil
	}},
	{"same content", "the same content again, also by many at once, is the same Ref", func(t testing.TB, o Options) error {
		s := o.New(t)
		var wg sync.WaitGroup
		refs, errs := make([]blob.Ref, 8), make([]error, 8)
		for i := range refs {
			wg.Go(func() { refs[i], errs[i] = put(s, kiel, "same") })
		}
		wg.Wait()
		for i := range refs {
			if errs[i] != nil || refs[i] != refs[0] {
				return fail("put", errs[i])
			}
		}
		got, err := read(s, kiel, refs[0])
		if err != nil || got != "same" {
			return fail("read", err)
		}
		return nil
	}},
	{"absent", "what is not there is ErrNotFound; deleting it is no error", func(t testing.TB, o Options) error {
		s := o.New(t)
		ref := blob.Ref{SHA512: strings.Repeat("0a", 64), Groesse: 1}
		if _, err := s.Open(context.Background(), kiel, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("open", err)
		}
		if err := s.Stat(context.Background(), kiel, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("stat", err)
		}
		return s.Delete(context.Background(), kiel, ref)
	}},
	{"size", "a Ref with another size is ErrNotFound", func(t testing.TB, o Options) error {
		s := o.New(t)
		ref, err := put(s, kiel, "abc")
		if err != nil {
			return err
		}
		ref.Groesse++
		if _, err := s.Open(context.Background(), kiel, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("open", err)
		}
		if err := s.Stat(context.Background(), kiel, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("stat", err)
		}
		return nil
	}},
	{"delete", "a deleted content is gone, for its Mandant only", func(t testing.TB, o Options) error {
		s := o.New(t)
		ref, err := put(s, kiel, "abc")
		if err != nil {
			return err
		}
		if _, err := put(s, luebek, "abc"); err != nil {
			return err
		}
		if err := s.Delete(context.Background(), kiel, ref); err != nil {
			return err
		}
		if _, err := read(s, kiel, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("read", err)
		}
		if got, err := read(s, luebek, ref); err != nil || got != "abc" {
			return fail("the other Mandant's", err)
		}
		return nil
	}},
	{"isolation", "another Mandant's content is ErrNotFound, even with the right hash", func(t testing.TB, o Options) error {
		s := o.New(t)
		ref, err := put(s, kiel, "abc")
		if err != nil {
			return err
		}
		if _, err := s.Open(context.Background(), luebek, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("open", err)
		}
		if err := s.Stat(context.Background(), luebek, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("stat", err)
		}
		return nil
	}},
	{"hostile names", "what is no reference or no Mandant is ErrInvalid and touches nothing", func(t testing.TB, o Options) error {
		s := o.New(t)
		good := strings.Repeat("0a", 64)
		for _, sum := range []string{"", "../../etc/passwd", good[1:], good + "0", strings.ToUpper(good), strings.Repeat("../", 42) + "ab"} {
			ref := blob.Ref{SHA512: sum}
			_, err := s.Open(context.Background(), kiel, ref)
			if !errors.Is(err, fehler.ErrInvalid) || !errors.Is(s.Stat(context.Background(), kiel, ref), fehler.ErrInvalid) ||
				!errors.Is(s.Delete(context.Background(), kiel, ref), fehler.ErrInvalid) {
				return fail("reference "+sum, err)
			}
		}
		for _, m := range []tenant.ID{"", "..", "../x", "a/b", ".tmp", "Kiel"} {
			if _, err := put(s, m, "abc"); !errors.Is(err, fehler.ErrInvalid) {
				return fail("mandant "+string(m), err)
			}
		}
		return nil
	}},
	{"limit", "the limit itself is taken, one byte more is ErrInvalid", func(t testing.TB, o Options) error {
		s := o.New(t)
		if _, err := s.Put(context.Background(), kiel, bytes.NewReader(make([]byte, Limit))); err != nil {
			return fail("limit", err)
		}
		if _, err := s.Put(context.Background(), kiel, bytes.NewReader(make([]byte, Limit+1))); !errors.Is(err, fehler.ErrInvalid) {
			return fail("limit+1", err)
		}
		return nil
	}},
	{"broken sender", "an error of the reader is the cause, and nothing is stored", func(t testing.TB, o Options) error {
		s := o.New(t)
		broken := errors.New("broken")
		_, err := s.Put(context.Background(), kiel, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			return fail("put", err)
		}
		sum := sha512.Sum512([]byte("abc"))
		if err := s.Stat(context.Background(), kiel, blob.Ref{SHA512: hex.EncodeToString(sum[:]), Groesse: 3}); !errors.Is(err, fehler.ErrNotFound) {
			return fail("stat", err)
		}
		return nil
	}},
	{"context", "a context that ended is returned as it is", func(t testing.TB, o Options) error {
		s := o.New(t)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Put(ctx, kiel, strings.NewReader("x")); err != context.Canceled {
			return fail("put", err)
		}
		ctx, cancel = context.WithCancel(context.Background())
		defer cancel()
		stop := readerFunc(func(p []byte) (int, error) { cancel(); return copy(p, "x"), nil })
		if _, err := s.Put(ctx, kiel, stop); err != context.Canceled {
			return fail("put", err)
		}
		return nil
	}},
	{"damage", "damaged bytes are ErrInvalid at the end of reading, never io.EOF", func(t testing.TB, o Options) error {
		if o.Damage == nil {
			return nil
		}
		s := o.New(t)
		ref, err := put(s, kiel, "abcdef")
		if err != nil {
			return err
		}
		o.Damage(t, s, kiel, ref)
		if _, err := read(s, kiel, ref); !errors.Is(err, fehler.ErrInvalid) {
			return fail("read", err)
		}
		return nil
	}},
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
