package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/internal/charset"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// zeichen reads the form data and brings text into UTF-8 as it is declared: byte order
// mark, charset of the MIME type, XML declaration. What is not what it declares goes to
// a person whole; the bytes of the Lieferung stay as they came.
func (a *Annahme) zeichen(ctx context.Context, l *Lauf) error {
	d, err := a.fachdaten(ctx, l.Lieferung)
	if err != nil {
		return err
	}
	l.Fachdaten, err = d.utf8(int(min(a.limits.Fachdaten*2, 1<<31-1)))
	return err
}

func (a *Annahme) fachdaten(ctx context.Context, l *Lieferung) (Fachdaten, error) {
	r, err := l.Fachdaten.open(ctx)
	if err != nil {
		return Fachdaten{}, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, a.limits.Fachdaten+1))
	if err != nil {
		return Fachdaten{}, err
	}
	if int64(len(b)) > a.limits.Fachdaten {
		return Fachdaten{}, fehler.Probleme{{Code: "intake.fachdaten-zu-gross", Pfad: "data",
			Meldung: fmt.Sprintf("larger than %d bytes", a.limits.Fachdaten), Hinweis: "Die Formulardaten sind zu groß."}}
	}
	return Fachdaten{Schema: l.Schema, MIME: l.Fachdaten.MIME, Bytes: b}, nil
}

// text tells whether the data is text, and whether it is XML, by the declared type, or
// without one by the first byte.
func (d Fachdaten) text() (text, xml bool) {
	typ, _, _ := mime.ParseMediaType(d.MIME)
	switch {
	case strings.HasSuffix(typ, "/xml") || strings.HasSuffix(typ, "+xml"):
		return true, true
	case typ == "application/json" || strings.HasSuffix(typ, "+json") || strings.HasPrefix(typ, "text/"):
		return true, false
	case typ != "" && typ != "application/octet-stream":
		return false, false
	}
	head := bytes.TrimLeft(bytes.TrimPrefix(d.Bytes[:min(len(d.Bytes), 512)], []byte("\ufeff")), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("<")), bytes.HasPrefix(head, []byte("\xff\xfe<")), bytes.HasPrefix(head, []byte("\xfe\xff\x00<")):
		return true, true
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")):
		return true, false
	}
	return false, false
}

// utf8 gives text in UTF-8 without byte order mark, with a declaration that says so.
// Other data is as it came.
func (d Fachdaten) utf8(max int) (Fachdaten, error) {
	text, xml := d.text()
	if !text {
		return d, nil
	}
	b, err := charset.Decode(d.Bytes, d.MIME, xml, max)
	if place, ok := errors.AsType[*charset.PlaceError](err); ok {
		return Fachdaten{}, zeichensatzFalsch(fmt.Sprintf("data, byte %d", place.Offset))
	}
	switch {
	case errors.Is(err, charset.ErrLong):
		return Fachdaten{}, fehler.Probleme{{Code: "intake.fachdaten-zu-gross", Pfad: "data", Meldung: "too large in UTF-8", Hinweis: "Die Formulardaten sind zu groß."}}
	case errors.Is(err, charset.ErrUnknown):
		return Fachdaten{}, ZurKlaerung(fehler.Probleme{{Code: "intake.zeichensatz-unbekannt", Pfad: "data", Meldung: err.Error(),
			Hinweis: "Der angegebene Zeichensatz der Formulardaten wird nicht unterstützt (möglich sind UTF-8, UTF-16, ISO-8859-1, ISO-8859-15 und Windows-1252)."}})
	case err != nil:
		return Fachdaten{}, zeichensatzFalsch("data")
	}
	if xml {
		b = charset.Declare(b)
	}
	d.Bytes = b
	if typ, params, err := mime.ParseMediaType(d.MIME); err == nil && params["charset"] != "" {
		params["charset"] = "utf-8"
		d.MIME = mime.FormatMediaType(typ, params)
	}
	return d, nil
}

func zeichensatzFalsch(pfad string) error {
	return ZurKlaerung(fehler.Probleme{{Code: "intake.zeichensatz-falsch", Pfad: pfad, Meldung: charset.ErrWrong.Error(),
		Hinweis: "Die Formulardaten sind nicht in dem Zeichensatz geschrieben, den sie angeben; Umlaute und andere Buchstaben wären falsch. Bitte beim Onlinedienst klären."}})
}

// angaben brings all values into NFC (DIN 91379), so that the same name is the same text
// whoever wrote it.
func angaben(_ context.Context, l *Lauf) error {
	daten, err := nfcJSON(l.Inhalt.Daten)
	if err != nil {
		return err
	}
	l.Inhalt.Daten = daten
	nfcFelder(l.Inhalt.Felder)
	e := &l.Inhalt.Antragsteller
	for _, s := range []*string{&e.Name, &e.Anschrift.Strasse, &e.Anschrift.Hausnummer, &e.Anschrift.Zusatz, &e.Anschrift.PLZ, &e.Anschrift.Ort} {
		*s = norm.NFC.String(*s)
	}
	return nil
}

func nfcFelder(felder []vorgang.Feld) {
	for i := range felder {
		f := &felder[i]
		f.Name, f.Label, f.Wert = norm.NFC.String(f.Name), norm.NFC.String(f.Label), norm.NFC.String(f.Wert)
		nfcFelder(f.Felder)
	}
}

// nfcJSON gives the same document with its texts in NFC; one that is so already is
// returned as it is, byte for byte. Numbers stay as they are written.
func nfcJSON(b json.RawMessage) (json.RawMessage, error) {
	if norm.NFC.IsNormal(b) && !bytes.Contains(b, []byte(`\u`)) {
		return b, nil
	}
	var out bytes.Buffer
	d, e := jsontext.NewDecoder(bytes.NewBuffer(b)), jsontext.NewEncoder(&out)
	changed := false
	for {
		t, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			if t.Kind() == '"' {
				if s := t.String(); !norm.NFC.IsNormalString(s) {
					t, changed = jsontext.String(norm.NFC.String(s)), true
				}
			}
			err = e.WriteToken(t)
		}
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return nil, fehler.Probleme{{Code: "intake.doppelter-schluessel", Pfad: "data", Meldung: "a name stands twice in one object",
				Hinweis: "Die Formulardaten nennen dieselbe Angabe zweimal."}}
		}
		if err != nil { // half a surrogate: JSON by its grammar, but no text
			return nil, zeichensatzFalsch("data")
		}
	}
	if !changed {
		return b, nil
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
