package datum_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

var d = datum.MustParse

func TestAddMonate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		von  string
		n    int
		nach string
	}{
		{"2026-01-31", 1, "2026-02-28"}, // § 188 (3) BGB: the last day of the shorter month
		{"2024-01-31", 1, "2024-02-29"},
		{"2026-01-30", 1, "2026-02-28"},
		{"2026-02-28", 1, "2026-03-28"}, // the number counts, not the end of the month
		{"2026-03-31", 1, "2026-04-30"},
		{"2026-12-31", 2, "2027-02-28"},
		{"2024-02-29", 12, "2025-02-28"},
		{"2024-02-29", 48, "2028-02-29"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-01-15", -13, "2024-12-15"},
		{"2026-05-05", 0, "2026-05-05"},
	} {
		require.Equal(t, c.nach, d(c.von).AddMonate(c.n).String(), "%s %+d", c.von, c.n)
	}
}

func anyDatum(t *rapid.T, name string) datum.Datum {
	return datum.New(1950, 1, 1).AddTage(rapid.IntRange(0, 80_000).Draw(t, name))
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, n := anyDatum(t, "a"), rapid.IntRange(-200_000, 200_000).Draw(t, "n")
		b := a.AddTage(n)
		require.Equal(t, n, a.TageBis(b), "TageBis is the inverse of AddTage")
		require.Equal(t, a, b.AddTage(-n))
		require.Equal(t, -n, b.TageBis(a))
		require.Equal(t, n < 0, b.Vor(a))
		require.Equal(t, n > 0, b.Nach(a))
		require.Equal(t, time.Weekday(((int(a.Wochentag())+n)%7+7)%7), b.Wochentag())

		m := rapid.IntRange(-1200, 1200).Draw(t, "m")
		c := a.AddMonate(m)
		months := (c.Jahr()*12 + int(c.Monat())) - (a.Jahr()*12 + int(a.Monat()))
		require.Equal(t, m, months, "exactly m months later")
		last := datum.New(c.Jahr(), c.Monat()+1, 0).Tag()
		require.Equal(t, min(a.Tag(), last), c.Tag(), "same number, or the last day (§ 188 (3) BGB)")

		p, err := datum.Parse(a.String())
		require.NoError(t, err)
		require.Equal(t, a, p)
	})
}

// Days around the changes of the clock have 23 or 25 hours, and every instant of
// a day belongs to it.
func TestDaysInBerlin(t *testing.T) {
	t.Parallel()
	for tag, h := range map[string]time.Duration{"2026-03-28": 24, "2026-03-29": 23, "2026-10-25": 25, "2026-10-26": 24} {
		require.Equal(t, h*time.Hour, d(tag).Ende().Sub(d(tag).Beginn()), tag)
	}
	require.Equal(t, "2026-03-28T23:00:00Z", d("2026-03-29").Beginn().Format(time.RFC3339))
	require.Equal(t, "2026-03-29T22:00:00Z", d("2026-03-29").Ende().Format(time.RFC3339))
	rapid.Check(t, func(t *rapid.T) {
		a := anyDatum(t, "a")
		require.Equal(t, a, datum.Von(a.Beginn()))
		require.Equal(t, a, datum.Von(a.Ende().Add(-1)))
		require.Equal(t, a.AddTage(1), datum.Von(a.Ende()))
		require.Equal(t, a.AddTage(-1), datum.Von(a.Beginn().Add(-1)))
		require.Equal(t, time.UTC, a.Beginn().Location())
	})
}

func TestFarApart(t *testing.T) {
	t.Parallel()
	require.Equal(t, 3652058, d("0001-01-01").TageBis(d("9999-12-31")), "further apart than a time.Duration reaches")
	require.Equal(t, -3652058, d("9999-12-31").TageBis(d("0001-01-01")))
}

