package fitconnect_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func ring(t testing.TB, names ...string) *fitconnect.Keyring {
	t.Helper()
	var keys []fitconnect.DecryptionKey
	for _, n := range names {
		keys = append(keys, testKey(t, n).Decryption())
	}
	r, err := fitconnect.NewKeyring(keys...)
	require.NoError(t, err)
	return r
}

func encrypt(t testing.TB, keyName, cty string, plain []byte) *fitconnect.JWE {
	t.Helper()
	j, err := fitconnect.Encrypt(fitconnect.EncryptParams{
		Key: testKey(t, keyName).Public(fitconnect.UseEncrypt), Cty: cty, Plaintext: plain})
	require.NoError(t, err)
	return j
}

func TestEncryptHeaderAndMinimumLength(t *testing.T) {
	j := encrypt(t, fitconnecttest.KeyEncryption1, "application/json", nil)
	head, _, _ := strings.Cut(j.String(), ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	require.NoError(t, err)
	require.JSONEq(t, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"test-only-encryption-1","cty":"application/json"}`, string(raw))
	require.GreaterOrEqual(t, len(j.String()), 776, "the smallest JWE the documentation allows")
	require.Equal(t, j.String()[strings.LastIndexByte(j.String(), '.')+1:], j.Tag())
}

// Both implementations must read what the other wrote, for every size around
// the windows of the in-place decoder.
func TestDecryptAgreesWithGoJOSE(t *testing.T) {
	r := ring(t, fitconnecttest.KeyEncryption1)
	private := testKey(t, fitconnecttest.KeyEncryption1).Private
	for _, n := range []int{0, 1, 2, 3, 15, 16, 17, 49151, 49152, 49153, 98304, 1 << 20} {
		plain := make([]byte, n)
		_, _ = rand.Read(plain)
		j := encrypt(t, fitconnecttest.KeyEncryption1, "application/pdf", plain)
		own, err := r.Decrypt(j)
		require.NoError(t, err)
		parsed, err := jose.ParseEncryptedCompact(j.String(), []jose.KeyAlgorithm{jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM})
		require.NoError(t, err)
		oracle, err := parsed.Decrypt(private)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plain, own) && bytes.Equal(plain, oracle), "size %d", n)
	}
}

// No single changed character goes unnoticed. go-jose would let the last
// character of a segment differ in bits that base64url does not use.
func TestDecryptNoticesDamage(t *testing.T) {
	r := ring(t, fitconnecttest.KeyEncryption1)
	good := encrypt(t, fitconnecttest.KeyEncryption1, "application/json", []byte(`{"a":"b"}`)).String()
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.IntRange(0, len(good)-1).Draw(rt, "at")
		c := rapid.SampledFrom([]byte("ABCabc019-_.=\n ")).Draw(rt, "c")
		if good[at] == c {
			return
		}
		j, err := fitconnect.ParseJWE(good[:at] + string(c) + good[at+1:])
		if err != nil {
			return
		}
		if _, err = r.Decrypt(j); err == nil {
			rt.Fatalf("damage at %d was not noticed", at)
		}
	})
}

func withHeader(compact, header string) string {
	_, rest, _ := strings.Cut(compact, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}

func TestParseJWERefuses(t *testing.T) {
	good := encrypt(t, fitconnecttest.KeyEncryption1, "application/json", []byte("{}")).String()
	_, err := fitconnect.ParseJWE(withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"12345678","cty":"application/json"}`))
	require.NoError(t, err, "the frame of the table is valid")
	for name, bad := range map[string]string{
		"empty":            "",
		"four segments":    good[:strings.LastIndexByte(good, '.')],
		"six segments":     good + ".AA",
		"line break":       good[:500] + "\n" + good[500:],
		"short tag":        good[:len(good)-2],
		"padded tag":       good + "==",
		"header no base64": "%%%" + good,
		"header too long":  strings.Repeat("A", 9<<10) + good,
		"alg":              withHeader(good, `{"alg":"RSA-OAEP","enc":"A256GCM","kid":"12345678"}`),
		"alg none":         withHeader(good, `{"alg":"none","enc":"A256GCM","kid":"12345678"}`),
		"alg other case":   withHeader(good, `{"Alg":"RSA-OAEP-256","enc":"A256GCM","kid":"12345678"}`),
		"enc":              withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A128GCM","kid":"12345678"}`),
		"kid missing":      withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM"}`),
		"kid number":       withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":1}`),
		"zip":              withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"12345678","zip":"DEF"}`),
		"zip null":         withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"12345678","zip":null}`),
		"crit":             withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"12345678","crit":["b64"]}`),
		"duplicate":        withHeader(good, `{"alg":"RSA-OAEP-256","alg":"RSA-OAEP-256","enc":"A256GCM","kid":"12345678"}`),
		"trailing":         withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"12345678"}{}`),
		"array":            withHeader(good, `["RSA-OAEP-256"]`),
		"null":             withHeader(good, `null`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fitconnect.ParseJWE(bad)
			require.ErrorIs(t, err, fehler.ErrInvalid)
		})
	}
}

