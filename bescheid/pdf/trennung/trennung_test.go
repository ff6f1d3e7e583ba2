package trennung

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func deutsche(t testing.TB) *Muster {
	t.Helper()
	m, err := Deutsch()
	require.NoError(t, err)
	return m
}

func geteilt(m *Muster, wort string) string {
	r := []rune(wort)
	var b strings.Builder
	davor := 0
	for _, n := range m.Trenne(nil, r) {
		b.WriteString(string(r[davor:n]) + "-")
		davor = n
	}
	return b.String() + string(r[davor:])
}

// Words of the administration, divided as the rules of 2006 (§§ 107 to 112) ask.
func TestTrenne(t *testing.T) {
	m := deutsche(t)
	for _, want := range []string{
		"Rechts-be-helfs-be-leh-rung", "Be-scheid", "Baum-fäll-ge-neh-mi-gung", "Stra-ßen-ver-kehrs-ord-nung", "Er-satz-pflan-zung",
		"Ver-wal-tungs-ge-richts-ord-nung", "Wi-der-spruchs-be-scheid", "Ge-bühr", "Be-wil-li-gung", "Ab-leh-nung", "Zu-cker",
		"Kas-ten", "Diens-tag", "Ord-nungs-amt", "Ge-wer-be-an-mel-dung", "Grün-flä-chen-amt", "Ne-ben-be-stim-mung", "Aus-kunft",
		"Amt", "Ab-ga-ben-ord-nung", "Un-ter-la-gen", "voll-stän-dig", "BE-SCHEID",
	} {
		require.Equal(t, want, geteilt(m, strings.ReplaceAll(want, "-", "")))
	}
	for _, whole := range []string{"", "Ei", "Abend", "Straße", "E-Mail", "2026", "Straße7", strings.Repeat("be", 200)} {
		require.Equal(t, whole, geteilt(m, whole))
	}
}

// Whatever the word, the parts are the word, and none is too short.
func TestTrenneProperty(t *testing.T) {
	m := deutsche(t)
	rapid.Check(t, func(t *rapid.T) {
		wort := []rune(rapid.StringOfN(rapid.RuneFrom(nil, unicode.Latin, unicode.Cyrillic), 0, 120, -1).Draw(t, "wort"))
		p := m.Trenne(nil, wort)
		if !slices.IsSorted(p) || len(slices.Compact(slices.Clone(p))) != len(p) {
			t.Fatalf("places %v", p)
		}
		for _, n := range p {
			if n < MinVor || n > len(wort)-MinNach {
				t.Fatalf("place %d of %d letters", n, len(wort))
			}
		}
	})
}

func TestLoadRefuses(t *testing.T) {
	for _, bad := range []string{"", "% nothing", "a12b"} {
		_, err := load(bad)
		require.Error(t, err, bad)
	}
}

func BenchmarkTrenne(b *testing.B) {
	m := deutsche(b)
	wort := []rune("Rechtsbehelfsbelehrung")
	var dst []int
	for b.Loop() {
		dst = m.Trenne(dst[:0], wort)
	}
}

func ExampleMuster_Trenne() {
	m, err := Deutsch()
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Trenne(nil, []rune("Bescheid")))
	// Output: [2]
}
