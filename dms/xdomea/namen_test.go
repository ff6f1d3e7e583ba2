package xdomea

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

const testID = "3f2a7c10-5b7e-4d0e-9a51-0d2f6b1c9e01"

func TestDateiname(t *testing.T) {
	for _, c := range []struct{ name, mime, want string }{
		{"Bauantrag.pdf", "", "Bauantrag.pdf"},
		{"Größe & Maße – Süd.PDF", "", "Groesse_Masse_Sued.pdf"},
		{"Café Đặng Łękawski.docx", "", "Cafe_ang_ekawski.docx"},
		{"😀😀😀.png", "", "Datei.png"},
		{"", "application/pdf", "Datei.pdf"},
		{"", "", "Datei.bin"},
		{"Schreiben vom 3. März", "application/pdf", "Schreiben_vom_3_Maerz.pdf"},
		{"../../etc/passwd", "", "passwd.bin"},
		{`C:\Users\x\con.txt`, "", "con.txt"},
		{"a.tar.gz", "", "a_tar.gz"},
		{".htaccess", "", "Datei.htaccess"},
		{"x.verylongextension", "text/plain", "x_verylongextension.txt"},
		{strings.Repeat("ü", 300) + ".pdf", "", strings.Repeat("ue", 30) + ".pdf"},
	} {
		d := &dms.Datei{ID: strings.ToUpper(testID), Name: c.name, MIME: c.mime}
		require.Equal(t, testID+"_"+c.want, dateiname(d), c.name)
	}
}

// Any name gives one that every version of the standard, every file system and
// our own reader accept.
func TestDateinameProperty(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f-]{36}_[0-9A-Za-z_-]{1,64}\.[0-9a-z]{1,10}$`)
	rapid.Check(t, func(t *rapid.T) {
		d := &dms.Datei{ID: testID, Name: rapid.String().Draw(t, "name"), MIME: rapid.SampledFrom([]string{"", "application/pdf", "x/y; z", "bad"}).Draw(t, "mime")}
		name := dateiname(d)
		require.Regexp(t, form, name)
		require.True(t, safeEntry(name))
		_, message := ParseDateiname(name)
		require.False(t, message, "a file must not look like a message")
	})
}

func TestParseDateiname(t *testing.T) {
	for name, want := range map[string]Dateiname{
		testID + "_Abgabe.Abgabe.0401.zip":                    {testID, "0401", "zip"},
		strings.ToUpper(testID) + "_0402.xdomea":              {testID, "0402", "xdomea"},
		testID + "_0503_1.zip":                                {testID, "0503", "zip"},
		testID + "_Abgabe.ImportBestaetigen.0402.XML":         {testID, "0402", "xml"},
		testID + "_Aussonderung.Aussonderung.0503.zip":        {testID, "0503", "zip"},
		testID + ".zip":                                       {},
		"x" + testID + "_0401.zip":                            {},
		"../" + testID + "_0401.zip":                          {},
		testID + "_0401.zip.exe":                              {},
		testID + "_" + strings.Repeat("a.", 200) + "0401.zip": {},
	} {
		got, ok := ParseDateiname(name)
		require.Equal(t, want != Dateiname{}, ok, name)
		require.Equal(t, want, got, name)
	}
}

func TestFormat(t *testing.T) {
	p := V310()
	for _, c := range []struct {
		f               dms.Format
		code, sonstiger string
	}{
		{dms.Format{Code: dms.FormatPDFA}, "044", ""},
		{dms.Format{Datei: dms.Datei{MIME: "application/pdf"}}, "018", ""},
		{dms.Format{Datei: dms.Datei{MIME: "text/plain; charset=utf-8"}}, "045", ""},
		{dms.Format{Datei: dms.Datei{MIME: "image/png"}}, "019", ""},
		{dms.Format{Datei: dms.Datei{MIME: "video/mp4"}}, "100", "mp4"},
		{dms.Format{Datei: dms.Datei{Name: "x.dwg"}}, "100", "dwg"},
		{dms.Format{Sonstiger: "cad", Datei: dms.Datei{MIME: "application/pdf"}}, "100", "cad"},
		{dms.Format{}, "100", "bin"},
	} {
		code, sonstiger := p.format(&c.f)
		require.Equal(t, [2]string{c.code, c.sonstiger}, [2]string{code, sonstiger}, "%+v", c.f)
	}
	for mime := range p.Formate {
		require.NotEmpty(t, endungen[mime], "every type of the list has an extension: %s", mime)
	}
}
