// Package pdfcheck checks a PDF file against rules of PDF/A-2a (ISO 19005-2) and
// PDF/UA-1 (ISO 14289-1) that a program can check. It is a test kit: whoever
// makes or changes documents of the administration can assert that they stay
// archivable and accessible.
//
// It reads files as package pdf writes them: one cross-reference table, no
// object streams, composite TrueType fonts with Identity-H. Another structure is
// reported as not readable, not passed over. It does not judge what only people
// can: whether a text is tagged as what it is, and whether its order makes sense.
//
// A file without problems is not proven to conform; a validator that knows
// every rule should have the last word.
package pdfcheck

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Codes of the problems, each with the clause it stands for. A is ISO 19005-2, UA is ISO 14289-1.
const (
	CodeUnlesbar    = "pdfcheck.unlesbar"           // the file cannot be read far enough to check it
	CodeKopf        = "pdfcheck.kopf"               // A 6.1.2: header and binary comment
	CodeSchluss     = "pdfcheck.schluss"            // A 6.1.3: nothing behind %%EOF
	CodeKennung     = "pdfcheck.kennung"            // A 6.1.3: /ID in the trailer
	CodeSchutz      = "pdfcheck.verschluesselt"     // A 6.1.3: no encryption
	CodeXref        = "pdfcheck.xref"               // A 6.1.4: cross-reference table
	CodeObjekt      = "pdfcheck.objektform"         // A 6.1.9: line ends around obj and endobj
	CodeStrom       = "pdfcheck.strom"              // A 6.1.7.1: /Length, line ends, no external data
	CodeFilter      = "pdfcheck.filter"             // A 6.1.7.2: no LZW, nothing unknown
	CodeGrenze      = "pdfcheck.grenze"             // A 6.1.13: implementation limits
	CodeVerboten    = "pdfcheck.verboten"           // A 6.2.8, 6.2.10, 6.4, 6.5, 6.9, 6.10: scripts, forms, transparency, …
	CodeProfil      = "pdfcheck.farbprofil"         // A 6.2.3: OutputIntent with ICC profile
	CodeRessource   = "pdfcheck.ressourcen"         // A 6.2.2: resources named by each page
	CodeOperator    = "pdfcheck.operator"           // A 6.2.2: only known operators
	CodeFont        = "pdfcheck.font"               // A 6.2.11.2, .3: font dictionaries
	CodeEingebettet = "pdfcheck.font-eingebettet"   // A 6.2.11.4: embedded and readable
	CodeBreiten     = "pdfcheck.breiten"            // A 6.2.11.5: widths as in the font
	CodeUnicode     = "pdfcheck.tounicode"          // A 6.2.11.7: every CID that is shown reads as something
	CodeNotdef      = "pdfcheck.notdef"             // A 6.2.11.8: no .notdef, no glyph that is not there
	CodeXMP         = "pdfcheck.xmp"                // A 6.6.2, 6.6.4; UA 5: metadata and identification
	CodeSchema      = "pdfcheck.erweiterungsschema" // A 6.6.2.3: description of schemas PDF/A does not know
	CodeInfo        = "pdfcheck.info"               // A 6.6.2: Info dictionary and XMP say the same
	CodeMarkiert    = "pdfcheck.markinfo"           // A 6.7.2: /MarkInfo
	CodeSprache     = "pdfcheck.sprache"            // A 6.7.4; UA 7.2: /Lang
	CodeTitel       = "pdfcheck.titelanzeige"       // UA 7.1: title in the window
	CodeStruktur    = "pdfcheck.struktur"           // A 6.7.3: structure tree, parents
	CodeRolle       = "pdfcheck.rolle"              // A 6.7.3.4: standard types
	CodeMCID        = "pdfcheck.mcid"               // marked content referenced once
	CodeEltern      = "pdfcheck.parenttree"         // ParentTree agrees with the structure tree
	CodeUnmarkiert  = "pdfcheck.unmarkiert"         // UA 7.1: content is tagged or an artifact
	CodeArtefakt    = "pdfcheck.artefakt"           // UA 7.1: artifacts and tagged content do not mix
	CodeUeberschr   = "pdfcheck.ueberschriften"     // UA 7.4: heading levels
	CodeTabelle     = "pdfcheck.tabelle"            // UA 7.2, 7.5: tables
	CodeListe       = "pdfcheck.liste"              // UA 7.2: lists
	CodeBild        = "pdfcheck.bild"               // A 6.2.8: pictures
	CodeAnlage      = "pdfcheck.anlage"             // ISO 19005-3, 6.8: embedded files
	CodeSiegel      = "pdfcheck.siegel"             // A 6.3.3, 6.4.3: the field of a signature
	CodeAnnotation  = "pdfcheck.annotation"         // A 6.3; UA 7.18: annotations
)

// Check gives the rules the file breaks, at most 200; none means no broken rule
// was found. It is safe for concurrent use, and for hostile input: memory is
// bounded by the size of data and a limit on decompressed streams (256 MB in all).
func Check(data []byte) fehler.Probleme {
	c := &pruefer{d: &datei{data: data}}
	if !c.lies() {
		return c.p
	}
	c.objekte()
	c.katalog()
	c.anlagen()
	c.metadaten()
	c.profil()
	c.seiten()
	c.struktur()
	c.fonts()
	return c.p
}

const maxProbleme = 200

type pruefer struct {
	p fehler.Probleme
	d *datei

	root     dict
	pages    []*seite
	gezeigt  map[int]map[uint16]bool // by font object: CIDs shown
	gemeldet map[string]int
}

// melde notes a problem; of one kind it keeps the first ten.
func (c *pruefer) melde(code, pfad, format string, args ...any) {
	if c.gemeldet == nil {
		c.gemeldet = make(map[string]int)
	}
	const jeCode = 10
	if c.gemeldet[code]++; c.gemeldet[code] > jeCode || len(c.p) >= maxProbleme {
		return
	}
	c.p = append(c.p, fehler.Problem{Code: code, Pfad: pfad, Meldung: fmt.Sprintf(format, args...),
		Hinweis: "Die PDF-Datei hält eine Regel von PDF/A-2a oder PDF/UA-1 nicht ein und eignet sich so nicht zur Ablage."})
}

func objPfad(nr int) string { return fmt.Sprintf("objekt %d", nr) }
