package fitconnecttest

import (
	"crypto/rsa"
	"crypto/x509"
	_ "embed" // the test keys
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

//go:embed testkeys.json
var testKeysJSON []byte

// Names of the keys [TestKey] knows.
const (
	KeyService     = "service"      // signs for the service
	KeyEncryption1 = "encryption-1" // encryption keys of destinations
	KeyEncryption2 = "encryption-2"
	KeySigning1    = "signing-1" // signature keys of destinations
	KeySigning2    = "signing-2"
	KeyStranger    = "stranger" // published nowhere: for forgeries
)

// Key is an RSA key pair with its kid.
type Key struct {
	Kid     string
	Private *rsa.PrivateKey
}

// Public gives the JWK for a use.
func (k Key) Public(use fitconnect.KeyUse) fitconnect.JWK {
	return fitconnect.NewJWK(k.Kid, &k.Private.PublicKey, use)
}

// Decryption gives the key for a [fitconnect.Keyring].
func (k Key) Decryption() fitconnect.DecryptionKey {
	return fitconnect.DecryptionKey{Kid: k.Kid, Key: k.Private}
}

// Signing gives the key to sign events with.
func (k Key) Signing() fitconnect.SigningKey {
	return fitconnect.SigningKey{Kid: k.Kid, Key: k.Private}
}

var testKeys = sync.OnceValues(func() (map[string]Key, error) {
	var file struct {
		Keys []struct{ Name, Kid, PKCS8 string }
	}
	if err := json.Unmarshal(testKeysJSON, &file); err != nil {
		return nil, fmt.Errorf("fitconnecttest: embedded keys: %w", err)
	}
	out := map[string]Key{}
	for _, k := range file.Keys {
		der, err := base64.StdEncoding.DecodeString(k.PKCS8)
		if err != nil {
			return nil, fmt.Errorf("fitconnecttest: embedded key %s: %w", k.Name, err)
		}
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("fitconnecttest: embedded key %s: %w", k.Name, err)
		}
		private, ok := parsed.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("fitconnecttest: embedded key %s is not RSA", k.Name)
		}
		out[k.Name] = Key{Kid: k.Kid, Private: private}
	}
	return out, nil
})

// TestKey gives a key of the embedded set. The set is public: TEST ONLY. An
// unknown name gives an error.
func TestKey(name string) (Key, error) {
	all, err := testKeys()
	if err != nil {
		return Key{}, err
	}
	k, ok := all[name]
	if !ok {
		return Key{}, fmt.Errorf("fitconnecttest: no test key %q", name)
	}
	return k, nil
}
