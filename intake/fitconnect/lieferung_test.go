package fitconnect

import (
	"testing"

	"github.com/stretchr/testify/require"

	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// Submissions of version 1 may come without data. They must be decided like any
// other; without the bytes of a Teil the Annahme takes nothing.
func TestSubmissionWithoutData(t *testing.T) {
	e := New(nil, nil, nil)
	l, err := e.lieferung(&protokoll.Received{
		Submission: &protokoll.Submission{SubmissionID: "7c9e6679-7425-40de-944b-e07fc1f90ae7"}, Metadata: &protokoll.Metadata{},
	}, nil)
	require.NoError(t, err)
	require.NotNil(t, l.Fachdaten.Open)
}
