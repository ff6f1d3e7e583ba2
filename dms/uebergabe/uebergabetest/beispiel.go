package uebergabetest

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Beispiel is a Sendung with two files, one of them empty.
func Beispiel(n byte) *uebergabe.Sendung {
	ja := true
	x := uuid.UUID{6: 0x70, 8: 0x80, 14: n, 15: 3}
	return &uebergabe.Sendung{
		ID: uuid.UUID{6: 0x70, 8: 0x80, 14: n, 15: 1}, Mandant: "kiel", Vorgang: uuid.UUID{6: 0x70, 8: 0x80, 14: n, 15: 2}, Nummer: "KI-2026-17",
		Aktenzeichen: []string{"67.31/26-1"}, Leistung: "99050012104000", LeistungName: "Gewerbeanmeldung", Einheit: "ordnung", Ort: "010020000000",
		Eingang: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Erstellt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		Antrag: uebergabe.Antrag{
			Kanal: "fitconnect", Kennung: "sub-1", Schema: "urn:xoev-de:fim:s99000001:1.0", Format: uebergabe.FormatFIM,
			Daten: json.RawMessage(`{"F60000227":"Łukasik-Groß","G60000001":{"F60000228":"Gülşen"}}`), XFall: x,
			Person: uebergabe.Antragsteller{Name: "Gülşen Łukasik-Groß", Anschrift: tenant.Anschrift{Ort: "Kiel"}, DigitalerBescheid: &ja},
			Felder: []uebergabe.Feld{{Name: "F60000227", Label: "Familienname", Wert: "Łukasik-Groß"}},
		},
		Dateien: []uebergabe.Datei{
			Datei(x, "antrag.xml", "application/xml", "original", []byte("<xfall>ß</xfall>")),
			Datei(uuid.UUID{6: 0x70, 8: 0x80, 14: n, 15: 4}, "../leer?.txt", "text/plain", "anlage", nil),
		},
	}
}

// Datei makes a file of bytes.
func Datei(id uuid.UUID, name, mime, zweck string, b []byte) uebergabe.Datei {
	sum := sha512.Sum512(b)
	return uebergabe.Datei{
		ID: id, Name: name, MIME: mime, Zweck: zweck, Groesse: int64(len(b)), SHA512: hex.EncodeToString(sum[:]),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil },
	}
}

// offen counts what is open.
type offen struct {
	io.Reader
	n *atomic.Int64
}

func (o *offen) Close() error { o.n.Add(-1); return nil }

// counting makes the files count how many of them are open.
func counting(s *uebergabe.Sendung, n *atomic.Int64) {
	for i := range s.Dateien {
		open := s.Dateien[i].Open
		s.Dateien[i].Open = func(ctx context.Context) (io.ReadCloser, error) {
			rc, err := open(ctx)
			if err != nil {
				return nil, err
			}
			n.Add(1)
			return &offen{rc, n}, nil
		}
	}
}

var errOpen = errors.New("the file cannot be opened")
