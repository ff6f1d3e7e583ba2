package fitconnect_test

import (
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestJWKCheck(t *testing.T) {
	good := testKey(t, fitconnecttest.KeyEncryption1).Public(fitconnect.UseEncrypt)
	require.NoError(t, good.Check(fitconnect.UseEncrypt, nil))
	for name, change := range map[string]func(*fitconnect.JWK){
		"kty":          func(k *fitconnect.JWK) { k.Kty = "EC" },
		"alg":          func(k *fitconnect.JWK) { k.Alg = "RSA-OAEP" },
		"key_ops":      func(k *fitconnect.JWK) { k.KeyOps = []string{"wrapKey", "verify"} },
		"no key_ops":   func(k *fitconnect.JWK) { k.KeyOps = nil },
		"kid short":    func(k *fitconnect.JWK) { k.Kid = "1234567" },
		"kid long":     func(k *fitconnect.JWK) { k.Kid = k.Kid + k.Kid + k.Kid + k.Kid },
		"exponent":     func(k *fitconnect.JWK) { k.E = "Aw" },
		"modulus":      func(k *fitconnect.JWK) { k.N = k.N[:300] },
		"modulus text": func(k *fitconnect.JWK) { k.N = "%" + k.N },
		"modulus even": func(k *fitconnect.JWK) { k.N = k.N[:len(k.N)-2] + "AA" },
		"modulus huge": func(k *fitconnect.JWK) { k.N = k.N + k.N + k.N + k.N + k.N },
	} {
		t.Run(name, func(t *testing.T) {
			k := good
			change(&k)
			require.ErrorIs(t, k.Check(fitconnect.UseEncrypt, nil), fehler.ErrInvalid)
		})
	}
	require.Error(t, good.Check(fitconnect.UseVerify, nil), "an encryption key signs nothing")
	require.Error(t, good.Check(fitconnect.UseEncrypt, &fitconnect.JWKPolicy{RequireX5C: true}))
	good.X5c = []string{"MIIB"}
	require.NoError(t, good.Check(fitconnect.UseEncrypt, &fitconnect.JWKPolicy{RequireX5C: true}))
}

func TestParseJWKOfficialVector(t *testing.T) {
	k, err := fitconnect.ParseJWK(standard(t, "testvectors", "mock-destination-key.json"))
	require.NoError(t, err)
	pub, err := k.PublicKey()
	require.NoError(t, err)
	require.Equal(t, 4096, pub.N.BitLen())
	require.ErrorContains(t, k.Check(fitconnect.UseEncrypt, nil), "key_ops", "the vector lacks what the schema demands")
}

func TestPrivateJWK(t *testing.T) {
	want := testKey(t, fitconnecttest.KeySigning1)
	raw, err := json.Marshal(jose.JSONWebKey{Key: want.Private, KeyID: want.Kid, Algorithm: "PS512"})
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(raw, &m))
	// What generators add and go-jose would stumble over.
	m["key_ops"], m["ext"], m["use"] = []string{"sign"}, true, 7
	raw, err = json.Marshal(m)
	require.NoError(t, err)

	kid, key, err := fitconnect.ParsePrivateJWK(raw)
	require.NoError(t, err)
	require.Equal(t, want.Kid, kid)
	require.True(t, want.Private.Equal(key))

	_, err = fitconnect.ParseJWK(raw)
	require.ErrorIs(t, err, fehler.ErrInvalid, "a private key in the place of a public one is noticed")

	public, err := json.Marshal(want.Public(fitconnect.UseVerify))
	require.NoError(t, err)
	_, _, err = fitconnect.ParsePrivateJWK(public)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	short, err := json.Marshal(jose.JSONWebKey{Key: shortKey(), KeyID: "short-key"})
	require.NoError(t, err)
	_, _, err = fitconnect.ParsePrivateJWK(short)
	require.ErrorContains(t, err, "2048 bits")
}

func FuzzParseJWK(f *testing.F) {
	raw, err := json.Marshal(testKey(f, fitconnecttest.KeyEncryption1).Public(fitconnect.UseEncrypt))
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte(`{"kty":"RSA","n":"AA","e":"AQAB"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		k, err := fitconnect.ParseJWK(raw)
		if err == nil && k.Check(fitconnect.UseEncrypt, nil) == nil {
			pub, err := k.PublicKey()
			require.NoError(t, err)
			require.GreaterOrEqual(t, pub.N.BitLen(), 4096)
		}
	})
}
