package memory_test

import (
	"testing"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
)

func TestClockJumpsBack(t *testing.T) {
	absturz.Clock(t, func(_ *testing.T, o *storage.Options) *storage.Store { return memory.Open(o) })
}
