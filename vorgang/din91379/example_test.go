package din91379_test

import (
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
