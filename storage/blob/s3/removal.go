package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// S3 cannot remove an object "if it is still that old": the same bytes have the
// same ETag, and conditions on the time are not to be had everywhere. So the two
// sides talk over marks, and need nothing but that reads see earlier writes:
//
//   - A removal writes a mark (prefix/mandant/weg/hash/random), then looks at the
//     age once more, removes if the content is still old, and then makes the mark
//     say that it is done. Marks stay until CleanUp.
//   - A Put writes the content, then looks for marks; without one it is done. If
//     the removal looked at the age after the content was written, it saw a young
//     one and kept it. If it looked before, its mark was written before too, and
//     the Put finds it: it then waits until the mark says done, or until its
//     process, by then surely dead, can have no more request under way, and looks
//     whether its content is still there; if not it writes it again.
//
// What remains is a request to delete that is held up on the network for longer
// than the guard, one minute, while its sender gives up after half of it.

const done = "1"

// times of objects have whole seconds in some answers; a content counts as
// younger by up to one, never as older than it is.
func stand(o time.Time) time.Time { return o.Truncate(time.Second).Add(time.Second) }

// publish writes a content and sees to it that no removal takes it away again.
func (s *Store) publish(ctx context.Context, mandant tenant.ID, sum string, write func() error) error {
	const tries = 5
	for range tries {
		if err := write(); err != nil {
			return err
		}
		written := time.Now()
		for {
			marked, running, err := s.marked(ctx, mandant, sum, written)
			if err != nil || !marked {
				return err
			}
			if running {
				if err := sleep(ctx, min(time.Second, s.guard/10)); err != nil {
					return err
				}
				continue
			}
			break
		}
		_, err := s.stat(ctx, s.key(mandant, sum))
		if !missing(err) {
			return err
		}
	}
	return errors.New("removed again and again")
}

// marked tells whether removals of the content have been begun lately, and
// whether one may still be under way.
func (s *Store) marked(ctx context.Context, mandant tenant.ID, sum string, written time.Time) (marked, running bool, err error) {
	var newest time.Time
	for o := range s.list(ctx, s.marks(mandant, sum), "", 0) {
		if o.Err != nil {
			return false, false, o.Err
		}
		marked = true
		if o.Size == 0 && o.LastModified.After(newest) {
			newest = o.LastModified
		}
	}
	if newest.IsZero() {
		return marked, false, nil
	}
	// How old the mark is says the clock of the server, read off the content; how
	// long ago that was says ours.
	info, err := s.stat(ctx, s.key(mandant, sum))
	if missing(err) {
		return true, time.Since(written) < s.guard, nil
	}
	if err != nil {
		return false, false, err
	}
	age := info.LastModified.Sub(newest) + time.Since(written)
	return true, age < s.guard+time.Second, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// list goes through all keys with the prefix in ascending order.
func (s *Store) list(ctx context.Context, prefix, after string, page int) iter.Seq[minio.ObjectInfo] {
	noOwner := false
	return s.c.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{
		Prefix: prefix, StartAfter: after, Recursive: true, MaxKeys: page, FetchOwner: &noOwner,
	})
}

// List implements [blob.Sweeper].
func (s *Store) List(ctx context.Context, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	const op = "s3.List"
	if err := blob.Check(ctx, op, mandant, nil); err != nil {
		return nil, err
	}
	limit, err := p.Page()
	if err != nil {
		return nil, err
	}
	base, after := s.base(mandant), ""
	if p.After != "" {
		after = s.key(mandant, p.After)
	}
	var page []blob.Entry
	for o := range s.list(ctx, base, after, limit) {
		if o.Err != nil {
			return nil, failed(ctx, op, "", o.Err)
		}
		rest := strings.TrimPrefix(o.Key, base)
		if rest > "g" { // behind all hashes
			break
		}
		_, sum, _ := strings.Cut(rest, "/")
		ref := blob.Ref{SHA512: sum, Groesse: o.Size}
		if ref.Check() != nil || o.Key != s.key(mandant, sum) || sum <= p.After {
			continue
		}
		page = append(page, blob.Entry{Ref: ref, Stand: stand(o.LastModified)})
		if len(page) == limit {
			break
		}
	}
	return page, ctx.Err()
}

// DeleteOlder implements [blob.Sweeper].
func (s *Store) DeleteOlder(ctx context.Context, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	const op = "s3.DeleteOlder"
	if err := blob.Check(ctx, op, mandant, &blob.Ref{SHA512: p.SHA512}); err != nil {
		return false, err
	}
	gone, err := s.deleteOlder(ctx, mandant, p)
	if err != nil {
		return false, failed(ctx, op, p.SHA512, err)
	}
	return gone, nil
}

func (s *Store) deleteOlder(ctx context.Context, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	key := s.key(mandant, p.SHA512)
	old := func(ctx context.Context) (bool, error) {
		info, err := s.stat(ctx, key)
		if missing(err) {
			return false, nil
		}
		return err == nil && stand(info.LastModified).Before(p.OlderThan), err
	}
	if ok, err := old(ctx); err != nil || !ok {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.guard/2)
	defer cancel()
	mark := s.marks(mandant, p.SHA512) + rand.Text()
	if err := s.write(ctx, mark, nil); err != nil {
		return false, err
	}
	ok, err := old(ctx)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, s.remove(ctx, mark) // nothing was removed, so nobody need wait
	}
	if err := s.remove(ctx, key); err != nil {
		return false, err
	}
	return true, s.write(ctx, mark, []byte(done))
}

// CleanUp implements [blob.Sweeper]: temporary objects, unfinished uploads and
// marks of removals.
func (s *Store) CleanUp(ctx context.Context, mandant tenant.ID, p blob.CleanUpParams) (blob.Leftovers, error) {
	const op = "s3.CleanUp"
	var left blob.Leftovers
	if err := blob.Check(ctx, op, mandant, nil); err != nil {
		return left, err
	}
	for _, prefix := range []string{s.temps(mandant), s.base(mandant) + "weg/"} {
		for o := range s.list(ctx, prefix, "", 0) {
			if o.Err != nil {
				return left, failed(ctx, op, "", o.Err)
			}
			if !stand(o.LastModified).Before(p.OlderThan) {
				continue
			}
			if !p.DryRun {
				if err := s.remove(ctx, o.Key); err != nil {
					return left, failed(ctx, op, "", err)
				}
			}
			left.Files, left.Bytes = left.Files+1, left.Bytes+o.Size
		}
	}
	for key, id := "", ""; ; {
		r, err := s.c.ListMultipartUploads(ctx, s.bucket, s.base(mandant), key, id, "", blob.MaxPage)
		if err != nil {
			return left, failed(ctx, op, "", err)
		}
		for _, u := range r.Uploads {
			if !strings.HasPrefix(u.Key, s.base(mandant)) || !stand(u.Initiated).Before(p.OlderThan) {
				continue
			}
			if !p.DryRun {
				err := s.c.AbortMultipartUpload(ctx, s.bucket, u.Key, u.UploadID)
				if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchUpload {
					return left, failed(ctx, op, "", err)
				}
			}
			left.Files++
		}
		if !r.IsTruncated || r.NextKeyMarker == key && r.NextUploadIDMarker == id {
			return left, ctx.Err()
		}
		key, id = r.NextKeyMarker, r.NextUploadIDMarker
	}
}
