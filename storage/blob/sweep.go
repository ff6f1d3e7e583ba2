package blob

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Sweeper is what a [Store] can do besides, if [Collect] is to remove what
// nobody refers to. The age of a content begins with its last Put, also when
// it was there before; a store whose clock is coarse takes a content for
// younger, never for older than it is. Anyone may implement it; package
// blobtest holds implementations to this text.
type Sweeper interface {
	// List gives a page of the contents of a Mandant in ascending order of
	// their SHA-512; an empty page is the end. What is there during the whole
	// listing is listed once, whatever is put or deleted meanwhile.
	List(ctx context.Context, mandant tenant.ID, p ListParams) ([]Entry, error)
	// DeleteOlder removes a content if its age began before the instant, and
	// tells whether it did. It is no error if the content is younger or not
	// there. A Put at the same time wins: once it has returned, the content is
	// there and can be read.
	DeleteOlder(ctx context.Context, mandant tenant.ID, p DeleteOlderParams) (bool, error)
	// CleanUp removes what Puts that never ended left behind before the
	// instant; contents it does not touch. A Put that has been running since
	// before the instant may fail.
	CleanUp(ctx context.Context, mandant tenant.ID, p CleanUpParams) (Leftovers, error)
}

// Entry is a content in a list.
type Entry struct {
	Ref
	// Stand is when its age began.
	Stand time.Time
}

// ListParams of [Sweeper.List].
type ListParams struct {
	// After is the SHA-512 that the page begins behind; empty at the beginning.
	// Anything but a SHA-512 is ErrInvalid.
	After string
	// Limit is the size of the page: 1 to [MaxPage]; others mean MaxPage.
	Limit int
}

// DeleteOlderParams of [Sweeper.DeleteOlder].
type DeleteOlderParams struct {
	SHA512    string
	OlderThan time.Time
}

// CleanUpParams of [Sweeper.CleanUp].
type CleanUpParams struct {
	OlderThan time.Time
	// DryRun counts and removes nothing.
	DryRun bool
}

// Leftovers is what crashed Puts left behind.
type Leftovers struct {
	// Files, parts of files and marks.
	Files int
	// Bytes as far as the store knows them.
	Bytes int64
}

// MaxPage is the largest page of a list.
const MaxPage = 1000

// Page checks the params of a list and gives the size of its page; for adapters.
func (p ListParams) Page() (int, error) {
	if p.After != "" {
		if err := (Ref{SHA512: p.After}).Check(); err != nil {
			return 0, err
		}
	}
	if p.Limit < 1 || p.Limit > MaxPage {
		return MaxPage, nil
	}
	return p.Limit, nil
}

// sweeper finds the capability of a store.
func sweeper(op string, s Store) (Sweeper, error) {
	if sw, ok := s.(Sweeper); ok {
		return sw, nil
	}
	return nil, fehler.New(op, "", fehler.ErrUnsupported, fmt.Errorf("%T cannot list what it holds", s))
}

var errNoReferences = errors.New("no reference of the Mandant is known, but files are there: is it the right store?")
