// Package s3 keeps files in S3-compatible object storage, under
// prefix/mandant/ab/abcd…, with the SHA-512 as name.
//
// A Put does not know the hash, and so the key, before the end of its reader. A
// file of at most one part is held in memory and written under its key with one
// request. A larger one goes in parts to a temporary key and is then copied
// within the storage to its own, in one step that others see whole or not at
// all. A content key therefore only ever holds a complete file, each request of
// which the server has checked against its SHA-256. What a process that dies
// leaves behind are unfinished uploads and temporary objects, which
// [Store.CleanUp] removes. The way over a temporary file on the local disk was
// rejected: applications of citizens would lie there in the clear, and the
// machine would need room for them.
//
// The bucket should not keep versions: a Put of the same content writes it anew,
// to begin its age anew.
package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params say where the storage is. Endpoint, Bucket and the keys are required.
type Params struct {
	// Endpoint is the URL without a path: "https://s3.example.de". Plain http is
	// taken for loopback addresses only.
	Endpoint string
	// Bucket must exist.
	Bucket string
	// Prefix of all keys, such as "fachwerk/produktion"; may be empty.
	Prefix string
	// Region; default "us-east-1", which most servers other than AWS expect.
	Region string
	// The right to read, write, delete and list in the bucket.
	AccessKey    string
	SecretKey    Secret
	SessionToken Secret // with temporary keys only
}

// Secret is a string that does not show when it is printed, logged or encoded.
type Secret string

// Format implements [fmt.Formatter].
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText implements [encoding.TextMarshaler].
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Options of a store. Nil means defaults.
type Options struct {
	// Limit is the largest file in bytes; default [blob.DefaultLimit].
	Limit int64
	// PartSize is the size of the parts of a large file, and what a Put holds in
	// memory (one and a half times, while it grows); default 8 MiB, at least
	// 5 MiB. It is raised where the Limit would need more than 10,000 parts.
	PartSize int64
	// Attempts at each request; default 3.
	Attempts int
	// Transport of requests, for own certificates; default is the one of minio-go.
	Transport http.RoundTripper
}

const (
	minPart  = 5 << 20
	maxParts = 10_000
	// maxCopy is the most that S3 copies in one request.
	maxCopy = 5 << 30
	// cleanTime bounds what is cleaned up after the context has ended.
	cleanTime = 30 * time.Second
)

// Store keeps files in a bucket.
type Store struct {
	c      *minio.Core
	bucket string
	prefix string
	limit  int64
	part   int
	direct int           // up to this size a file goes to its key at once: a part; less in tests
	copy   uint64        // size of the parts of a copy; smaller in tests
	guard  time.Duration // see removal.go
}

var (
	_ blob.Store   = (*Store)(nil)
	_ blob.Sweeper = (*Store)(nil)
)

var prefixForm = regexp.MustCompile(`^(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*)?$`)

