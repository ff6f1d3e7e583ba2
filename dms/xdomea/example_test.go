package xdomea_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
)

// A container holds the message first and the files flat beside it.
func ExampleKodierer_Encode() {
	k := xdomea.New(xdomea.V310(), nil)
	p := dmstest.Gross("beispiel", 1)
	var buf bytes.Buffer
	if err := k.Encode(context.Background(), &buf, p); err != nil {
		log.Fatal(err)
	}
	name, err := k.ContainerName(p)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name)
	zr, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range zr.File {
		fmt.Println("-", f.Name)
	}
	// Output:
	// 552bf102-8475-5577-a570-bdfe27b97eee_Abgabe.Abgabe.0401.zip
	// - 552bf102-8475-5577-a570-bdfe27b97eee_Abgabe.Abgabe.0401.xml
	// - 3aaa1b78-9d93-5b8e-ac05-74ccd5877f42_dokument-0.txt
}

// The object in the smallest message there is.
func ExampleKodierer_WriteAbgabe() {
	k := xdomea.New(xdomea.V310(), nil)
	var message strings.Builder
	if err := k.WriteAbgabe(&message, dmstest.Minimal("beispiel")); err != nil {
		log.Fatal(err)
	}
	_, object, _ := strings.Cut(message.String(), "</xdomea:Kopf>")
	fmt.Println(strings.ReplaceAll(object, "><", ">\n<"))
	// Output:
	// <xdomea:Schriftgutobjekt>
	// <xdomea:Vorgang>
	// <xdomea:Identifikation>
	// <xdomea:ID>12654ed7-22f2-55d2-96ca-1e3c06e1790c</xdomea:ID>
	// </xdomea:Identifikation>
	// </xdomea:Vorgang>
	// </xdomea:Schriftgutobjekt>
	// </xdomea:Abgabe.Abgabe.0401>
}

// The name of a container is a hint; the message inside decides.
func ExampleParseDateiname() {
	fmt.Println(xdomea.ParseDateiname("3F2A7C10-5b7e-4d0e-9a51-0d2f6b1c9e01_0402.zip"))
	// Output: {3f2a7c10-5b7e-4d0e-9a51-0d2f6b1c9e01 0402 zip} true
}