func TestKeyringRollover(t *testing.T) {
	old := encrypt(t, fitconnecttest.KeyEncryption1, "application/json", []byte("old"))
	young := encrypt(t, fitconnecttest.KeyEncryption2, "application/json", []byte("young"))
	both := ring(t, fitconnecttest.KeyEncryption1, fitconnecttest.KeyEncryption2)
	for want, j := range map[string]*fitconnect.JWE{"old": old, "young": young} {
		got, err := both.Decrypt(j)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err := ring(t, fitconnecttest.KeyEncryption2).Decrypt(old)
	var missing *fitconnect.MissingKeyError
	require.ErrorAs(t, err, &missing)
	require.NotErrorIs(t, err, fehler.ErrInvalid, "a missing key is no reason to reject")
	require.NotErrorIs(t, err, fehler.ErrNotFound, "nor does it mean that the submission is gone")
}

var shortKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func TestShortKeysAreRefused(t *testing.T) {
	k := shortKey()
	_, err := fitconnect.NewKeyring(fitconnect.DecryptionKey{Kid: "kid-2048", Key: k})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.ErrorContains(t, err, "2048 bits")
	require.ErrorIs(t, fitconnect.SigningKey{Kid: "kid-2048", Key: k}.Check(), fehler.ErrInvalid)
	_, err = fitconnect.Encrypt(fitconnect.EncryptParams{
		Key: fitconnect.NewJWK("kid-2048", &k.PublicKey, fitconnect.UseEncrypt), Cty: "application/json"})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// module stands for a hardware key that fails.
type module struct {
	pub *rsa.PublicKey
	err error
}

func (m module) Public() crypto.PublicKey { return m.pub }
func (m module) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return nil, m.err
}

func TestBrokenKeyModuleIsTechnical(t *testing.T) {
	k := testKey(t, fitconnecttest.KeyEncryption1)
	j := encrypt(t, fitconnecttest.KeyEncryption1, "application/json", []byte("{}"))
	for want, cause := range map[error]error{fehler.ErrUnavailable: errors.New("session lost"), fehler.ErrInvalid: rsa.ErrDecryption} {
		r, err := fitconnect.NewKeyring(fitconnect.DecryptionKey{Kid: k.Kid, Key: module{&k.Private.PublicKey, cause}})
		require.NoError(t, err)
		_, err = r.Decrypt(j)
		require.ErrorIs(t, err, want)
	}
}

func TestContentType(t *testing.T) {
	for cty, ok := range map[string]bool{"application/json": true, "application/xml": true, "application/pdf": false, "text/plain": false} {
		err := encrypt(t, fitconnecttest.KeyEncryption1, cty, nil).CheckContentType()
		require.Equal(t, ok, err == nil, cty)
	}
}

func FuzzParseJWE(f *testing.F) {
	good := encrypt(f, fitconnecttest.KeyEncryption1, "application/json", []byte("{}")).String()
	f.Add(good)
	f.Add(withHeader(good, `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"k","zip":"DEF"}`))
	f.Add("....")
	r := ring(f, fitconnecttest.KeyEncryption1)
	f.Fuzz(func(t *testing.T, s string) {
		j, err := fitconnect.ParseJWE(s)
		if err != nil {
			require.ErrorIs(t, err, fehler.ErrInvalid)
			return
		}
		require.Equal(t, s, j.String())
		require.Equal(t, 4, strings.Count(s, "."))
		// Each fuzzing process encrypts its own seed, so compare the plaintext.
		if plain, err := r.Decrypt(j); err == nil {
			require.Equal(t, "{}", string(plain), "only what was encrypted decrypts")
		}
	})
}
