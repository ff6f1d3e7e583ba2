package siegel_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"log"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel"
)

// ferndienst is a service that signs a hash with the key of the authority. A real one sends
// the hash to the service, which is the only one to have the key.
type ferndienst struct {
	crypto.Signer
	hashes int
}

func (f *ferndienst) Sign(r io.Reader, hash []byte, o crypto.SignerOpts) ([]byte, error) {
	f.hashes++
	return f.Signer.Sign(r, hash, o)
}

func ExamplePut() {
	key, cert := testkey()
	dienst := &ferndienst{Signer: key}
	s, err := siegel.New(dienst, cert)
	if err != nil {
		log.Fatal(err)
	}
	r, err := pdf.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	var file, sealed bytes.Buffer
	b, err := r.Write(&file, pdf.Dokument{Titel: "Bescheid", Siegelfeld: &pdf.Siegelfeld{Grund: "Behördensiegel"},
		Inhalt: []pdf.Block{pdf.Absatz{Text: "Ihr Antrag wird genehmigt."}}})
	if err != nil {
		log.Fatal(err)
	}
	if err := siegel.Put(context.Background(), &sealed, file.Bytes(), b, s); err != nil {
		log.Fatal(err)
	}
	fmt.Println("one hash went out:", dienst.hashes == 1, "- same length:", sealed.Len() == file.Len())
	// Output: one hash went out: true - same length: true
}

func testkey() (crypto.Signer, *x509.Certificate) {
	key, cert, err := erzeuge()
	if err != nil {
		log.Fatal(err)
	}
	return key, cert
}