// Open opens a bucket and asks whether it is there: ErrNotFound if not,
// ErrUnavailable if the server does not answer or refuses the keys, ErrInvalid
// for Params that cannot be right.
func Open(ctx context.Context, p Params, o *Options) (*Store, error) {
	const op = "s3.Open"
	if o == nil {
		o = &Options{}
	}
	u, err := url.Parse(p.Endpoint)
	switch {
	case err != nil:
		err = errors.New("the endpoint is no URL") // its text may hold credentials
	case u.Host == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "":
		err = errors.New("the endpoint is no URL of a host without a path")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		err = errors.New("the endpoint is neither https nor on loopback")
	case !prefixForm.MatchString(p.Prefix):
		err = errors.New("a prefix consists of names of A-Z, a-z, 0-9, _ and - between slashes")
	case p.AccessKey == "" || p.SecretKey == "" || p.Bucket == "":
		err = errors.New("bucket, access key and secret key are required")
	case o.PartSize != 0 && (o.PartSize < minPart || o.PartSize > maxCopy):
		err = errors.New("a part has 5 MiB to 5 GiB")
	}
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	s := &Store{bucket: p.Bucket, prefix: p.Prefix, limit: o.Limit, copy: maxCopy, guard: time.Minute}
	if s.prefix != "" {
		s.prefix += "/"
	}
	if s.limit <= 0 {
		s.limit = blob.DefaultLimit
	}
	part := o.PartSize
	if part == 0 {
		part = 8 << 20
	}
	s.part = int(max(part, (s.limit+maxParts-1)/maxParts))
	s.direct = s.part
	attempts := o.Attempts
	if attempts <= 0 {
		attempts = 3
	}
	region := p.Region
	if region == "" {
		region = "us-east-1"
	}
	s.c, err = minio.NewCore(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(p.AccessKey, string(p.SecretKey), string(p.SessionToken)),
		Secure: u.Scheme == "https", Region: region, MaxRetries: attempts, Transport: o.Transport,
	})
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	there, err := s.c.BucketExists(ctx, p.Bucket)
	if err != nil {
		return nil, failed(ctx, op, p.Bucket, err)
	}
	if !there {
		return nil, fehler.New(op, p.Bucket, fehler.ErrNotFound, nil)
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// The keys of a Mandant. No hash begins with the letters of the other two, and
// both sort behind all hashes.
func (s *Store) base(mandant tenant.ID) string { return s.prefix + string(mandant) + "/" }
func (s *Store) key(mandant tenant.ID, sum string) string {
	return s.base(mandant) + sum[:2] + "/" + sum
}
func (s *Store) temps(mandant tenant.ID) string { return s.base(mandant) + "tmp/" }
func (s *Store) marks(mandant tenant.ID, sum string) string {
	return s.base(mandant) + "weg/" + sum + "/"
}

// failed gives an error its kind; the end of the caller's context stays as it
// is, but one of a time limit inside the client is the storage's failure.
func failed(ctx context.Context, op, key string, err error) error {
	if e := ctx.Err(); e != nil {
		return e
	}
	if missing(err) {
		return fehler.New(op, key, fehler.ErrNotFound, nil)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = errors.New(err.Error())
	}
	return fehler.New(op, key, fehler.ErrUnavailable, err)
}

func missing(err error) bool {
	r, ok := errors.AsType[minio.ErrorResponse](err)
	return ok && r.Code == minio.NoSuchKey
}

var putOptions = minio.PutObjectOptions{
	ContentType:          "application/octet-stream",
	DisableContentSha256: true, // it is given, over http and https alike
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (s *Store) write(ctx context.Context, key string, b []byte) error {
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		_, err := s.c.PutObject(ctx, s.bucket, key, bytes.NewReader(b), int64(len(b)), "", sha256Hex(b), putOptions)
		// A server on a file system may meet the folder of the key while another
		// request removes it; it is not there for long.
		r, ok := errors.AsType[minio.ErrorResponse](err)
		if !ok || r.Code != "ExistingObjectIsDirectory" || pause > 200*time.Millisecond {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Put implements [blob.Store].
func (s *Store) Put(ctx context.Context, mandant tenant.ID, r io.Reader) (blob.Ref, error) {
	const op = "s3.Put"
	if err := blob.Check(ctx, op, mandant, nil); err != nil {
		return blob.Ref{}, err
	}
	src := blob.NewSource(ctx, r, s.limit)
	buf, end, err := fill(nil, src, s.part)
	if err != nil {
		return blob.Ref{}, blob.PutError(op, err)
	}
	if end && len(buf) <= s.direct {
		ref := src.Ref()
		err := s.publish(ctx, mandant, ref.SHA512, func() error { return s.write(ctx, s.key(mandant, ref.SHA512), buf) })
		if err != nil {
			return blob.Ref{}, failed(ctx, op, ref.SHA512, err)
		}
		return ref, nil
	}
	temp := s.temps(mandant) + rand.Text()
	defer s.discard(ctx, temp)
	if err := s.upload(ctx, temp, src, buf, end); err != nil {
		if src.Err() != nil {
			return blob.Ref{}, blob.PutError(op, src.Err())
		}
		return blob.Ref{}, failed(ctx, op, "", err)
	}
	ref := src.Ref()
	if err := s.publish(ctx, mandant, ref.SHA512, func() error { return s.adopt(ctx, temp, s.key(mandant, ref.SHA512), ref) }); err != nil {
		if missing(err) {
			err = errors.New("the temporary object is gone") // cleaned up because the Put took longer than the grace
		}
		return blob.Ref{}, failed(ctx, op, ref.SHA512, err)
	}
	return ref, nil
}

// fill reads until the buffer holds size bytes or the reader ends.
func fill(buf []byte, r io.Reader, size int) (_ []byte, end bool, err error) {
	buf = buf[:0]
	for len(buf) < size {
		if len(buf) == cap(buf) {
			bigger := make([]byte, len(buf), min(max(64<<10, 2*cap(buf)), size))
			copy(bigger, buf)
			buf = bigger
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), size)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, true, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	return buf, false, nil
}

// upload writes the first part and what follows it to the temporary key.
func (s *Store) upload(ctx context.Context, temp string, src io.Reader, buf []byte, end bool) (err error) {
	id, err := s.c.NewMultipartUpload(ctx, s.bucket, temp, putOptions)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
			defer cancel()
			_ = s.c.AbortMultipartUpload(ctx, s.bucket, temp, id) // else CleanUp does
		}
	}()
	var parts []minio.CompletePart
	for len(buf) > 0 {
		n := len(parts) + 1
		part, err := s.c.PutObjectPart(ctx, s.bucket, temp, id, n, bytes.NewReader(buf), int64(len(buf)),
			minio.PutObjectPartOptions{Sha256Hex: sha256Hex(buf), DisableContentSha256: true})
		if err != nil {
			return err
		}
		parts = append(parts, minio.CompletePart{PartNumber: n, ETag: part.ETag})
		if end {
			break
		}
		if buf, end, err = fill(buf, src, s.part); err != nil {
			return err
		}
	}
	_, err = s.c.CompleteMultipartUpload(ctx, s.bucket, temp, id, parts, putOptions)
	return err
}

// adopt copies a temporary object to its content key, within the storage.
func (s *Store) adopt(ctx context.Context, temp, key string, ref blob.Ref) error {
	dst := minio.CopyDestOptions{Bucket: s.bucket, Object: key, PartSize: s.copy}
	from := minio.CopySrcOptions{Bucket: s.bucket, Object: temp}
	var err error
	if uint64(ref.Groesse) <= s.copy {
		_, err = s.c.Client.CopyObject(ctx, dst, from)
	} else {
		_, err = s.c.ComposeObject(ctx, dst, from)
	}
	if err != nil {
		return err
	}
	info, err := s.stat(ctx, key)
	if missing(err) {
		return nil // removed at once; publish finds the mark and comes again
	}
	if err == nil && info.Size != ref.Groesse {
		err = fmt.Errorf("the storage copied %d bytes of %d", info.Size, ref.Groesse)
		_ = s.c.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
	}
	return err
}

// discard removes a temporary object; if that fails, CleanUp does.
func (s *Store) discard(ctx context.Context, temp string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	_ = s.c.RemoveObject(ctx, s.bucket, temp, minio.RemoveObjectOptions{})
}

func (s *Store) stat(ctx context.Context, key string) (minio.ObjectInfo, error) {
	return s.c.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
}

// Open implements [blob.Store].
func (s *Store) Open(ctx context.Context, mandant tenant.ID, ref blob.Ref) (io.ReadCloser, error) {
	const op = "s3.Open"
	if err := blob.Check(ctx, op, mandant, &ref); err != nil {
		return nil, err
	}
	rc, info, _, err := s.c.GetObject(ctx, s.bucket, s.key(mandant, ref.SHA512), minio.GetObjectOptions{})
	if err != nil {
		return nil, failed(ctx, op, ref.SHA512, err)
	}
	if info.Size != ref.Groesse {
		rc.Close()
		return nil, fehler.New(op, ref.SHA512, fehler.ErrNotFound, nil)
	}
	return blob.Verify(&body{rc, ctx, ref.SHA512}, ref), nil
}

// body gives errors of the connection their kind.
type body struct {
	io.ReadCloser
	ctx context.Context
	sum string
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = failed(b.ctx, "s3.Read", b.sum, err)
	}
	return n, err
}

// Stat implements [blob.Store].
func (s *Store) Stat(ctx context.Context, mandant tenant.ID, ref blob.Ref) error {
	const op = "s3.Stat"
	if err := blob.Check(ctx, op, mandant, &ref); err != nil {
		return err
	}
	info, err := s.stat(ctx, s.key(mandant, ref.SHA512))
	if err != nil {
		return failed(ctx, op, ref.SHA512, err)
	}
	if info.Size != ref.Groesse {
		return fehler.New(op, ref.SHA512, fehler.ErrNotFound, nil)
	}
	return nil
}

// Delete implements [blob.Store].
func (s *Store) Delete(ctx context.Context, mandant tenant.ID, ref blob.Ref) error {
	const op = "s3.Delete"
	if err := blob.Check(ctx, op, mandant, &ref); err != nil {
		return err
	}
	if err := s.remove(ctx, s.key(mandant, ref.SHA512)); err != nil {
		return failed(ctx, op, ref.SHA512, err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, key string) error {
	err := s.c.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
	if missing(err) { // some servers say so
		return nil
	}
	return err
}
