// Package camt reads statements of account in ISO 20022 camt.053 (versions
// camt.053.001.02 and camt.053.001.08), as German banks deliver them: one Umsatz per
// payment, also out of batches. Files come from outside and are read hostile: bounded
// in bytes, tokens, depth and number, without document types; an entry at a time is in
// memory.
//
// A file is good only when it was read to its end: what [Each] gave before an error
// must not be booked. Nothing of the content is quoted in errors.
package camt

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Namespaces of the versions this package reads.
const (
	NS02 = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
	NS08 = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
)

// Codes of the problems. They are stable.
const (
	CodeKeinXML   = "camt.kein-xml"  // not well-formed, cut off, a document type or another encoding
	CodeVersion   = "camt.version"   // another message or version
	CodeZuGross   = "camt.zu-gross"  // beyond a limit
	CodeAufbau    = "camt.aufbau"    // something mandatory is missing or stands twice
	CodeKonto     = "camt.konto"     // the account is no valid IBAN
	CodeBetrag    = "camt.betrag"    // not an amount
	CodeDatum     = "camt.datum"     // not a date
	CodeRichtung  = "camt.richtung"  // neither CRDT nor DBIT
	CodeAnderes   = "camt.anderes"   // an account that is not among those asked for
	CodeKontrolle = "camt.kontrolle" // the balances do not fit the entries
)

// Options bound the reading; the zero value of every field is its default.
type Options struct {
	// Bytes of the file; 0 is 64 MiB.
	Bytes int64
	// Token counts tags and texts; 0 is 6 million.
	Token int
	// Umsaetze of the file; 0 is 100,000.
	Umsaetze int
	// Konten, if set, are the accounts that may come; another one is a problem.
	Konten []ueberweisung.IBAN
}

const (
	maxTiefe   = 24
	maxText    = 4000    // bytes of one element
	maxEintrag = 2 << 20 // elements of one entry
)

// Auszug is the head of a statement.
type Auszug struct {
	ID    string
	Konto ueberweisung.IBAN
	// Waehrung of the account, if said.
	Waehrung string
	// Nummer is the number the bank counts by, Seite the page, as text; may be empty.
	Nummer, Seite string
	// Erstellt as the bank writes it; zero if it cannot be read.
	Erstellt time.Time
	// Duplikat: the bank says that the statement was sent before.
	Duplikat bool
	// Anfang and Ende are the booked balances, negative on the debit side; Saldiert
	// tells whether both were there and fit the entries.
	Anfang, Ende zahlung.Betrag
	Saldiert     bool
	// Umsaetze counts what was read.
	Umsaetze int
}

