package bescheid_test

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// A letter posted in Kiel on Monday, 2 March 2026. The month ends on Easter
// Monday and so runs to the day after.
func ExampleComputeBekanntgabe() {
	tag, _ := datum.Parse("2026-03-02")
	b, err := bescheid.ComputeBekanntgabe(frist.New(nil), bescheid.BekanntgabeParams{
		Inhalt: bescheid.Inhalt{Verfahren: "vwvfg", Rechtsbehelfsbelehrung: "Gegen diesen Bescheid …"},
		Land:   tenant.LandSH, ARS: "010020000000", Kanal: frist.KanalPost, Tag: tag,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("bekanntgegeben:", b.Tag.Deutsch())
	fmt.Println("Frist bis:     ", b.FristEnde.Deutsch())
	fmt.Println("bestandskräftig ab:", b.BestandskraftAb.Deutsch())
	fmt.Println(b.Regeln, b.Unsicher)
	// Output:
	// bekanntgegeben: 06.03.2026
	// Frist bis:      07.04.2026
	// bestandskräftig ab: 08.04.2026
	// [BG-SH-POST-4 RB-WIDERSPRUCH] false
}
