package fitconnect_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestProblemTable(t *testing.T) {
	seen := map[fitconnect.Slug]bool{}
	for _, r := range fitconnect.ProblemTable() {
		require.Regexp(t, regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), string(r.Slug))
		require.False(t, seen[r.Slug], "slug %s occurs twice", r.Slug)
		seen[r.Slug] = true
		require.NotEmpty(t, r.Title)
		require.True(t, strings.HasSuffix(r.Hinweis, "."), r.Slug)
		require.NotEmpty(t, r.Instances)
		require.False(t, r.Confirmed, "no row was compared with the official list yet")
	}
	require.Len(t, seen, 16)
}

func TestProblemsOf(t *testing.T) {
	a := fitconnect.InstanceAttachment(otherID)
	got := fitconnect.ProblemsOf(fehler.Probleme{
		fitconnect.Finding(fitconnect.SlugHashMismatch, a, "internal text"),
		fitconnect.Finding(fitconnect.SlugHashMismatch, a, "another internal text"),
		{Code: "intake.disk-full", Pfad: "/var/lib", Meldung: "disk full"},
		{Code: "fitconnect.no-such-slug", Pfad: "data"},
		fitconnect.Finding(fitconnect.SlugSyntaxViolation, "attachment:../etc", "hostile instance"),
	})
	require.Equal(t, []fitconnect.Problem{
		{Type: "https://schema.fitko.de/fit-connect/events/problems/hash-mismatch", Title: "Prüfsumme stimmt nicht",
			Detail: "Die Prüfsumme des Inhalts stimmt nicht mit den Metadaten überein.", Instance: a},
		{Type: "https://schema.fitko.de/fit-connect/events/problems/technical-error", Title: "Technischer Fehler",
			Detail: "Die Einreichung konnte aus technischen Gründen nicht verarbeitet werden.", Instance: "submission"},
	}, got)
}
