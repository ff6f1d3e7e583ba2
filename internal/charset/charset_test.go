package charset_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/charset"
)

func TestDecode(t *testing.T) {
	_, err := charset.Decode([]byte("abc\xff"), "", false, 10)
	require.ErrorIs(t, err, charset.ErrWrong)
	var p *charset.PlaceError
	require.ErrorAs(t, err, &p)
	require.Equal(t, 3, p.Offset)
	_, err = charset.Decode(make([]byte, 11), "", false, 10)
	require.ErrorIs(t, err, charset.ErrLong)
	_, err = charset.Decode([]byte("\xe4\xe4\xe4"), "text/plain; charset=latin1", false, 5)
	require.ErrorIs(t, err, charset.ErrLong, "it grows")
	_, err = charset.Decode([]byte("x"), "text/plain; charset=ebcdic", false, 5)
	require.ErrorIs(t, err, charset.ErrUnknown)
	require.Equal(t, "<?xml version='1.0' encoding='UTF-8'?><a/>", string(charset.Declare([]byte("<?xml version='1.0' encoding='latin1'?><a/>"))))
	require.Equal(t, "<a/>", string(charset.Declare([]byte("<a/>"))))
}

// Whatever comes out without an error is UTF-8 within its bound.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("<?xml version='1.0' encoding='ISO-8859-15'?><a>\xa4</a>"), "application/xml", true)
	f.Add([]byte("\xff\xfe<\x00"), "text/xml; charset=utf-16", true)
	f.Fuzz(func(t *testing.T, b []byte, mime string, xml bool) {
		out, err := charset.Decode(b, mime, xml, 1000)
		if err == nil && (!utf8.Valid(out) || len(out) > 1000) {
			t.Fatal("not UTF-8, or too long")
		}
		charset.Declare(out)
	})
}
