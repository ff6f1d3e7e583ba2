package pdf

import "time"

// Dokument is what is written: metadata, an optional letter frame and blocks.
// Text is UTF-8. A line feed (also as CR LF) ends a line; every other control
// character is refused, as is a character that the fonts cannot show.
//
// In running text, spaces run together; U+00A0 and U+202F are spaces at which
// no line ends, U+00AD (soft hyphen) and U+200B allow a line to end.
type Dokument struct {
	// Titel is the title in the metadata and in the window of the viewer. Required
	// (ISO 14289-1, 7.1). At most 500 characters, one line.
	Titel string
	// Autor and Betreff go to the metadata; may be empty. At most 500 characters each.
	Autor, Betreff string
	// Sprache is the language of the text as BCP 47 says it. Empty means "de-DE".
	Sprache string
	// Erstellt is the time of creation, with its zone. The zero time means now.
	// Only with a time given is the same document the same file.
	Erstellt time.Time
	// Kopfzeile stands at the top of every page but the first (with a Brief) or
	// of every page (without). It is an artifact: assistive technology skips it.
	Kopfzeile string
	// Fusszeile stands at the foot of every page beside the page number, as an artifact.
	Fusszeile string
	// Blocksatz sets paragraphs and lists justified; otherwise their right edge is ragged.
	Blocksatz bool
	// OhneTrennung divides no word at the end of a line but where the text says so. German
	// running text is divided by the rules of 2006 otherwise (package trennung); who copies
	// or hears the text gets the words whole.
	OhneTrennung bool
	// Brief puts the blocks into a letter; nil means a plain document.
	Brief *Brief
	// Anlagen are files inside the document, at most 50. They make it PDF/A-3a.
	Anlagen []Anlagedatei
	// Siegelfeld leaves room for an electronic seal; nil means none.
	Siegelfeld *Siegelfeld
	// Inhalt is the text, in reading order. Headings begin with Ebene 1 (in a
	// Brief, whose subject is Ebene 1, with Ebene 2 or 1) and skip no level.
	Inhalt []Block
}

// Brief is the frame of a letter after DIN 5008:2020, form B, on A4.
type Brief struct {
	// Absender is the letterhead: the first line large, the others small. At most 5 lines.
	Absender []string
	// Logo stands at the upper right, at most 28 mm high and 60 mm wide. May be nil.
	Logo *Bild
	// Farbe is the colour of the first line of Absender and of a rule below the letterhead,
	// "#rrggbb", with a contrast to white of at least 4.5 (WCAG 2.1, 1.4.3). Empty means
	// black and no rule.
	Farbe string
	// Ruecksendezeile is the small line above the address, in the window. May be empty.
	Ruecksendezeile string
	// Vermerk holds the endorsements above the address ("Einschreiben"), at most 3 lines.
	Vermerk []string
	// Anschrift is the address of the recipient, from the name on. Vermerk and
	// Anschrift together have at most 9 lines; a line is made smaller, down to
	// 8 points, to fit into the window.
	Anschrift []string
	// Informationsblock is the reference block at the right: label and value.
	Informationsblock []Angabe
	// Ort and Datum stand below the reference block, "Ort, Datum". May be empty.
	Ort, Datum string
	// Betreff is the subject, the heading of the letter. Required.
	Betreff string
	// Anrede opens the text ("Sehr geehrte Frau …,"). May be empty.
	Anrede string
	// Grussformel closes it ("Mit freundlichen Grüßen"). May be empty.
	Grussformel string
	// Unterzeichner are the lines below the space for a signature.
	Unterzeichner []string
	// OhneUnterschriftsraum leaves no space for a signature by hand.
	OhneUnterschriftsraum bool
	// Anlagen are listed at the end under the heading "Anlagen".
	Anlagen []string
	// Geschaeftsangaben are columns of lines at the foot of the first page
	// (address, bank, register); at most 4 columns of at most 6 lines. They are
	// part of the text, unlike Fusszeile.
	Geschaeftsangaben [][]string
	// OhneMarken leaves out the marks for folding (105 and 210 mm) and punching (148.5 mm).
	OhneMarken bool
}

