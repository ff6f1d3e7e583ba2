package blob

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Check is the first thing a method of an adapter does: it returns the error
// of a context that ended, and ErrInvalid for what is no Mandant or no Ref. The
// operation is named with its package, such as "s3.Open"; a nil Ref is not
// looked at.
func Check(ctx context.Context, op string, mandant tenant.ID, ref *Ref) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := tenant.ParseID(string(mandant)); err != nil {
		return fehler.New(op, "", fehler.ErrInvalid, err)
	}
	if ref != nil {
		return ref.Check()
	}
	return nil
}

// Source is what an adapter's Put reads from: it counts, hashes, keeps the
// limit and ends with the context.
type Source struct {
	ctx   context.Context
	r     io.Reader
	h     hash.Hash
	n     int64
	limit int64
	err   error
}

// NewSource wraps the reader of a Put. A limit of 0 or less is [DefaultLimit].
func NewSource(ctx context.Context, r io.Reader, limit int64) *Source {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Source{ctx: ctx, r: r, h: sha512.New(), limit: limit}
}

// Read implements [io.Reader].
func (s *Source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if s.n += int64(n); s.n > s.limit {
		s.err = fehler.New("blob.Put", "", fehler.ErrInvalid, fmt.Errorf("more than %d bytes", s.limit))
		return 0, s.err
	}
	s.h.Write(p[:n])
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// Err is what stopped the source before its end, and nil at its end: it tells
// an error of the sender from one of the storage behind a client that wraps both.
func (s *Source) Err() error { return s.err }

// Ref names what was read so far.
func (s *Source) Ref() Ref {
	return Ref{SHA512: hex.EncodeToString(s.h.Sum(nil)), Groesse: s.n}
}

// Verify gives a reader that checks the bytes while they are read: instead of
// io.EOF it returns ErrInvalid when they do not match the Ref.
func Verify(rc io.ReadCloser, ref Ref) io.ReadCloser {
	return &verified{ReadCloser: rc, h: sha512.New(), want: ref}
}

type verified struct {
	io.ReadCloser
	h    hash.Hash
	n    int64
	want Ref
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.h.Write(p[:n])
	v.n += int64(n)
	if err == io.EOF && (v.n != v.want.Groesse || hex.EncodeToString(v.h.Sum(nil)) != v.want.SHA512) {
		return n, fehler.New("blob.Read", v.want.SHA512, fehler.ErrInvalid, errors.New("the stored bytes do not match their hash"))
	}
	return n, err
}

// PutError is how a Put fails: context errors and those that have a kind stay,
// others are the sender's or the storage's and become ErrUnavailable.
func PutError(op string, err error) error {
	if _, ok := errors.AsType[*fehler.Fehler](err); ok {
		return err
	}
	return fehler.New(op, "", fehler.ErrUnavailable, err)
}
