package intaketest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// foreign is data that belongs to no form.
func foreign() []intake.Fachdaten {
	const schema = "urn:example:intaketest:foreign"
	return []intake.Fachdaten{
		{},
		{Schema: schema},
		{Schema: schema, MIME: "application/json", Bytes: []byte(`{"a":1}`)},
		{Schema: schema, MIME: "application/xml", Bytes: []byte(`<?xml version="1.0"?><a xmlns="urn:example:foreign"/>`)},
		{Schema: schema, MIME: "application/pdf", Bytes: []byte("%PDF-1.7\n%%EOF\n")},
		{Schema: schema, MIME: "text/plain", Bytes: []byte("ein Brief")},
		{Schema: schema, MIME: "application/octet-stream", Bytes: []byte{0, 1, 2, 0xff}},
	}
}

// mutations damages the bytes in the same ways each time: cuts, flipped bits,
// doubled parts, bad UTF-8, deep nesting, and things that are no document at all.
func mutations(b []byte) [][]byte {
	out := [][]byte{
		nil, {}, {0}, {0xff, 0xfe}, []byte("null"), []byte("[]"), []byte("{}"), []byte(`""`), []byte("1e999"), []byte("<a/>"), []byte("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
		bytes.Repeat([]byte("["), 100_000), bytes.Repeat([]byte(`{"a":`), 50_000), bytes.Repeat([]byte("<a>"), 50_000),
		append([]byte{0xef, 0xbb, 0xbf}, b...), append(bytes.Clone(b), b...), append(bytes.Clone(b), 0), bytes.ReplaceAll(b, []byte(`"`), []byte(`'`)),
		bytes.ToUpper(b), bytes.ReplaceAll(b, []byte("e"), []byte{0xc3, 0x28}),
	}
	r := rand.New(rand.NewPCG(1, uint64(len(b)))) // the same damage each time
	for n := 0; n < 60 && len(b) > 0; n++ {
		c := bytes.Clone(b)
		at := r.IntN(len(c))
		switch n % 3 {
		case 0:
			c = c[:at]
		case 1:
			c[at] ^= 1 << r.IntN(8)
		case 2:
			end := at + r.IntN(len(c)-at)
			c = append(c[:end:end], c[at:]...)
		}
		out = append(out, c)
	}
	return out
}

func checkFelder(felder []vorgang.Feld) error {
	for _, f := range felder {
		if f.Name == "" || f.Label == "" {
			return errors.New("a Feld has no Name or no Label")
		}
		if err := checkFelder(f.Felder); err != nil {
			return err
		}
	}
	return nil
}

func names(felder []vorgang.Feld) (out []string) {
	for _, f := range felder {
		out = append(append(out, f.Name), names(f.Felder)...)
	}
	return out
}

var (
	codeForm     = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	sentenceForm = regexp.MustCompile(`^[A-ZÄÖÜ„][^\n]*[.!?]$`)
)

// checkProbleme tells what a list of problems lacks.
func checkProbleme(err error) error {
	p := fehler.ProblemeIn(err)
	if len(p) == 0 {
		return fmt.Errorf("bad data gives no Probleme but a technical error of type %T", err)
	}
	for _, q := range p {
		switch {
		case !codeForm.MatchString(q.Code):
			return fmt.Errorf("the code %q is not lower-case and dotted", q.Code)
		case q.Pfad == "":
			return fmt.Errorf("%s has no place", q.Code)
		case strings.TrimSpace(q.Meldung) == "":
			return fmt.Errorf("%s has no message", q.Code)
		case !sentenceForm.MatchString(q.Hinweis) || q.Hinweis == q.Meldung:
			return fmt.Errorf("the Hinweis of %s is no sentence for the clerk", q.Code)
		}
	}
	return nil
}
