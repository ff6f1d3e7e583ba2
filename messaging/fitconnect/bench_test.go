package fitconnect_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
)

// BenchmarkDecrypt5MB opens an attachment of 5 MB: parse, tag, decrypt, hash. In
// the same run it measures the floor (bare RSA-OAEP, AES-GCM and SHA-512, no
// base64) and go-jose, and reports ratios, because only they carry over to other
// machines.
func BenchmarkDecrypt5MB(b *testing.B) {
	const size = 5 << 20
	plain := make([]byte, size)
	_, _ = rand.Read(plain)
	key := testKey(b, fitconnecttest.KeyEncryption1)
	r := ring(b, fitconnecttest.KeyEncryption1)
	j := encrypt(b, fitconnecttest.KeyEncryption1, "application/pdf", plain)
	want := fitconnect.SHA512(plain)

	cek := make([]byte, 32)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &key.Private.PublicKey, cek, nil)
	require.NoError(b, err)
	block, err := aes.NewCipher(cek)
	require.NoError(b, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(b, err)
	nonce := make([]byte, 12)
	sealed := gcm.Seal(nil, nonce, plain, nil)
	buf := make([]byte, size)

	floor := func() {
		if _, err := rsa.DecryptOAEP(sha256.New(), nil, key.Private, wrapped, nil); err != nil {
			b.Fatal(err)
		}
		out, err := gcm.Open(buf[:0], nonce, sealed, nil)
		if err != nil {
			b.Fatal(err)
		}
		sum := sha512.Sum512(out)
		_ = hex.EncodeToString(sum[:])
	}
	own := func() {
		parsed, err := fitconnect.ParseJWE(j.String())
		if err != nil {
			b.Fatal(err)
		}
		out, err := r.Decrypt(parsed)
		if err != nil || fitconnect.SHA512(out) != want {
			b.Fatal("decryption failed")
		}
	}
	library := func() {
		parsed, err := jose.ParseEncryptedCompact(j.String(), []jose.KeyAlgorithm{jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM})
		if err != nil {
			b.Fatal(err)
		}
		out, err := parsed.Decrypt(key.Private)
		if err != nil || fitconnect.SHA512(out) != want {
			b.Fatal("decryption failed")
		}
	}
	took := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	var ownTime, floorTime, libraryTime time.Duration
	for b.Loop() {
		ownTime += took(own)
		b.StopTimer() // alternating, so that a busy machine slows all three
		floorTime += took(floor)
		libraryTime += took(library)
		b.StartTimer()
	}
	b.ReportMetric(float64(ownTime)/float64(floorTime), "x-floor")
	b.ReportMetric(float64(libraryTime)/float64(floorTime), "gojose-x-floor")
}

func BenchmarkVerifyEventLog(b *testing.B) {
	v := &fitconnect.Verifier{Keys: sources(b)}
	log := []string{sign(b, fitconnecttest.KeyService, event(fitconnect.EventCreateSubmission, service)),
		sign(b, fitconnecttest.KeyService, event(fitconnect.EventSubmitSubmission, service))}
	x := fitconnect.Expect{CaseID: caseID, Subject: fitconnect.SubjectOfSubmission(subID), DestinationID: destID}
	for b.Loop() {
		if _, err := v.VerifyEventLog(b.Context(), log, x); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFetch receives a whole submission over loopback.
func BenchmarkFetch(b *testing.B) {
	t := newBench(b, nil, nil)
	sent, err := t.z.Sende(b.Context(), fitconnecttest.Beispiel(t.dest.ID))
	require.NoError(b, err)
	for b.Loop() {
		if _, err := t.sub.Fetch(b.Context(), sent.SubmissionID); err != nil {
			b.Fatal(err)
		}
	}
}
