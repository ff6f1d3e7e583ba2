package vorlage_test

import (
	"testing"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
