package fitconnect_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
)

// floorPart is one encrypted part as the floor opens it: bare bytes, no base64.
type floorPart struct {
	key                    *rsa.PrivateKey
	wrapped, nonce, sealed []byte
	hashed                 bool
}

func newFloorPart(t testing.TB, key *rsa.PrivateKey, plain []byte, hashed bool) *floorPart {
	t.Helper()
	cek := make([]byte, 32)
	p := &floorPart{key: key, nonce: make([]byte, 12), hashed: hashed}
	var err error
	p.wrapped, err = rsa.EncryptOAEP(sha256.New(), rand.Reader, &key.PublicKey, cek, nil)
	require.NoError(t, err)
	p.sealed = gcm(t, cek).Seal(nil, p.nonce, plain, nil)
	return p
}

func gcm(t testing.TB, cek []byte) cipher.AEAD {
	block, err := aes.NewCipher(cek)
	require.NoError(t, err)
	g, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return g
}

// open decrypts into buf and hashes.
func (p *floorPart) open(t testing.TB, buf []byte) {
	cek, err := rsa.DecryptOAEP(sha256.New(), nil, p.key, p.wrapped, nil)
	require.NoError(t, err)
	out, err := gcm(t, cek).Open(buf[:0], p.nonce, p.sealed, nil)
	require.NoError(t, err)
	if p.hashed {
		sum := sha512.Sum512(out)
		_ = hex.EncodeToString(sum[:])
	}
}

// countSink counts what it is given.
type countSink struct {
	n         int64
	committed bool
}

func (s *countSink) Write(b []byte) (int, error) { s.n += int64(len(b)); return len(b), nil }
func (s *countSink) Commit() error               { s.committed = true; return nil }
func (s *countSink) Discard()                    {}

// BenchmarkReceiveLarge receives a submission with one large attachment over loopback:
// download, base64url, tags, event log, decryption, hashes, metadata and data. The
// floor of the same run is RSA-OAEP and AES-GCM of its three parts and SHA-512 of
// data and attachment, bare bytes in one goroutine. x-JWE is what the heap grew at
// most, by the size of the JWE as it is sent.
func BenchmarkReceiveLarge(b *testing.B) {
	for _, mb := range []int{5, 100} {
		b.Run(fmt.Sprintf("%dMB", mb), func(b *testing.B) { receiveLarge(b, mb<<20) })
	}
}

func receiveLarge(b *testing.B, size int) {
	t := newBench(b, nil, nil)
	draft := fitconnecttest.Beispiel(t.dest.ID)
	plain := make([]byte, size)
	_, _ = rand.Read(plain)
	draft.Attachments[0].Content = plain
	sent, err := t.z.Sende(b.Context(), draft)
	require.NoError(b, err)
	r, err := t.sub.FetchStream(b.Context(), sent.SubmissionID, func(fitconnect.MetadataAttachment) (fitconnect.Sink, error) { return &countSink{}, nil })
	require.NoError(b, err)
	key := testKey(b, fitconnecttest.KeyEncryption1).Private
	parts := []*floorPart{newFloorPart(b, key, r.MetadataRaw, false), newFloorPart(b, key, r.Data, true), newFloorPart(b, key, plain, true)}
	draft.Attachments, plain = nil, nil
	buf := make([]byte, size)
	own := func() {
		sink := &countSink{}
		_, err := t.sub.FetchStream(b.Context(), sent.SubmissionID, func(fitconnect.MetadataAttachment) (fitconnect.Sink, error) { return sink, nil })
		if err != nil || !sink.committed || sink.n != int64(size) {
			b.Fatal("not received", err)
		}
	}
	floor := func() {
		for _, p := range parts {
			p.open(b, buf)
		}
	}
	own()
	floor()
	b.SetBytes(int64(size))
	var r2 rounds
	for b.Loop() {
		b.StopTimer() // alternating, so that a busy machine slows both
		f := measure(floor)
		b.StartTimer()
		r2.add(f, measure(own))
	}
	b.StopTimer()
	r2.report(b, 1)
	b.ReportMetric(r2.seconds()*1000, "ms")
	var most []float64
	for range 3 {
		most = append(most, float64(heapGrowth(own))/(float64(size)*4/3))
	}
	b.ReportMetric(slices.Max(most), "x-JWE")
}

// spent is what something took, by the clock and of the processors, in seconds.
type spent struct{ wall, cpu float64 }

func measure(f func()) spent {
	start, c := time.Now(), cpu()
	f()
	return spent{time.Since(start).Seconds(), (cpu() - c).Seconds()}
}

