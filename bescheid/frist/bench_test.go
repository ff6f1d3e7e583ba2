package frist_test

import (
	"testing"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// The target is below 10 µs for a whole calculation: Bekanntgabe, end, steps.
func BenchmarkRechtsbehelf(b *testing.B) {
	r := frist.New(nil)
	for name, am := range map[string]string{"werktag": "2025-03-11", "ostern": "2025-03-14"} {
		fall := post(frist.VerfahrenVwVfG, land(tenant.LandSH), am)
		f := frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Bekanntgabe: &fall, Behoerde: land(tenant.LandSH)}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Rechtsbehelf(f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIsFeiertag(b *testing.B) {
	k, ort, tag := frist.StandardKalender(), frist.Ort{Land: tenant.LandBY, Gemeinde: muenchen}, d("2025-08-15")
	for b.Loop() {
		if k.IsFeiertag(ort, tag).Antwort != frist.Ja {
			b.Fatal("15 August is a holiday in München")
		}
	}
}

func BenchmarkNachrechnen(b *testing.B) {
	r := frist.New(nil)
	fall := post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2025-03-11")
	e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Bekanntgabe: &fall, Behoerde: land(tenant.LandSH)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if a, err := r.Nachrechnen(e); err != nil || !a.Gleich {
			b.Fatal("not the same", err)
		}
	}
}
