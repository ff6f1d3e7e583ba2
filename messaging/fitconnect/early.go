package fitconnect

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"runtime"
	"strings"
	"sync"
)

// earlyWork is what is begun while a large JWE still arrives: its content key is
// unwrapped, and the hash of its plaintext worked out. Nothing of the plaintext is
// kept, and the hash is looked at only after [Keyring.Decrypt] checked the tag.
type earlyWork struct {
	key       crypto.Decrypter
	kid, head string
	chunks    chan []byte
	done      chan struct{}
	sum       string // hex, after done; empty if there is none

	unwrapOnce sync.Once
	cek        []byte
	err        error
}

// begin starts the work on a JWE whose first three segments are there. Without a
// key that fits it gives nil: whose fault that is is found out later.
func (r *Keyring) begin(head string) *earlyWork {
	j, err := ParseJWE(head + "..AAAAAAAAAAAAAAAAAAAAAA")
	if err != nil || r.keys[j.Kid] == nil {
		return nil
	}
	e := &earlyWork{key: r.keys[j.Kid], kid: j.Kid, head: head, chunks: make(chan []byte, 256), done: make(chan struct{})}
	go e.run()
	return e
}

// unwrap gives the content key; it may be called by several goroutines.
func (e *earlyWork) unwrap() ([]byte, error) {
	e.unwrapOnce.Do(func() { e.cek, e.err = contentKey(e.key, e.kid, e.head) })
	return e.cek, e.err
}

func (e *earlyWork) run() {
	defer close(e.done)
	stream := e.stream()
	hash, plain := sha512.New(), make([]byte, 32<<10)
	for c := range e.chunks {
		for len(c) > 0 && stream != nil {
			n := min(len(c), len(plain))
			stream.XORKeyStream(plain[:n], c[:n])
			hash.Write(plain[:n])
			c = c[n:]
		}
	}
	if stream != nil {
		e.sum = hex.EncodeToString(hash.Sum(nil))
	}
	clear(plain)
}

// stream is the key stream of GCM: that of CTR behind the block the tag takes.
func (e *earlyWork) stream() cipher.Stream {
	cek, err := e.unwrap()
	iv, err2 := base64.RawURLEncoding.Strict().DecodeString(e.head[strings.LastIndexByte(e.head, '.')+1:])
	if err != nil || err2 != nil || len(iv) != gcmIVSize {
		return nil
	}
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil
	}
	return cipher.NewCTR(block, append(iv, 0, 0, 0, 2))
}

// take hashes more of the ciphertext, which stays as it is until end has returned.
func (e *earlyWork) take(b []byte) {
	if e != nil && len(b) > 0 {
		e.chunks <- b
	}
}

// end waits for the work.
func (e *earlyWork) end() {
	if e != nil {
		close(e.chunks)
		<-e.done
	}
}

// parallel tells whether there is a second processor for early work.
func parallel() bool { return runtime.GOMAXPROCS(0) > 1 }
