package person

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestNames(t *testing.T) {
	t.Parallel()
	a := erika()
	require.Equal(t, "Dr. Erika Mustermann", a.Name())
	require.Equal(t, "Muster & Partner „Recht“", a.Vertretungen[0].Name())
	require.Equal(t, "Mustermann", Person{Familienname: "Mustermann"}.Name())
	require.Empty(t, Stammdaten{}.Name())

	e := a.Empfaenger()
	require.Equal(t, "Dr. Erika Mustermann", e.Name)
	require.Equal(t, []string{"Hinterhaus", "Heidestraße 17", "51147 Köln"}, e.Anschrift.Zeilen())
	a.Anschrift.Staat = "AT"
	require.True(t, a.Empfaenger().Anschrift.IsZero(), "no letter without its country")
	require.True(t, Anschrift{}.IsZero())
	require.False(t, Anschrift{Staat: "AT"}.IsZero())
}

func TestVertreter(t *testing.T) {
	t.Parallel()
	a := erika()
	l := tenant.Leistungsschluessel("99102013080000")
	require.Len(t, a.Vertreter(heute, l), 1)
	require.Empty(t, a.Vertreter(heute, "99000000000000"), "not for this Leistung")
	require.Empty(t, a.Vertreter(datum.New(2027, time.January, 1), l), "ended")
	require.Empty(t, a.Vertreter(datum.New(2025, time.December, 31), l), "not begun")
	require.Len(t, a.Vertreter(datum.New(2026, time.December, 31), l), 1, "the last day counts")
	require.True(t, Vertretung{}.Deckt(heute, l), "without limits")
}

func TestTeildatum(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][3]string{
		"1950-03-17": {"17.03.1950", "1950-03-17", "1950-03-17"},
		"1950-02":    {"02.1950", "1950-02-01", "1950-02-28"},
		"1952-02":    {"02.1952", "1952-02-01", "1952-02-29"},
		"1950-12":    {"12.1950", "1950-12-01", "1950-12-31"},
		"1950":       {"1950", "1950-01-01", "1950-12-31"},
		"0001":       {"0001", "0001-01-01", "0001-12-31"},
		"":           {"", "", ""},
	} {
		d, err := ParseTeildatum(s)
		require.NoError(t, err, s)
		require.Equal(t, s, d.String())
		require.Equal(t, want, [3]string{d.Deutsch(), d.Von().String(), d.Bis().String()}, s)
		g, ok := d.Genau()
		require.Equal(t, len(s) == 10, ok)
		if ok {
			require.Equal(t, d, VonDatum(g))
		}
		require.Equal(t, s == "", d.IsZero())
	}
	for _, s := range []string{"1950-00-00", "1950-13", "1951-02-29", "50", "17.03.1950", "0000", "0000-01-01", "1950-3", " 1950", "1950-03-17T00:00:00Z", "19500317", "12345", "-1950"} {
		_, err := ParseTeildatum(s)
		saubere(t, err, s)
		d := VonDatum(heute)
		require.Error(t, d.UnmarshalText([]byte(s)))
		require.Equal(t, VonDatum(heute), d, "unchanged")
	}
	require.True(t, VonDatum(datum.Datum{}).IsZero())
	rapid.Check(t, func(rt *rapid.T) {
		d := teildaten.Draw(rt, "d")
		b, err := d.MarshalText()
		require.NoError(rt, err)
		var e Teildatum
		require.NoError(rt, e.UnmarshalText(b))
		require.Equal(rt, d, e)
		require.False(rt, d.Bis().Vor(d.Von()))
	})
}