func TestZero(t *testing.T) {
	t.Parallel()
	var z datum.Datum
	require.True(t, z.IsZero())
	require.Equal(t, z, z.AddTage(5))
	require.Equal(t, z, z.AddMonate(5))
	require.Equal(t, z, datum.Von(time.Time{}))
	require.True(t, z.Beginn().IsZero())
	require.True(t, z.Ende().IsZero())
	require.Zero(t, z.TageBis(d("2026-01-01")))
	require.True(t, z.Vor(d("0001-01-01")))
	require.Empty(t, z.String())
	require.Empty(t, z.Deutsch())
	v, err := z.Value()
	require.NoError(t, err)
	require.Nil(t, v)
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2026", "2026-1-1", "26-01-01", "2026-02-29", "2026-13-01", "2026-00-01", "01.02.2026", "2026-01-01 ", "2026-01-01T00:00:00Z", "12026-01-01", "-001-01-01"} {
		_, err := datum.Parse(s)
		require.Error(t, err, "%q", s)
	}
	require.Panics(t, func() { datum.MustParse("x") })
	require.Equal(t, "2026-05-01", datum.New(2026, 4, 31).String())
	require.Equal(t, "09.03.2026", d("2026-03-09").Deutsch())

	type box struct {
		D datum.Datum `json:"d,omitzero"`
	}
	b, err := json.Marshal(box{d("2026-03-09")})
	require.NoError(t, err)
	require.JSONEq(t, `{"d":"2026-03-09"}`, string(b))
	var x box
	require.NoError(t, json.Unmarshal(b, &x))
	require.Equal(t, d("2026-03-09"), x.D)
	require.NoError(t, json.Unmarshal([]byte(`{"d":""}`), &x))
	require.True(t, x.D.IsZero())
	require.Error(t, json.Unmarshal([]byte(`{"d":"2026-02-30"}`), &x))
	_, err = json.Marshal(box{datum.New(12026, 1, 1)})
	require.Error(t, err, "what could not be read again is not written")
	_, err = datum.New(12026, 1, 1).Value()
	require.Error(t, err)
}

func TestScan(t *testing.T) {
	t.Parallel()
	want := d("2026-03-09")
	v, err := want.Value()
	require.NoError(t, err)
	for _, src := range []any{v, []byte("2026-03-09"), time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)} {
		var got datum.Datum
		require.NoError(t, got.Scan(src))
		require.Equal(t, want, got)
	}
	got := want
	require.NoError(t, got.Scan(nil))
	require.True(t, got.IsZero())
	require.Error(t, got.Scan(7))
	require.Error(t, got.Scan("morgen"))
}

func TestZeitraum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, x := anyDatum(t, "a"), anyDatum(t, "b"), anyDatum(t, "x")
		require.Equal(t, !x.Vor(a) && !x.Nach(b), datum.Zeitraum{Von: a, Bis: b}.Enthaelt(x))
		require.Equal(t, !x.Vor(a), datum.Zeitraum{Von: a}.Enthaelt(x))
		require.Equal(t, !x.Nach(b), datum.Zeitraum{Bis: b}.Enthaelt(x))
		require.True(t, datum.Zeitraum{}.Enthaelt(x))
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-03-09", "0000-01-01", "9999-12-31", "2024-02-29", "", "2026-3-9", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := datum.Parse(s)
		if err != nil {
			if !p.IsZero() {
				t.Fatalf("%q: an error and a date", s)
			}
			return
		}
		if p.String() != s {
			t.Fatalf("%q is written %q", s, p)
		}
		var q datum.Datum
		if b, err := p.MarshalText(); err != nil || q.UnmarshalText(b) != nil || q != p {
			t.Fatalf("%q: no round trip", s)
		}
	})
}

func ExampleDatum_AddMonate() {
	fmt.Println(datum.MustParse("2026-01-31").AddMonate(1))
	fmt.Println(datum.MustParse("2026-02-28").AddMonate(1).Deutsch())
	// Output:
	// 2026-02-28
	// 28.03.2026
}

func ExampleVon() {
	fmt.Println(datum.Von(time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC))) // half past midnight in Berlin
	// Output: 2026-03-02
}

func ExampleDatum_TageBis() {
	fmt.Println(datum.MustParse("2026-03-28").TageBis(datum.MustParse("2026-03-30")))
	// Output: 2
}
