// Package blob keeps the bytes of files beside the database, under the SHA-512
// of their content: what is stored never changes, and what is read is verified.
//
// The database refers to a file by its [Ref]. Write the file first and commit
// the row afterwards: a file nobody refers to does no harm, a reference to a
// missing file does. What nobody refers to any more [Collect] removes.
//
// An adapter implements [Store], and [Sweeper] if it can list what it holds;
// [Check], [Source], [Verify] and [PutError] do what all adapters have in common.
package blob

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Ref names a content.
type Ref struct {
	// SHA512 of the bytes, 128 lower-case hex digits.
	SHA512 string `json:"sha512"`
	// Groesse in bytes.
	Groesse int64 `json:"groesse"`
}

// Check tells whether the form is right: ErrInvalid if not. Everything that
// becomes a path or a key goes through it.
func (r Ref) Check() error {
	ok := len(r.SHA512) == 2*sha512.Size && r.Groesse >= 0
	for i := 0; ok && i < len(r.SHA512); i++ {
		c := r.SHA512[i]
		ok = c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
	}
	if !ok {
		return fehler.New("blob.Check", "", fehler.ErrInvalid, errors.New("not a reference of SHA-512 and size"))
	}
	return nil
}

// Store keeps files of many Mandanten. Anyone may implement it; package
// blobtest holds implementations to this text. All methods may be called by
// many goroutines at the same time, and a Mandant sees its own files only.
type Store interface {
	// Put reads r to its end and stores the bytes durably. The same content
	// again gives the same Ref and takes no more room, but its age begins anew
	// (see [Sweeper]). More bytes than the store's limit are ErrInvalid; an
	// error of r is returned as cause. After an error nothing is stored.
	Put(ctx context.Context, mandant tenant.ID, r io.Reader) (Ref, error)
	// Open reads a content. ErrNotFound if there is none under this hash, and
	// also if its size is not the one of the Ref. The reader verifies: instead
	// of io.EOF it returns ErrInvalid when the bytes do not match the hash, so
	// nothing may be acted upon before the end. The caller closes it.
	Open(ctx context.Context, mandant tenant.ID, ref Ref) (io.ReadCloser, error)
	// Stat tells whether a content of this hash and size is there: nil or
	// ErrNotFound. It does not read the bytes.
	Stat(ctx context.Context, mandant tenant.ID, ref Ref) error
	// Delete removes a content. It is no error if it is not there.
	Delete(ctx context.Context, mandant tenant.ID, ref Ref) error
}

// DefaultLimit is the largest file a store takes unless told otherwise: 1 GiB.
const DefaultLimit = 1 << 30

// Read reads a whole content, verified, of at most limit bytes; a larger one
// is ErrInvalid.
func Read(ctx context.Context, s Store, mandant tenant.ID, ref Ref, limit int64) ([]byte, error) {
	if ref.Groesse > limit {
		return nil, fehler.New("blob.Read", ref.SHA512, fehler.ErrInvalid, fmt.Errorf("%d bytes are more than %d", ref.Groesse, limit))
	}
	rc, err := s.Open(ctx, mandant, ref)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	b := make([]byte, ref.Groesse)
	if _, err := io.ReadFull(rc, b); err != nil {
		return nil, err
	}
	// The verdict comes with the end.
	if n, err := rc.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		if err == nil || err == io.EOF {
			err = fehler.New("blob.Read", ref.SHA512, fehler.ErrInvalid, errors.New("more bytes than the reference says"))
		}
		return nil, err
	}
	return b, nil
}
