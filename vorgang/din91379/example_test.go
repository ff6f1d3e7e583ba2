package din91379_test

import (
	"errors"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/vorgang/din91379"
)

func ExampleSuchform() {
	for _, name := range []string{"Müller", "MUELLER", "Mu\u0308ller", "Łukasz O’Neill", "Þór Ærøskøbing-Weiß"} {
		fmt.Println(din91379.Suchform(name))
	}
	// Output:
	// mueller
	// mueller
	// mueller
	// lukasz oneill
	// thor aeroeskoebing weiss
}

func ExampleWoerter() {
	fmt.Printf("%q\n", din91379.Woerter("Müller-Lüdenscheidt, Müller & Söhne"))
	// Output:
	// ["mueller" "luedenscheidt" "soehne"]
}

func ExampleCheck() {
	err := din91379.Check(din91379.A, "Erika Mustermann 2")
	if v, ok := errors.AsType[*din91379.Verstoss](err); ok {
		fmt.Println(v.Rune, v.Codepoints())
		fmt.Println(v.Problem("/name").Hinweis)
	}
	fmt.Println(din91379.Check(din91379.B, "Musterstraße 2"))
	// Output:
	// 17 U+0032
	// An Stelle 18 steht ein Zeichen (U+0032), das DIN 91379 in Namen natürlicher Personen nicht zulässt (Datentyp A). Bitte das Zeichen ersetzen.
	// <nil>
}

func ExampleNormalize() {
	s := "Mu\u0308ller C\u0306" // C and breve have no character of their own
	fmt.Println(din91379.Valid(din91379.A, s), din91379.Valid(din91379.A, din91379.Normalize(s)))
	fmt.Printf("%+q\n", din91379.Normalize(s))
	// Output:
	// false true
	// "M\u00fcller C\u0306"
}

func ExampleZeichen() {
	n := 0
	for range din91379.Zeichen(din91379.A) {
		n++
	}
	fmt.Println(n)
	// Output:
	// 667
}