// The published sample numbers of the registry, one for each country shown.
const beispiele = `AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201
AZ21NABZ00000000137010001944 BA391290079401028494 BE68539007547034 BG80BNBG96611020345678 BH67BMAG00001299123456
BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00 CH9300762011623852957 CR05015202001026284066
CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000 DK5000400440116243 EE382200221020145685
EG380019000500000000263180002 ES9121000418450200051332 FI2112345600000785 FO6264600001631634
FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917 GI75NWBK000000007099453 GL8964710001000206
GR1601101250000000012300695 HR1210010051863000160 HU42117730161111101800000000 IE29AIBK93115212345678
IL620108000000099999999 IS140159260076545510730339 IT60X0542811101000000123456 KZ86125KZT5004100100
LI21088100002324013AA LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 MC5811222000010123456789030
MD24AG000225100013104168 ME25505000012345678951 MK07250120000058984 MT84MALT011000012345MTLCAST001S NL91ABNA0417164300
NO9386011117947 PL61109010140000071219812874 PT50000201231234567890154 RO49AAAA1B31007593840000 RS35260005601001611379
SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100
TN5910006035183598478831 TR330006100519786457841326 UA213223130000026007233566001 VA59001123000012345678
VG96VPVG0000012345678901 XK051212012345678906`

func TestIBAN(t *testing.T) {
	t.Parallel()
	for s := range strings.FieldsSeq(beispiele) {
		k, err := ParseIBAN(s)
		require.NoError(t, err, s)
		require.Equal(t, s, string(k))
	}
	for s, code := range map[string]string{
		"": "form", "DE": "form", "DE89": "form", "D989370400440532013000": "form", "DEX9370400440532013000": "form", "DE89 3704-0044": "form",
		"DE89370400440532013ö00": "form", "DE8937040044053201３000": "form", "DE8937040044053201300012345678901234": "form",
		"US64SVBKUS6S3300958879": "land", "ZZ89370400440532013000": "land",
		"DE8937040044053201300": "laenge", "DE893704004405320130001": "laenge", "NO93860111179470": "laenge",
		"DE88370400440532013000": "pruefziffer", "DE89370400440532013001": "pruefziffer", "DE98370400440532013000": "pruefziffer",
	} {
		_, err := ParseIBAN(s)
		require.Equal(t, []string{"person.iban-" + code}, codes(err), s)
		if len(s) > 4 {
			saubere(t, err, s, s[4:])
		}
	}
	k, err := ParseIBAN(" de89 3704 0044 0532 0130 00\u00A0")
	require.NoError(t, err)
	require.Equal(t, "DE89 3704 0044 0532 0130 00", k.Gruppen())
	_, err = ParseIBAN(string(make([]byte, 1<<20)))
	require.Error(t, err)
	for land, n := range ibanLaenge {
		require.Regexp(t, `^[A-Z]{2}$`, land)
		require.True(t, n >= 15 && n <= ibanMax, land)
	}
	require.Len(t, ibanLaenge, 89)
}

func TestIBANProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		k := ibans.Draw(rt, "k")
		got, err := ParseIBAN(k.Gruppen())
		require.NoError(rt, err)
		require.Equal(rt, k, got)
		// One wrong digit, and two neighbours exchanged, are always noticed.
		b := []byte(k)
		i := rapid.IntRange(4, len(b)-2).Draw(rt, "i")
		ziffer := func(c byte) bool { return c >= '0' && c <= '9' }
		if ziffer(b[i]) {
			b[i] = '0' + (b[i]-'0'+byte(rapid.IntRange(1, 9).Draw(rt, "plus")))%10
			require.Equal(rt, []string{"person.iban-pruefziffer"}, codes(IBAN(b).check()))
		}
		b = []byte(k)
		if ziffer(b[i]) && ziffer(b[i+1]) && b[i] != b[i+1] {
			b[i], b[i+1] = b[i+1], b[i]
			require.ErrorIs(rt, IBAN(b).check(), fehler.ErrInvalid)
		}
	})
	// Never check digits, whatever the remainder.
	for _, s := range []IBAN{"DE00", "DE01", "DE99"} {
		for n := range 97 {
			k := s + IBAN("0000000000000000") + IBAN([]byte{'0' + byte(n/10), '0' + byte(n%10)})
			require.Error(t, k.check(), "%s", k)
		}
	}
}
