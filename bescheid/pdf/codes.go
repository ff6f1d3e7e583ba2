package pdf

// Codes of the problems that [Renderer.Write] and [New] report. They are stable.
const (
	CodeTitelFehlt          = "pdf.titel-fehlt"          // the document has no title
	CodeBetreffFehlt        = "pdf.betreff-fehlt"        // the letter has no subject
	CodeAlternativtextFehlt = "pdf.alternativtext-fehlt" // a code has no alternative text
	CodeZeichenFehlt        = "pdf.zeichen-fehlt"        // the fonts cannot show a character; the message names code point and place
	CodeSteuerzeichen       = "pdf.steuerzeichen"        // a control character
	CodeKeinUTF8            = "pdf.kein-utf8"            // text that is not UTF-8
	CodeSchreibrichtung     = "pdf.schreibrichtung"      // a script from right to left, or a character that turns the direction
	CodeFeldZuLang          = "pdf.feld-zu-lang"         // a field of one line is too long
	CodeTextZuLang          = "pdf.text-zu-lang"         // more characters than Options.MaxZeichen
	CodeZuVieleSeiten       = "pdf.zu-viele-seiten"      // more pages than Options.MaxSeiten
	CodeZuVieleBloecke      = "pdf.zu-viele-bloecke"     // more than 100,000 blocks, points, runs and rows
	CodeZuVieleZeilen       = "pdf.zu-viele-zeilen"      // a part of the letter has too many lines
	CodeZuVieleSpalten      = "pdf.zu-viele-spalten"     // too many columns at the foot
	CodeTextDoppelt         = "pdf.text-doppelt"         // both Text and Laeufe are set
	CodeUeberschriftEbene   = "pdf.ueberschrift-ebene"   // a heading skips a level, or is not of 1 to 6
	CodeUeberschriftLeer    = "pdf.ueberschrift-leer"    // a heading without text
	CodeListeLeer           = "pdf.liste-leer"           // a list without points
	CodeListeTiefe          = "pdf.liste-tiefe"          // lists nested too deep
	CodeListeBeginn         = "pdf.liste-beginn"         // the number of the first point is out of range
	CodeTabelleLeer         = "pdf.tabelle-leer"         // a table without columns or rows, or with too many columns
	CodeTabelleZeile        = "pdf.tabelle-zeile"        // a row with another number of cells than the table has columns
	CodeSpalteOhneKopf      = "pdf.spalte-ohne-kopf"     // a column without heading
	CodeSpalteAnteil        = "pdf.spalte-anteil"        // the share of a column is out of range
	CodeMatrixcode          = "pdf.matrixcode"           // a code that is empty, not rectangular or too large
	CodeAnschriftZuBreit    = "pdf.anschrift-zu-breit"   // a line of the address does not fit into the window
	CodeSprache             = "pdf.sprache"              // not a language tag
	CodeZiel                = "pdf.ziel"                 // not the address of a link
	CodeAbstand             = "pdf.abstand"              // free space out of range
	CodeDatum               = "pdf.datum"                // a date that cannot be written
	CodeBlock               = "pdf.block"                // a block of a kind that is not known
	CodeBild                = "pdf.bild"                 // a picture that is too large, broken or of an unknown kind
	CodeFarbe               = "pdf.farbe"                // not a colour, or one that is too light to read
	CodeAnlage              = "pdf.anlage"               // an embedded file without a usable name or type, or too large
	CodeSiegel              = "pdf.siegel"               // a field for a seal with an unusable name or size
	CodeOptions             = "pdf.options"              // options out of range
)
