package fitconnect

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	mrand "math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// readKey is a key of the double, whose package cannot be imported here.
var readKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	raw, err := os.ReadFile("fitconnecttest/testkeys.json")
	if err != nil {
		return nil, err
	}
	var file struct{ Keys []struct{ PKCS8 []byte } }
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	k, err := x509.ParsePKCS8PrivateKey(file.Keys[0].PKCS8)
	if err != nil {
		return nil, err
	}
	return k.(*rsa.PrivateKey), nil
})

func readRing(t testing.TB) (*Keyring, JWK) {
	t.Helper()
	key, err := readKey()
	require.NoError(t, err)
	r, err := NewKeyring(DecryptionKey{Kid: "reading-1", Key: key})
	require.NoError(t, err)
	return r, NewJWK("reading-1", &key.PublicKey, UseEncrypt)
}

// read opens a text as it arrives.
func read(ring *Keyring, r io.Reader, length int64, early bool) (tag string, plain []byte, sum string, err error) {
	x := jweReader{r: r, length: length}
	if early {
		x.begin = ring.begin
	}
	j, err := x.readJWE()
	if err != nil {
		return "", nil, "", err
	}
	plain, err = ring.Decrypt(j)
	if j.work != nil {
		sum = j.work.sum
	}
	return j.Tag(), plain, sum, err
}

// What is read as it arrives, in whatever pieces, comes to the same as what is parsed
// whole, also when it is wrong.
func TestReadJWEIsParseJWE(t *testing.T) {
	ring, jwk := readRing(t)
	plain := make([]byte, 700_000)
	_, _ = rand.Read(plain)
	var texts []string
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 98_300, 98_304, 98_305, len(plain)} {
		j, err := Encrypt(EncryptParams{Key: jwk, Cty: "application/pdf", Plaintext: plain[:n]})
		require.NoError(t, err)
		texts = append(texts, j.String())
	}
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		switch rapid.IntRange(0, 6).Draw(t, "damage") {
		case 0: // one character
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			text = text[:at] + rapid.SampledFrom([]string{".", "A", "=", "\n", "+", "", "~", "ä"}).Draw(t, "char") + text[at+1:]
		case 1: // the end
			text = text[:len(text)-rapid.IntRange(0, min(len(text), 60)).Draw(t, "cut")]
		case 2:
			text += rapid.SampledFrom([]string{".", "\n", "A", ".A", strings.Repeat("A", 200_000)}).Draw(t, "more")
		case 3: // one of the segments
			p := strings.Split(text, ".")
			i := rapid.IntRange(0, 4).Draw(t, "segment")
			p[i] = rapid.SampledFrom([]string{"", "A", p[0], strings.Repeat("A", 20_000)}).Draw(t, "as")
			text = strings.Join(p, ".")
		}
		var in io.Reader = strings.NewReader(text)
		switch rapid.IntRange(0, 2).Draw(t, "pieces") {
		case 1:
			in = iotest.HalfReader(in)
		case 2:
			in = &pieces{r: in, rnd: mrand.New(mrand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))}
		}
		length := rapid.SampledFrom([]int64{-1, int64(len(text))}).Draw(t, "length")
		tag, got, sum, err := read(ring, in, length, rapid.Bool().Draw(t, "early"))
		if _, malformed := errors.AsType[malformedJWE](err); malformed {
			err = errors.New("malformed")
		}

		var want []byte
		j, wantErr := ParseJWE(text)
		if wantErr == nil {
			if want, wantErr = ring.Decrypt(j); wantErr == nil && j.Tag() != tag {
				t.Fatal("another tag")
			}
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("read: %v, parsed: %v", err, wantErr)
		}
		if err == nil && (!bytes.Equal(got, want) || sum != "" && sum != SHA512(want)) {
			t.Fatal("other bytes")
		}
		if err == nil {
			seen["ok"]++
		} else {
			seen["wrong"]++
		}
	})
	require.NotEmpty(t, seen["ok"])
	require.NotEmpty(t, seen["wrong"])
}

// pieces reads a few bytes at a time at first, and more later.
type pieces struct {
	r   io.Reader
	rnd *mrand.Rand
	n   int
}

func (p *pieces) Read(b []byte) (int, error) {
	p.n++
	return p.r.Read(b[:min(len(b), 1+p.rnd.IntN(40*p.n))])
}

// A connection that breaks is no mistake of the sender.
func TestReadJWEBrokenConnection(t *testing.T) {
	ring, jwk := readRing(t)
	j, err := Encrypt(EncryptParams{Key: jwk, Cty: "application/pdf", Plaintext: make([]byte, 1000)})
	require.NoError(t, err)
	for _, at := range []int{0, 10, 900, 1500, len(j.String()) - 3} {
		r := io.MultiReader(strings.NewReader(j.String()[:at]), iotest.ErrReader(io.ErrUnexpectedEOF))
		_, _, _, err := read(ring, r, -1, true)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		_, malformed := errors.AsType[malformedJWE](err)
		require.False(t, malformed)
	}
}

// An announced length is not believed before something arrived.
func TestReadJWELyingLength(t *testing.T) {
	b := grow(nil, 100, 1<<40)
	require.LessOrEqual(t, cap(b), firstGrow)
}

func TestDecodeBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := []byte(base64.RawURLEncoding.EncodeToString(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes")))
		src = src[:len(src)&^7]
		if len(src) > 0 && rapid.Bool().Draw(t, "spoil") {
			src[rapid.IntRange(0, len(src)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		want, err := base64.RawURLEncoding.DecodeString(string(src))
		if bytes.ContainsAny(src, "\r\n") {
			err = errors.New("line break")
		}
		dst := make([]byte, len(src)/8*6+decodeSlack)
		if ok := decodeBlocks(dst, src); ok != (err == nil) {
			t.Fatalf("taken: %t, encoding/base64: %v", ok, err)
		}
		if err == nil && !bytes.Equal(dst[:len(dst)-decodeSlack], want) {
			t.Fatal("other bytes")
		}
	})
}

func TestBudget(t *testing.T) {
	b := newBudget(10)
	require.Equal(t, int64(10), b.weight(1<<40))
	require.NoError(t, b.acquire(t.Context(), 6))
	require.False(t, b.try(5))
	ctx, cancel := context.WithCancel(t.Context())
	large, small, gone := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() { large <- b.acquire(t.Context(), 9) }()
	waits := func(n int) {
		require.Eventually(t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.waiting) == n }, 10*time.Second, time.Millisecond)
	}
	waits(1)
	require.False(t, b.try(1), "who wants little does not overtake")
	go func() { gone <- b.acquire(ctx, 1) }()
	waits(2)
	go func() { small <- b.acquire(t.Context(), 1) }()
	waits(3)
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	b.release(6)
	require.NoError(t, <-large)
	require.NoError(t, <-small)
	b.release(9)
	b.release(1)
	require.True(t, b.try(10), "nothing is lost")
}