// ReadAll reads a whole file.
func ReadAll(ctx context.Context, r io.Reader, o *Options) ([]Auszug, []ueberweisung.Umsatz, error) {
	var us []ueberweisung.Umsatz
	as, err := Each(ctx, r, o, func(u ueberweisung.Umsatz) error {
		us = append(us, u)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return as, us, nil
}

// Each gives every movement of the file to f and then the heads of its statements. An
// error of f ends the reading and is returned as it is. What is wrong with the file
// matches [fehler.ErrInvalid] with [fehler.Probleme]; a reader that fails matches
// [fehler.ErrUnavailable].
func Each(ctx context.Context, r io.Reader, o *Options, f func(ueberweisung.Umsatz) error) ([]Auszug, error) {
	if o == nil {
		o = &Options{}
	}
	l := *o
	if l.Bytes == 0 {
		l.Bytes = 64 << 20
	}
	if l.Token == 0 {
		l.Token = 6_000_000
	}
	if l.Umsaetze == 0 {
		l.Umsaetze = 100_000
	}
	s := &leser{o: l, x: xmltoken.New(ctx, r, xmltoken.Limits{Bytes: l.Bytes, Token: l.Token, Depth: maxTiefe}), f: f}
	err := s.datei()
	if err == nil {
		return s.auszuege, nil
	}
	if err, ok := errors.AsType[ausF](err); ok {
		return nil, err.error
	}
	return nil, s.deute(err)
}

// ausF marks an error of the caller's function.
type ausF struct{ error }

// kaputt is a broken rule before it becomes a Problem.
type kaputt struct{ code, pfad, meldung, hinweis string }

func (k kaputt) Error() string { return k.meldung }

type leser struct {
	o        Options
	x        *xmltoken.Reader
	f        func(ueberweisung.Umsatz) error
	ns       string
	auszuege []Auszug
	a        *stand
	n        int
}

func (s *leser) deute(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if q, ok := errors.AsType[*xmltoken.SourceError](err); ok {
		return fehler.New("camt.Each", "", fehler.ErrUnavailable, q)
	}
	k, ok := errors.AsType[kaputt](err)
	if !ok {
		k = kaputt{CodeKeinXML, "", err.Error(), "Die Datei ist kein vollständiges XML-Dokument in UTF-8 oder enthält eine Dokumenttyp-Angabe."}
		if errors.Is(err, xmltoken.ErrBytes) || errors.Is(err, xmltoken.ErrToken) || errors.Is(err, xmltoken.ErrDepth) {
			k.code, k.hinweis = CodeZuGross, "Der Kontoauszug ist größer oder tiefer verschachtelt als zugelassen."
		}
	}
	if k.pfad == "" {
		zeile, spalte := s.x.Pos()
		k.pfad = fmt.Sprintf("%d:%d", zeile, spalte)
	}
	return fehler.New("camt.Each", "", fehler.ErrInvalid, fehler.Probleme{{Code: k.code, Pfad: k.pfad, Meldung: k.meldung, Hinweis: k.hinweis}})
}

// knoten is an element with its text and children.
type knoten struct {
	name, text, ccy string
	kinder          []*knoten
}

// eins gives the first element below along the names, or an empty one.
func (k *knoten) eins(pfad ...string) *knoten {
	for _, p := range pfad {
		var n *knoten
		for _, c := range k.kinder {
			if c.name == p {
				n = c
				break
			}
		}
		if n == nil {
			return &knoten{}
		}
		k = n
	}
	return k
}

func (k *knoten) alle(name string) (out []*knoten) {
	for _, c := range k.kinder {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// s gives the text of the first path that is not empty.
func (k *knoten) s(pfade ...string) string {
	for _, p := range pfade {
		if t := k.eins(strings.Split(p, "/")...).text; t != "" {
			return t
		}
	}
	return ""
}

// baum reads the element that was begun, whole; elements of other namespaces are
// passed over.
func (s *leser) baum(e xml.StartElement, rest *int) (*knoten, error) {
	if *rest--; *rest < 0 {
		return nil, kaputt{CodeZuGross, "", "an entry with too many elements", "Ein Umsatz des Kontoauszugs hat mehr Bestandteile als zugelassen."}
	}
	k := &knoten{name: e.Name.Local}
	for i, a := range e.Attr {
		// The parser takes an attribute twice. No element of camt has more than one, with
		// declarations of namespaces a few.
		if i > 16 || slices.ContainsFunc(e.Attr[:i], func(b xml.Attr) bool { return b.Name == a.Name }) {
			return nil, xmltoken.ErrSyntax
		}
		if a.Name.Space == "" && a.Name.Local == "Ccy" {
			k.ccy = a.Value
		}
	}
	var text strings.Builder
	for {
		t, err := s.x.Next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			c, err := s.baum(t, rest)
			if err != nil {
				return nil, err
			}
			if t.Name.Space == s.ns {
				k.kinder = append(k.kinder, c)
			}
		case xml.CharData:
			if text.Len()+len(t) > maxText && len(strings.TrimSpace(string(t))) > 0 {
				return nil, kaputt{CodeZuGross, "", "a text is too long", "Ein Text des Kontoauszugs ist länger als zugelassen."}
			}
			if text.Len() <= maxText {
				text.Write(t)
			}
		case xml.EndElement:
			k.text = strings.TrimSpace(text.String())
			return k, nil
		}
	}
}

// kind gives the next element of the namespace below, or nil at the end.
func (s *leser) kind() (*xml.StartElement, error) {
	for {
		t, err := s.x.Next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				if s.ns == "" { // before the root
					return nil, xmltoken.ErrSyntax
				}
				return nil, aufbau("text between elements")
			}
		}
	}
}

func aufbau(meldung string) error {
	return kaputt{CodeAufbau, "", meldung, "Der Kontoauszug ist nicht so aufgebaut, wie camt.053 es verlangt."}
}

func (s *leser) datei() error {
	version := kaputt{CodeVersion, "", "not camt.053.001.02 or camt.053.001.08", "Die Datei ist kein Kontoauszug camt.053 in Version 02 oder 08. Vorgemerkte Umsätze (camt.052) und Sammleranzeigen (camt.054) werden hier nicht gelesen."}
	e, err := s.kind()
	if err != nil {
		return err
	}
	if e == nil || e.Name.Local != "Document" || e.Name.Space != NS02 && e.Name.Space != NS08 {
		return version
	}
	s.ns = e.Name.Space
	e, err = s.kind()
	if err != nil {
		return err
	}
	if e == nil || e.Name != (xml.Name{Space: s.ns, Local: "BkToCstmrStmt"}) {
		return version
	}
	seite, kopf := "", false
	for {
		e, err := s.kind()
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		switch {
		case e.Name == xml.Name{Space: s.ns, Local: "Stmt"}:
			if !kopf {
				return aufbau("Stmt before GrpHdr")
			}
			if err := s.auszug(seite); err != nil {
				return err
			}
		default:
			rest := maxEintrag
			k, err := s.baum(*e, &rest)
			if err != nil {
				return err
			}
			if k.name == "GrpHdr" {
				if kopf {
					return aufbau("GrpHdr twice")
				}
				kopf, seite = true, k.s("MsgPgntn/PgNb")
			}
		}
	}
	if !kopf || len(s.auszuege) == 0 {
		return aufbau("no GrpHdr or no Stmt")
	}
	if e, err := s.kind(); err != nil || e != nil {
		if err == nil {
			err = aufbau("something behind BkToCstmrStmt")
		}
		return err
	}
	return s.x.Finish()
}