// rounds of a benchmark.
type rounds struct{ floor, own []spent }

func (r *rounds) add(floor, own spent) {
	r.floor, r.own = append(r.floor, floor), append(r.own, own)
}

// report: of-floor is the median of floor time by own time, and cpu-of-floor of the
// processor time, which counts that of the delivery service with ours. Of the rounds in
// which nothing else kept the processors from us (the floor had nearly those it can use,
// and we most of the two) it is quiet-of-floor.
func (r *rounds) report(b *testing.B, floorCores float64) {
	var wall, proc, cores, quiet []float64
	for i, o := range r.own {
		f := r.floor[i]
		wall, proc, cores = append(wall, f.wall/o.wall), append(proc, f.cpu/o.cpu), append(cores, o.cpu/o.wall)
		if f.cpu/f.wall >= 0.9*floorCores && o.cpu/o.wall >= 1.5 {
			quiet = append(quiet, f.wall/o.wall)
		}
	}
	b.ReportMetric(median(wall), "of-floor")
	b.ReportMetric(median(proc), "cpu-of-floor")
	b.ReportMetric(median(cores), "cores")
	b.ReportMetric(float64(len(quiet)), "quiet-rounds")
	if len(quiet) > 0 {
		b.ReportMetric(median(quiet), "quiet-of-floor")
	}
}

// seconds is the median time of ours.
func (r *rounds) seconds() float64 {
	var t []float64
	for _, o := range r.own {
		t = append(t, o.wall)
	}
	return median(t)
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// heapGrowth is by how much the heap, garbage included, grew at most during f.
func heapGrowth(f func()) int64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	now := func() int64 { metrics.Read(sample); return int64(sample[0].Value.Uint64()) }
	before := now()
	most := before
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			most = max(most, now())
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	f()
	close(done)
	wg.Wait()
	return most - before
}

// BenchmarkReceiveMany receives and accepts small submissions with four workers on the processors there are. The
// floor is the bare cryptography the protocol demands for one of them, with as many
// goroutines: RSA-OAEP and AES-GCM of metadata, data and attachment, SHA-512 of two,
// PS512 of the two events of the log, and the signature of the accept event.
func BenchmarkReceiveMany(b *testing.B) {
	const batch, workers = 60, 4
	t := newBench(b, nil, nil)
	draft := fitconnecttest.Beispiel(t.dest.ID)
	send := func() (ids []string) {
		for range batch {
			sent, err := t.z.Sende(b.Context(), draft)
			require.NoError(b, err)
			ids = append(ids, sent.SubmissionID)
		}
		return ids
	}
	ids := send()
	r, err := t.sub.Fetch(b.Context(), ids[0])
	require.NoError(b, err)
	key, signing := testKey(b, fitconnecttest.KeyEncryption1).Private, testKey(b, fitconnecttest.KeySigning1).Private
	parts := []*floorPart{newFloorPart(b, key, r.MetadataRaw, false), newFloorPart(b, key, r.Data, true), newFloorPart(b, key, r.Attachments[0].Content, true)}
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512}
	token := []byte(r.SETs[0])
	digest := sha512.Sum512(token)
	signature, err := signing.Sign(rand.Reader, digest[:], pss)
	require.NoError(b, err)
	one := func(int) {
		buf := make([]byte, 4096)
		for _, p := range parts {
			p.open(b, buf)
		}
		for range r.SETs {
			d := sha512.Sum512(token)
			require.NoError(b, rsa.VerifyPSS(&signing.PublicKey, crypto.SHA512, d[:], signature, pss))
		}
		d := sha512.Sum512(token)
		_, err := signing.Sign(rand.Reader, d[:], pss)
		require.NoError(b, err)
	}
	all := func(f func(int)) func() {
		return func() {
			var wg sync.WaitGroup
			next := make(chan int)
			for range workers {
				wg.Go(func() {
					for i := range next {
						f(i)
					}
				})
			}
			for i := range batch {
				next <- i
			}
			close(next)
			wg.Wait()
		}
	}
	own := func(i int) {
		r, err := t.sub.Fetch(b.Context(), ids[i])
		require.NoError(b, err)
		require.NoError(b, t.sub.Accept(b.Context(), r))
	}
	var r2 rounds
	for b.Loop() {
		b.StopTimer()
		ids = send()
		f := measure(all(one))
		b.StartTimer()
		r2.add(f, measure(all(own)))
	}
	r2.report(b, 2)
	b.ReportMetric(batch/r2.seconds(), "submissions/s")
}
