package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/s3test"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/blob/blobtest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m, s3test.Stop) }

const kiel tenant.ID = "kiel"

func open(t testing.TB, srv *s3test.Server, bucket string, o *Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), Params{
		Endpoint: "http://" + srv.Addr, Bucket: bucket, Prefix: "fach/werk",
		AccessKey: s3test.AccessKey, SecretKey: s3test.SecretKey,
	}, o)
	require.NoError(t, err)
	return s
}

func fresh(t testing.TB, o *Options) *Store {
	srv := s3test.Shared(t)
	return open(t, srv, srv.Bucket(t), o)
}

// pseudo is n bytes that repeat nowhere, always the same.
func pseudo(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// keys are all objects of the bucket, and uploads that were not finished.
func keys(t testing.TB, s *Store) (objects, uploads []string) {
	t.Helper()
	for o := range s.list(context.Background(), "", "", 0) {
		require.NoError(t, o.Err)
		objects = append(objects, o.Key)
	}
	r, err := s.c.ListMultipartUploads(context.Background(), s.bucket, "", "", "", "", 1000)
	require.NoError(t, err)
	for _, u := range r.Uploads {
		uploads = append(uploads, u.Key)
	}
	return objects, uploads
}

func TestConformance(t *testing.T) {
	srv := s3test.Shared(t)
	blobtest.Run(t, blobtest.Options{
		New: func(t testing.TB) blob.Store { return fresh(t, &Options{Limit: blobtest.Limit}) },
		Damage: func(t testing.TB, s blob.Store, m tenant.ID, ref blob.Ref) {
			x := s.(*Store)
			file := srv.File(x.bucket, x.key(m, ref.SHA512))
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			b[1] ^= 1
			require.NoError(t, os.WriteFile(file, b, 0o600))
		},
		Crash: func(t testing.TB, s blob.Store, m tenant.ID) { crash(t, s.(*Store), m) },
	})
}

// crash leaves behind a temporary object and an upload that nobody finishes.
func crash(t testing.TB, s *Store, m tenant.ID) {
	t.Helper()
	require.NoError(t, s.write(context.Background(), s.temps(m)+"crashed", []byte("half")))
	_, err := s.c.NewMultipartUpload(context.Background(), s.bucket, s.temps(m)+"crashed", putOptions)
	require.NoError(t, err)
}

// The suite once more, with all files going the way of the large ones.
func TestConformanceOverTemporaryObjects(t *testing.T) {
	blobtest.Run(t, blobtest.Options{
		New: func(t testing.TB) blob.Store {
			s := fresh(t, &Options{Limit: blobtest.Limit})
			s.direct = 0
			return s
		},
	})
}

func TestMultipart(t *testing.T) {
	content := pseudo(20<<20 + 12345)
	for name, c := range map[string]struct {
		size int
		copy uint64
	}{
		"20 MiB":                 {len(content), maxCopy},
		"copied in parts":        {len(content), 6 << 20},
		"exactly one part":       {5 << 20, maxCopy},
		"one byte more":          {5<<20 + 1, maxCopy},
		"exactly two parts":      {10 << 20, maxCopy},
		"one byte less than one": {5<<20 - 1, maxCopy},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t, &Options{PartSize: 5 << 20})
			s.copy = c.copy
			b := content[:c.size]
			ref, err := s.Put(t.Context(), kiel, iotest.HalfReader(bytes.NewReader(b)))
			require.NoError(t, err)
			require.EqualValues(t, len(b), ref.Groesse)
			got, err := blob.Read(t.Context(), s, kiel, ref, 1<<30)
			require.NoError(t, err)
			require.True(t, bytes.Equal(b, got), "the bytes differ")
			objects, uploads := keys(t, s)
			require.Equal(t, []string{"fach/werk/kiel/" + ref.SHA512[:2] + "/" + ref.SHA512}, objects, "nothing temporary stays")
			require.Empty(t, uploads)
		})
	}
}