// Angabe is a line of the reference block, such as Name "Aktenzeichen", Wert "50.1-123/26".
type Angabe struct{ Name, Wert string }

// Lauf is a run of text in one style.
type Lauf struct {
	Text         string
	Fett, Kursiv bool
	// Sprache says that the run is in another language than what surrounds it (BCP 47).
	Sprache string
	// Ziel makes the run a link: an https, http, mailto or tel address.
	Ziel string
}

// Block is a part of the text: [Ueberschrift], [Absatz], [Liste], [Tabelle],
// [Matrixcode], [Bild], [Abstand], [Trennlinie] or [Seitenumbruch]. No other package can add one.
type Block interface{ block() }

// Ueberschrift is a heading. It stays on the page of what follows it.
type Ueberschrift struct {
	Ebene int // 1 to 6
	Text  string
}

// Absatz is a paragraph: Laeufe, or Text if there are none.
type Absatz struct {
	Text    string
	Laeufe  []Lauf
	Sprache string // of the whole paragraph, if it differs from the document's
	// Eingerueckt sets the paragraph in from the left, as for a quoted rule.
	Eingerueckt bool
}

// Liste is a list of points, numbered or with bullets.
type Liste struct {
	Nummeriert bool
	Beginn     int // number of the first point; 0 means 1
	Punkte     []Punkt
}

// Punkt is a point of a [Liste]: Laeufe, or Text if there are none, and lists below it.
type Punkt struct {
	Text   string
	Laeufe []Lauf
	Unter  *Liste // at most 3 lists deep
}

// Tabelle is a table with one row of column headings, which is repeated on
// every page the table runs over.
type Tabelle struct {
	// Titel is the caption above the table. May be empty.
	Titel string
	// Spalten holds the columns. Required; at most 12.
	Spalten []Spalte
	// Zeilen holds the cells of each row, one for each column. Required.
	Zeilen [][]string
	// Summe is a last row in bold. May be nil.
	Summe []string
}

// Spalte is a column of a [Tabelle].
type Spalte struct {
	Kopf string
	// Anteil is the share of the width, in relation to the other columns'. 0 means 1.
	Anteil float64
	// Rechts aligns the cells at the right, for numbers.
	Rechts bool
	// Zeilenkopf makes the cells of this column headings of their rows.
	Zeilenkopf bool
}

// Matrixcode is a code of black and white fields, such as a QR code or a Data
// Matrix, drawn as vectors. What it holds must also be found in the text.
type Matrixcode struct {
	// Felder are the rows from the top; true is black. All rows are of one length,
	// at most 200 each way. The quiet zone is left white around them: 4 fields.
	Felder [][]bool
	// Millimeter is the width of the code without the quiet zone, 5 to 120. 0 means 30.
	// With the quiet zone it must fit on a page.
	Millimeter float64
	// Alternativtext says what the code is for ("QR-Code für die Überweisung von
	// 35,00 €"). Required (ISO 14289-1, 7.3).
	Alternativtext string
}

// Abstand is free space. It is dropped at the top of a page.
type Abstand struct{ Millimeter float64 } // 0 to 250

// Trennlinie is a rule across the text. It is decoration, not content.
type Trennlinie struct{}

// Seitenumbruch begins a new page, unless the page is still empty.
type Seitenumbruch struct{}

func (Ueberschrift) block()  {}
func (Absatz) block()        {}
func (Liste) block()         {}
func (Tabelle) block()       {}
func (Matrixcode) block()    {}
func (Abstand) block()       {}
func (Trennlinie) block()    {}
func (Seitenumbruch) block() {}

// Bericht tells what was written.
type Bericht struct {
	Seiten  int
	Bytes   int64
	Kennung string // the /ID of the file: 32 hexadecimal digits that follow from its bytes
	// Siegel is where the room for a seal is; nil without [Dokument.Siegelfeld].
	Siegel *Siegelort
	// Schriften are the fonts of which subsets are embedded.
	Schriften []string
}

func laeufe(text string, l []Lauf) []Lauf {
	if len(l) > 0 {
		return l
	}
	return []Lauf{{Text: text}}
}
