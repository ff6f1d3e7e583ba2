package kassenzeichen_test

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
)

func Example() {
	s := kassenzeichen.Schema{Name: "stadtkasse", Praefix: "KI", Jahr: 2, Stellen: 6, Verfahren: kassenzeichen.Mod97, Gruppen: []int{4, 3, 3}}
	k, err := s.Generate(4711, 2026)
	fmt.Println(s.Format(k), err)
	f, ok := kassenzeichen.Eindeutig(kassenzeichen.Find("Hundesteuer ki26 OO47\n 1119, danke", []kassenzeichen.Schema{s}))
	fmt.Println(f.Kassenzeichen, ok)
	_, ok = kassenzeichen.Eindeutig(kassenzeichen.Find("Hundesteuer KI2600741119", []kassenzeichen.Schema{s}))
	fmt.Println(ok)
	// Output:
	// KI26 004 711 19 <nil>
	// KI2600471119 true
	// false
}