func TestAnAbortedUploadLeavesNothing(t *testing.T) {
	s := fresh(t, &Options{PartSize: 5 << 20, Limit: 16 << 20})
	content := pseudo(12 << 20)
	broken := errors.New("the sender went away")
	for name, size := range map[string]int{"in the first part": 100, "in the third part": 11 << 20} {
		_, err := s.Put(t.Context(), kiel, io.MultiReader(bytes.NewReader(content[:size]), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken, name)
		require.ErrorIs(t, err, fehler.ErrUnavailable, name)
	}
	_, err := s.Put(t.Context(), kiel, io.MultiReader(bytes.NewReader(content), bytes.NewReader(content)))
	require.ErrorIs(t, err, fehler.ErrInvalid, "the limit")

	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err = s.Put(ctx, kiel, io.MultiReader(bytes.NewReader(content[:11<<20]), readerFunc(func(p []byte) (int, error) {
		if n++; n > 1 {
			cancel()
		}
		return copy(p, "x"), nil
	})))
	require.Equal(t, context.Canceled, err)
	objects, uploads := keys(t, s)
	require.Empty(t, objects)
	require.Empty(t, uploads)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestManyPutTheSame(t *testing.T) {
	s := fresh(t, &Options{PartSize: 5 << 20})
	for _, size := range []int{1000, 6 << 20} {
		content := pseudo(size)
		var wg sync.WaitGroup
		refs, errs := make([]blob.Ref, 6), make([]error, 6)
		for i := range refs {
			wg.Go(func() { refs[i], errs[i] = s.Put(t.Context(), kiel, bytes.NewReader(content)) })
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Len(t, slices.Compact(refs), 1)
		got, err := blob.Read(t.Context(), s, kiel, refs[0], 1<<30)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, got))
	}
	objects, uploads := keys(t, s)
	require.Len(t, objects, 2)
	require.Empty(t, uploads)
}

func TestAServerThatDiesIsUnavailable(t *testing.T) {
	srv := s3test.Start(t)
	s := open(t, srv, srv.Bucket(t), &Options{PartSize: 5 << 20, Attempts: 2})
	small, err := s.Put(t.Context(), kiel, strings.NewReader("abc"))
	require.NoError(t, err)
	content := pseudo(12 << 20)
	big, err := s.Put(t.Context(), kiel, bytes.NewReader(content))
	require.NoError(t, err)
	rc, err := s.Open(t.Context(), kiel, big)
	require.NoError(t, err)
	defer rc.Close()
	_, err = io.ReadFull(rc, make([]byte, 1000))
	require.NoError(t, err)

	// In the middle of a Put, and of reading.
	_, err = s.Put(t.Context(), kiel, io.MultiReader(bytes.NewReader(content), readerFunc(func([]byte) (int, error) {
		srv.Kill()
		return 0, io.EOF
	})))
	unavailable(t, err)
	_, err = io.Copy(io.Discard, rc)
	unavailable(t, err)

	_, err = s.Open(t.Context(), kiel, small)
	unavailable(t, err)
	unavailable(t, s.Stat(t.Context(), kiel, small))
	unavailable(t, s.Delete(t.Context(), kiel, small))
	_, err = s.Put(t.Context(), kiel, strings.NewReader("abc"))
	unavailable(t, err)
	_, err = s.List(t.Context(), kiel, blob.ListParams{})
	unavailable(t, err)
	_, err = s.DeleteOlder(t.Context(), kiel, blob.DeleteOlderParams{SHA512: small.SHA512, OlderThan: time.Now()})
	unavailable(t, err)
	_, err = s.CleanUp(t.Context(), kiel, blob.CleanUpParams{})
	unavailable(t, err)
	_, err = Open(t.Context(), Params{Endpoint: "http://" + srv.Addr, Bucket: "b", AccessKey: "a", SecretKey: "geheim"}, nil)
	unavailable(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	require.Equal(t, context.DeadlineExceeded, s.Stat(ctx, kiel, small))
}

func unavailable(t testing.TB, err error) {
	t.Helper()
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	for _, secret := range []string{s3test.SecretKey, "geheim", "Signature"} {
		require.NotContains(t, err.Error(), secret)
	}
}

// A server that takes the connection and says nothing: the context ends it, as it is.
func TestASilentServer(t *testing.T) {
	srv := s3test.Shared(t)
	s := open(t, srv, srv.Bucket(t), nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	s.c, err = minio.NewCore(l.Addr().String(), &minio.Options{Region: s3test.Region})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = s.Put(ctx, kiel, strings.NewReader("abc"))
	require.Equal(t, context.DeadlineExceeded, err)
	// A time limit of the client is not the caller's.
	s.c, err = minio.NewCore(l.Addr().String(), &minio.Options{Region: s3test.Region, MaxRetries: 1,
		Transport: &http.Transport{ResponseHeaderTimeout: 50 * time.Millisecond}})
	require.NoError(t, err)
	require.ErrorIs(t, s.Stat(t.Context(), kiel, blob.Ref{SHA512: strings.Repeat("0a", 64)}), fehler.ErrUnavailable)
	require.ErrorIs(t, failed(t.Context(), "s3.Stat", "", fmt.Errorf("client: %w", context.DeadlineExceeded)), fehler.ErrUnavailable)
}

func TestOpenRefuses(t *testing.T) {
	srv := s3test.Shared(t)
	good := Params{Endpoint: "http://" + srv.Addr, Bucket: srv.Bucket(t), AccessKey: s3test.AccessKey, SecretKey: s3test.SecretKey}
	for name, c := range map[string]struct {
		change func(*Params)
		o      *Options
		want   error
	}{
		"sound":            {func(*Params) {}, nil, nil},
		"no bucket there":  {func(p *Params) { p.Bucket = "nirgends" }, nil, fehler.ErrNotFound},
		"wrong key":        {func(p *Params) { p.SecretKey = "falsch" }, nil, fehler.ErrUnavailable},
		"no bucket":        {func(p *Params) { p.Bucket = "" }, nil, fehler.ErrInvalid},
		"no keys":          {func(p *Params) { p.SecretKey = "" }, nil, fehler.ErrInvalid},
		"no URL":           {func(p *Params) { p.Endpoint = "s3.example.de" }, nil, fehler.ErrInvalid},
		"path":             {func(p *Params) { p.Endpoint += "/pfad" }, nil, fehler.ErrInvalid},
		"keys in the URL":  {func(p *Params) { p.Endpoint = "https://a:geheim@s3.example.de" }, nil, fehler.ErrInvalid},
		"plain http":       {func(p *Params) { p.Endpoint = "http://s3.example.de" }, nil, fehler.ErrInvalid},
		"leaving prefix":   {func(p *Params) { p.Prefix = "../x" }, nil, fehler.ErrInvalid},
		"absolute prefix":  {func(p *Params) { p.Prefix = "/x" }, nil, fehler.ErrInvalid},
		"part too small":   {func(*Params) {}, &Options{PartSize: 5<<20 - 1}, fehler.ErrInvalid},
		"control in URL":   {func(p *Params) { p.Endpoint = "https://geheim\x00" }, nil, fehler.ErrInvalid},
		"bucket no bucket": {func(p *Params) { p.Bucket = "a/../b" }, nil, fehler.ErrUnavailable},
	} {
		p := good
		c.change(&p)
		_, err := Open(t.Context(), p, c.o)
		require.ErrorIs(t, err, c.want, name)
		if err != nil {
			require.NotContains(t, err.Error(), "geheim", name)
		}
	}
	s, err := Open(t.Context(), good, &Options{Limit: 1 << 40})
	require.NoError(t, err)
	require.GreaterOrEqual(t, int64(s.part)*maxParts, int64(1<<40))
}

func TestSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	p := Params{AccessKey: "a", SecretKey: "geheim", SessionToken: "geheim"}
	b, err := json.Marshal(p)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%+v %#v %q %x", p, p, p.SecretKey, p.SecretKey), string(b)} {
		require.NotContains(t, text, "geheim")
		require.NotContains(t, text, fmt.Sprintf("%x", "geheim"))
	}
}

// The steps of a removal and a Put, put together by hand in the orders that hurt.
func TestAPutTalksToARemoval(t *testing.T) {
	ctx := t.Context()
	s := fresh(t, nil)
	s.guard = 3 * time.Second
	ref, err := s.Put(ctx, kiel, strings.NewReader("abc"))
	require.NoError(t, err)
	mark := s.marks(kiel, ref.SHA512) + "x"
	put := func() (time.Duration, error) {
		start := time.Now()
		_, err := s.Put(ctx, kiel, strings.NewReader("abc"))
		return time.Since(start), err
	}

	// A removal that has finished: nothing to wait for.
	require.NoError(t, s.write(ctx, mark, []byte(done)))
	d, err := put()
	require.NoError(t, err)
	require.Less(t, d, time.Second)

	// One that died before it removed: the Put waits for the guard, and no longer.
	require.NoError(t, s.write(ctx, mark, nil))
	d, err = put()
	require.NoError(t, err)
	require.Greater(t, d, 2*time.Second)
	require.Less(t, d, 10*time.Second)
	d, err = put() // and later ones do not wait at all
	require.NoError(t, err)
	require.Less(t, d, time.Second)

	// One that removes after the Put has written: it is written again.
	require.NoError(t, s.write(ctx, mark, nil))
	end := make(chan error, 1)
	go func() { _, err := put(); end <- err }()
	time.Sleep(500 * time.Millisecond)
	require.NoError(t, s.remove(ctx, s.key(kiel, ref.SHA512)))
	require.NoError(t, s.write(ctx, mark, []byte(done)))
	require.NoError(t, <-end)
	got, err := blob.Read(ctx, s, kiel, ref, 100)
	require.NoError(t, err)
	require.Equal(t, "abc", string(got))

	// While it waits the context ends it.
	require.NoError(t, s.write(ctx, mark, nil))
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err = s.Put(short, kiel, strings.NewReader("abc"))
	require.Equal(t, context.DeadlineExceeded, err)

	// Marks are no contents, and are cleaned up.
	page, err := s.List(ctx, kiel, blob.ListParams{})
	require.NoError(t, err)
	require.Len(t, page, 1)
	_, err = s.CleanUp(ctx, kiel, blob.CleanUpParams{OlderThan: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	objects, _ := keys(t, s)
	require.Equal(t, []string{s.key(kiel, ref.SHA512)}, objects)
}

func TestCleanUpCountsAllKinds(t *testing.T) {
	s := fresh(t, nil)
	crash(t, s, kiel)
	require.NoError(t, s.write(t.Context(), s.marks(kiel, strings.Repeat("0a", 64))+"x", []byte(done)))
	left, err := s.CleanUp(t.Context(), kiel, blob.CleanUpParams{OlderThan: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, blob.Leftovers{Files: 3, Bytes: 5}, left)
	objects, uploads := keys(t, s)
	require.Empty(t, objects)
	require.Empty(t, uploads)
}

// What others keep in the bucket is neither listed nor touched.
func TestForeignObjects(t *testing.T) {
	s := fresh(t, nil)
	ref, err := s.Put(t.Context(), kiel, strings.NewReader("abc"))
	require.NoError(t, err)
	foreign := []string{"fach/werk/kiel/00/readme", "fach/werk/kiel/zz/" + ref.SHA512, "fach/werk/kieler/tmp/x", "fach/werk2/kiel/tmp/x", "tmp/x"}
	for _, key := range foreign {
		require.NoError(t, s.write(t.Context(), key, []byte("x")))
	}
	r, err := blob.Collect(t.Context(), s, kiel, blob.CollectParams{
		Referenced: func(func(string, error) bool) {}, AllowUnreferenced: true, Stand: time.Now().Add(time.Hour), Grace: 1,
	})
	require.NoError(t, err)
	require.Equal(t, 1, r.Removed)
	objects, _ := keys(t, s)
	for _, key := range foreign {
		require.Contains(t, objects, key)
	}
}

// Ours over the same bytes by the bare client, in one run; see docs/performance.md.
func BenchmarkPutAgainstFloor(b *testing.B) {
	s := fresh(b, nil)
	content := pseudo(1 << 20)
	var floor, ours time.Duration
	n := 0
	for b.Loop() {
		n++
		content[0], content[1], content[2] = byte(n), byte(n>>8), byte(n>>16)
		start := time.Now()
		_, err := s.c.Client.PutObject(b.Context(), s.bucket, fmt.Sprint("floor/", n), bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
		floor += time.Since(start)
		if err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		_, err = s.Put(b.Context(), kiel, bytes.NewReader(content))
		ours += time.Since(start)
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(ours)/float64(floor), "x-floor")
	b.ReportMetric(float64(ours.Microseconds())/float64(n), "us/put")
}
