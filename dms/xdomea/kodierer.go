package xdomea

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Kodierer writes and reads xdomea in one version. It is safe for concurrent
// use and implements dms.Kodierer.
type Kodierer struct {
	profil  Profil
	grenzen Grenzen
	replace bool
	schema  Schemapruefer
}

var _ dms.Kodierer = (*Kodierer)(nil)

// Options of a Kodierer; nil is the default.
type Options struct {
	// Grenzen bound what is read. Zero values are the defaults.
	Grenzen Grenzen
	// ReplaceInvalid writes U+FFFD for characters XML 1.0 cannot carry, such as
	// control characters from a clipboard. Default is to refuse the Paket with
	// their place, so that a person decides.
	//
	// In 2.x it also writes a question mark for what is outside its characters.
	ReplaceInvalid bool
	// Schema validates every message that is written or read; nil does not. See
	// package schema. A message it has no schema for is refused.
	Schema Schemapruefer
}

// Schemapruefer validates a message against its XML schema while it streams. It reads
// to the end or gives an error; findings are fehler.Probleme.
type Schemapruefer interface {
	Validate(ctx context.Context, r io.Reader) error
}

// Grenzen bound foreign messages and containers. What exceeds one is refused
// with fehler.ErrInvalid.
type Grenzen struct {
	// MaxXML is the size of one message in bytes; default 128 MiB.
	MaxXML int64
	// MaxTiefe is how deep elements nest; default 128.
	MaxTiefe int
	// MaxToken counts tags and texts of one message; default 8 million.
	MaxToken int
	// MaxEintraege counts the entries of a container; default 20,000.
	MaxEintraege int
	// MaxDatei is the unpacked size of one file, MaxGesamt of all, in bytes;
	// defaults 16 GiB and 64 GiB.
	MaxDatei, MaxGesamt int64
	// MaxVerhaeltnis is how much larger than its compressed form an entry of
	// more than 1 MiB may be; default 200. Deflate cannot exceed about 1030.
	MaxVerhaeltnis int64
}

func (g Grenzen) withDefaults() Grenzen {
	set := func(v *int64, def int64) {
		if *v <= 0 {
			*v = def
		}
	}
	setInt := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&g.MaxXML, 128<<20)
	setInt(&g.MaxTiefe, 128)
	setInt(&g.MaxToken, 8_000_000)
	setInt(&g.MaxEintraege, 20_000)
	set(&g.MaxDatei, 16<<30)
	set(&g.MaxGesamt, 64<<30)
	set(&g.MaxVerhaeltnis, 200)
	return g
}

// New makes a Kodierer for a version of the standard.
func New(p Profil, o *Options) *Kodierer {
	if o == nil {
		o = &Options{}
	}
	return &Kodierer{profil: p, grenzen: o.Grenzen.withDefaults(), replace: o.ReplaceInvalid, schema: o.Schema}
}

// Version is the version of the standard that is written, such as "3.1.0".
func (k *Kodierer) Version() string { return k.profil.Version }

// ContainerName implements dms.Kodierer: <ProzessID>_Abgabe.Abgabe.0401.zip.
func (k *Kodierer) ContainerName(p *dms.Paket) (string, error) {
	if !dms.IsUUID(p.ProzessID) {
		return "", fehler.New("xdomea.ContainerName", "", fehler.ErrInvalid, nil)
	}
	if _, ok := k.profil.Nachrichten["0401"]; !ok {
		return "", k.fehlt("0401")
	}
	return k.stem(p.ProzessID, "0401") + ".zip", nil
}

// stem is the name of container and message without their ending.
func (k *Kodierer) stem(prozess, nummer string) string {
	if k.profil.Nachrichtenkopf {
		return prozess + "_" + nummer + "_1"
	}
	return prozess + "_" + k.profil.Nachrichten[nummer].Name
}

// checkFormate: the codes of the list Dateiformat have three digits.
func checkFormate(ds iter.Seq[*dms.Dokument]) (pr fehler.Probleme) {
	for d := range ds {
		for i := range d.Versionen {
			for j := range d.Versionen[i].Formate {
				if c := d.Versionen[i].Formate[j].Code; c != "" && !isCode3(c) {
					pr = append(pr, fehler.Problem{Code: "xdomea.format", Pfad: d.ID,
						Meldung: fmt.Sprintf("format code of %d bytes is not three digits", len(c)),
						Hinweis: "Das Dateiformat ist kein Code der Liste Dateiformat."})
				}
			}
		}
	}
	return pr
}

func isCode3(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 3
}
