package jetstream_test

import (
	"context"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
)

// Hand over through a stream. stand starts a server and makes stream, bucket and
// consumer, as an operator does, and then the target with New.
func Example() {
	s, err := stand(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for range 2 {
		q, err := s.Ziel.Uebergeben(context.Background(), uebergabetest.Beispiel(1))
		fmt.Println(q.Ziel, q.Wiederholt, err)
	}
	// Output:
	// gewerbe false <nil>
	// gewerbe true <nil>
}
