// Package pdf writes documents of the administration as tagged PDF: PDF/A-2a
// (ISO 19005-2:2011, for the file that must be readable in thirty years) and
// PDF/UA-1 (ISO 14289-1:2014, for the reader who hears or feels it; § 12a BGG
// and the BITV 2.0 ask for it) in one file.
//
// A [Dokument] holds headings, paragraphs, lists and tables in reading order, and
// may stand in a [Brief], the letter frame of DIN 5008 form B. Page breaks, marks,
// page numbers, tags, fonts, colour profile and metadata are the [Renderer]'s job.
//
// Files may be embedded ([Dokument.Anlagen]); the file is then PDF/A-3a (ISO 19005-3:2012).
//
// Text is set in Liberation Sans (SIL Open Font License 1.1), of which the used
// glyphs are embedded, and shaped with HarfBuzz's rules, so that letters with
// combining marks that have no code point of their own (C̆, M̂; DIN 91379) come
// out right. A character the font does not have is an error that names it,
// never an empty box. Text that runs from right to left is not supported.
//
// The same document with the same [Dokument.Erstellt] is the same file, byte for
// byte, with the same version of this module and of Go. Package pdfcheck checks
// a file against the rules of both standards that a program can check.
package pdf

import (
	"compress/zlib"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/trennung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options are the limits and defaults of a [Renderer]. nil means the defaults.
type Options struct {
	// MaxSeiten is the most pages a document may have. 0 means 500.
	MaxSeiten int
	// MaxZeichen is the most characters (code points) all texts of a document may
	// have together. 0 means 2 million.
	MaxZeichen int
	// Schriftgrad is the size of the text in points, 9 to 16. 0 means 11.
	Schriftgrad float64
	// Now gives the time for documents without [Dokument.Erstellt]. nil means [time.Now].
	Now func() time.Time
}

const (
	stdSeiten  = 500
	stdZeichen = 2_000_000
	stdGrad    = 11
	minGrad    = 9
	maxGrad    = 16
	// höchstSeiten keeps the page tree and the numbers of objects in bounds
	// (ISO 19005-2, 6.1.13: at most 8,388,607 indirect objects).
	hoechstSeiten = 20_000
)

// Renderer writes documents. It keeps the parsed fonts and is safe for
// concurrent use. Make it once with [New].
type Renderer struct {
	opts      Options
	schriften [schnitte]*schrift
	muster    *trennung.Muster
	pool      sync.Pool // of *werkzeug
	roh       bool      // see schreiber.roh
}

// werkzeug is what one document needs and the next one can use again.
type werkzeug struct {
	form  *former
	fonts [schnitte]nutzung
	z     *zlib.Writer
}

// New makes a Renderer. It fails with kind [fehler.ErrInvalid] on options out of range.
func New(o *Options) (*Renderer, error) {
	const op = "pdf.New"
	r := &Renderer{}
	if o != nil {
		r.opts = *o
	}
	p := &r.opts
	if p.MaxSeiten == 0 {
		p.MaxSeiten = stdSeiten
	}
	if p.MaxZeichen == 0 {
		p.MaxZeichen = stdZeichen
	}
	if p.Schriftgrad == 0 {
		p.Schriftgrad = stdGrad
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.MaxSeiten < 0 || p.MaxSeiten > hoechstSeiten || p.MaxZeichen < 0 ||
		!(p.Schriftgrad >= minGrad && p.Schriftgrad <= maxGrad) {
		return nil, fehler.New(op, "", fehler.ErrInvalid, problem(CodeOptions, "",
			"MaxSeiten, MaxZeichen or Schriftgrad out of range", "Die Grenzen für Dokumente sind falsch eingestellt."))
	}
	var err error
	if r.schriften, err = liberationSans(); err != nil {
		return nil, fehler.New(op, "", nil, err)
	}
	if r.muster, err = trennung.Deutsch(); err != nil {
		return nil, fehler.New(op, "", nil, err)
	}
	r.pool.New = func() any {
		return &werkzeug{form: newFormer(r.schriften, r.muster), z: zlib.NewWriter(io.Discard)}
	}
	return r, nil
}

// Write checks the document and writes it to w. Errors of kind
// [fehler.ErrInvalid] hold [fehler.Probleme] that name what is wrong and where;
// nearly all are found before the first byte is written. What was written before
// an error is no document and must be thrown away.
func (r *Renderer) Write(w io.Writer, d Dokument) (Bericht, error) {
	const op = "pdf.Write"
	wz := r.pool.Get().(*werkzeug)
	defer func() {
		clear(wz.form.gesehen) // words may be personal data
		r.pool.Put(wz)
	}()
	if p := r.pruefe(&d, wz.form); len(p) > 0 {
		return Bericht{}, fehler.New(op, "", nil, p)
	}
	b, err := r.schreibe(w, &d, wz)
	if err != nil {
		return Bericht{}, fehler.New(op, "", nil, err)
	}
	return b, nil
}

func (r *Renderer) schreibe(w io.Writer, d *Dokument, wz *werkzeug) (Bericht, error) {
	sprache := d.Sprache
	if sprache == "" {
		sprache = "de-DE"
	}
	erstellt := d.Erstellt
	if erstellt.IsZero() {
		erstellt = r.opts.Now()
	}
	erstellt = erstellt.Truncate(time.Second)

	for i := range wz.fonts {
		wz.fonts[i].reset(r.schriften[i])
		wz.fonts[i].name = "F" + string(rune('1'+i))
	}
	s := newSchreiber(w, wz.z, r.roh)
	f := &fluss{r: r, d: d, w: s, form: wz.form, fonts: &wz.fonts, grad: r.opts.Schriftgrad, maxSei: r.opts.MaxSeiten}
	katalog := s.neu()
	f.seitenNr, f.ressNr, f.baum = s.neu(), s.neu(), s.neu()
	f.doc = f.elem(nil, "Document")
	if d.Brief != nil {
		f.brief(d)
	} else {
		f.neueSeite()
		f.bloecke(f.doc, d.Inhalt, 0)
	}
	f.planeSiegelfeld()
	f.beendeSeite()
	if f.err != nil {
		return Bericht{}, f.err
	}
	f.schreibeFuesse()
	feld := f.schreibeSiegelfeld(erstellt)
	f.schreibeBaum(f.doc)
	umriss := f.schreibeLesezeichen()

	b := Bericht{Seiten: len(f.seiten), Siegel: f.siegel}
	var err error
	if b.Schriften, err = f.schreibeAnhang(katalog, umriss, feld, sprache, erstellt); err != nil {
		return Bericht{}, err
	}
	infoNr := s.neu()
	s.objekt(infoNr, info(d, erstellt))
	if b.Kennung, err = s.ende(katalog, infoNr); err != nil {
		return Bericht{}, err
	}
	b.Bytes = s.n
	return b, nil
}

// schreibeAnhang writes fonts, resources, page tree, profile, metadata and catalog.
func (f *fluss) schreibeAnhang(katalog, umriss, feld int, sprache string, erstellt time.Time) (schriften []string, err error) {
	s := f.w
	ress := []byte("<</Font <<")
	for i := range f.fonts {
		n := &f.fonts[i]
		if n.nr == 0 {
			continue
		}
		if err := n.write(s); err != nil {
			return nil, err
		}
		schriften = append(schriften, n.s.name)
		ress = appendRef(append(append(append(ress, '/'), n.name...), ' '), n.nr)
		ress = append(ress, ' ')
	}
	ress = append(ress, ">>"...)
	for i, bild := range f.bilder {
		if i == 0 {
			ress = append(ress, " /XObject <<"...)
		}
		ress = appendRef(fmt.Appendf(ress, "/B%d ", i+1), bild.nr)
		if ress = append(ress, ' '); i == len(f.bilder)-1 {
			ress = append(ress, ">>"...)
		}
	}
	s.objekt(f.ressNr, append(ress, ">>"...))
	spez := f.schreibeAnlagen(erstellt)

	b := append(f.tmp[:0], "<</Type /Pages /Kids ["...)
	for i := range f.seiten {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendRef(b, f.seiten[i].nr)
	}
	b = appendZahl(append(b, "] /Count "...), float64(len(f.seiten)), 0)
	s.objekt(f.seitenNr, append(b, ">>"...))

	icc, absicht, meta := s.neu(), s.neu(), s.neu()
	s.strom(icc, " /N 3", srgb(), true)
	b = append(b[:0], "<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2.1) /Info (sRGB IEC61966-2.1) /DestOutputProfile "...)
	s.objekt(absicht, append(appendRef(b, icc), ">>"...))
	// ISO 19005-2, 6.6.2.1: metadata is not filtered, so that anybody can find it.
	s.strom(meta, " /Type /Metadata /Subtype /XML", xmp(f.d, sprache, erstellt), false)

	b = appendRef(append(b[:0], "<</Type /Catalog /Pages "...), f.seitenNr)
	b = appendText(append(b, " /Lang "...), sprache)
	b = append(b, " /MarkInfo <</Marked true>> /ViewerPreferences <</DisplayDocTitle true>> /StructTreeRoot "...)
	b = appendRef(append(appendRef(b, f.baum), " /Metadata "...), meta)
	b = append(appendRef(append(b, " /OutputIntents ["...), absicht), ']')
	b = appendAnlagen(b, spez)
	if feld != 0 {
		b = append(appendRef(append(b, " /AcroForm <</SigFlags 3 /Fields ["...), feld), "]>>"...)
	}
	if umriss != 0 {
		b = appendRef(append(b, " /Outlines "...), umriss)
		if f.d.Brief == nil {
			b = append(b, " /PageMode /UseOutlines"...)
		}
	}
	s.objekt(katalog, append(b, ">>"...))
	return schriften, s.err
}
