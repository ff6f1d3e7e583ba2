package fitconnect

import (
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Problem is one reason of a reject-submission event. The sender's operator
// reads it; it must not contain personal data.
type Problem struct {
	Type     string `json:"type"`     // URI, exactly as specified
	Title    string `json:"title"`    // German, as specified
	Detail   string `json:"detail"`   // German sentence
	Instance string `json:"instance"` // "submission", "metadata", "data", "attachment:<uuid>"
}

// Slug is the last segment of a problem type.
type Slug string

// The problem types of a reject-submission event (docs.fitko.de/fit-connect/docs/receiving/verification).
const (
	SlugInvalidEventLog            Slug = "invalid-event-log"
	SlugMissingAuthenticationTags  Slug = "missing-authentication-tags"
	SlugAttachmentsMismatch        Slug = "attachments-mismatch"
	SlugIncorrectAuthenticationTag Slug = "incorrect-authentication-tag"
	SlugEncryptionIssue            Slug = "encryption-issue"
	SlugSyntaxViolation            Slug = "syntax-violation"
	SlugMissingSchema              Slug = "missing-schema"
	SlugUnsupportedSchema          Slug = "unsupported-schema"
	SlugSchemaViolation            Slug = "schema-violation"
	SlugUnsupportedService         Slug = "unsupported-service"
	SlugServiceMismatch            Slug = "service-mismatch"
	SlugMissingData                Slug = "missing-data"
	SlugUnsupportedDataSchema      Slug = "unsupported-data-schema"
	SlugUnsupportedReplyChannel    Slug = "unsupported-reply-channel"
	SlugHashMismatch               Slug = "hash-mismatch"
	SlugTechnicalError             Slug = "technical-error"
)

// The instances of a problem. Only submission and metadata are confirmed by the
// official text; data and attachment follow the same pattern.
const (
	InstanceSubmission = "submission"
	InstanceMetadata   = "metadata"
	InstanceData       = "data"
	instanceAttachment = "attachment:"
)

// InstanceAttachment is the instance of one attachment.
func InstanceAttachment(id string) string { return instanceAttachment + id }

// ProblemRule describes one problem type.
type ProblemRule struct {
	Slug      Slug
	Title     string   // German, as specified
	Hinweis   string   // German sentence for the clerk and the sender's operator
	Instances []string // where it may occur; "attachment" stands for every attachment
	Confirmed bool     // compared with the official text
	Type      string   // URI of the problem type; empty is the usual prefix and Slug
}

// ProblemTable gives the problem types this package knows. None is confirmed
// against the official list yet (source: docs.fitko.de/fit-connect/docs/receiving/verification,
// as used by live clients); compare before production use.
func ProblemTable() []ProblemRule {
	const s, m, d, a = InstanceSubmission, InstanceMetadata, InstanceData, "attachment"
	return []ProblemRule{
		{SlugInvalidEventLog, "Inkonsistentes Event-Log", "Das Event-Log der Einreichung ist inkonsistent oder seine Signaturen sind nicht gültig.", []string{s}, false, ""},
		{SlugMissingAuthenticationTags, "Authentication-Tags fehlen", "Im Event-Log fehlen die Authentication-Tags der Einreichung.", []string{s}, false, ""},
		{SlugAttachmentsMismatch, "Inkonsistente Anlagen", "Die Liste der Anlagen stimmt nicht mit der Einreichung überein.", []string{s, m}, false, ""},
		{SlugIncorrectAuthenticationTag, "Authentication-Tag ungültig", "Das Authentication-Tag stimmt nicht mit dem Event-Log überein; der Inhalt wurde auf dem Weg verändert.", []string{m, d, a}, false, ""},
		{SlugEncryptionIssue, "Entschlüsselungs-Fehler", "Der Inhalt konnte nicht entschlüsselt werden.", []string{m, d, a}, false, ""},
		{SlugSyntaxViolation, "Syntax-Fehler", "Der Inhalt ist kein gültiges Dokument seines Formats.", []string{m, d}, false, ""},
		{SlugMissingSchema, "Schema-Referenz fehlt", "Die Metadaten nennen kein Schema.", []string{m}, false, ""},
		{SlugUnsupportedSchema, "Metadatenschema nicht unterstützt", "Die Version der Metadaten wird nicht unterstützt.", []string{m}, false, ""},
		{SlugSchemaViolation, "Schema-Fehler", "Der Inhalt verletzt sein Schema.", []string{m, d}, false, ""},
		{SlugUnsupportedService, "Verwaltungsleistung nicht unterstützt", "Diese Verwaltungsleistung wird hier nicht angeboten.", []string{m}, false, ""},
		{SlugServiceMismatch, "Verwaltungsleistung stimmt nicht überein", "Die Verwaltungsleistung der Einreichung und die der Metadaten unterscheiden sich.", []string{s, m}, false, ""},
		{SlugMissingData, "Fachdatensatz fehlt", "Die Einreichung enthält keinen Fachdatensatz.", []string{m}, false, ""},
		{SlugUnsupportedDataSchema, "Fachdatenschema nicht unterstützt", "Das Schema der Fachdaten wird hier nicht unterstützt.", []string{m}, false, ""},
		{SlugUnsupportedReplyChannel, "Rückkanal nicht unterstützt", "Der gewünschte Rückkanal wird hier nicht unterstützt.", []string{m}, false, ""},
		{SlugHashMismatch, "Prüfsumme stimmt nicht", "Die Prüfsumme des Inhalts stimmt nicht mit den Metadaten überein.", []string{d, a}, false, ""},
		{SlugTechnicalError, "Technischer Fehler", "Die Einreichung konnte aus technischen Gründen nicht verarbeitet werden.", []string{"other", s}, false, ""},
	}
}

func ruleOf(slug Slug) ProblemRule {
	table := ProblemTable()
	for _, r := range table {
		if r.Slug == slug {
			return r
		}
	}
	return table[len(table)-1]
}

const codePrefix = "fitconnect."

// Finding is a broken rule of a submission as a [fehler.Problem]: its code is
// "fitconnect." and the slug, its path the instance. The text meldung goes to
// logs: no personal data.
func Finding(slug Slug, instance, meldung string) fehler.Problem {
	return fehler.Problem{Code: codePrefix + string(slug), Pfad: instance, Meldung: meldung, Hinweis: ruleOf(slug).Hinweis}
}

// ProblemsOf translates findings to the problems of a reject-submission event by
// [ProblemTable]; see [Subscriber.ProblemsOf] for a table of the operator. A code
// that is not of this package becomes a technical-error, so that nothing but the
// specified types is ever sent; no meldung is sent either. Equal problems are
// sent once.
func ProblemsOf(p fehler.Probleme) []Problem { return problemsBy(ruleOf, p) }

func problemsBy(rule func(Slug) ProblemRule, p fehler.Probleme) []Problem {
	out := make([]Problem, 0, len(p))
	seen := map[Problem]bool{}
	for _, q := range p {
		slug, ours := strings.CutPrefix(q.Code, codePrefix)
		r := rule(Slug(slug))
		detail, instance := r.Hinweis, q.Pfad
		if q.Hinweis == hinweisInflate {
			detail = hinweisInflate
		}
		if !ours || string(r.Slug) != slug || !validInstance(instance) {
			r, instance = rule(SlugTechnicalError), InstanceSubmission
			detail = r.Hinweis
		}
		typ := r.Type
		if typ == "" {
			typ = problemPrefix + string(r.Slug)
		}
		pr := Problem{Type: typ, Title: r.Title, Detail: detail, Instance: instance}
		if !seen[pr] {
			seen[pr] = true
			out = append(out, pr)
		}
	}
	return out
}

// ProblemsOf is the function [ProblemsOf] with the table of this Subscriber:
// the rules of [SubscriberOptions.Problems] replace those of [ProblemTable] with
// the same Slug.
func (s *Subscriber) ProblemsOf(p fehler.Probleme) []Problem {
	return problemsBy(func(slug Slug) ProblemRule {
		r := ruleOf(slug)
		for _, own := range s.opt.Problems {
			if own.Slug == r.Slug {
				return own
			}
		}
		return r
	}, p)
}

// checkProblems refuses a table that would send what no sender understands.
func checkProblems(rules []ProblemRule) error {
	for _, r := range rules {
		if ruleOf(r.Slug).Slug != r.Slug || r.Title == "" || r.Hinweis == "" || r.Type != "" && !isURI(r.Type) {
			return invalid("NewSubscriber", "rule of problem %q: unknown slug, no title, no Hinweis, or Type is no URI", string(r.Slug))
		}
	}
	return nil
}

func validInstance(s string) bool {
	switch s {
	case InstanceSubmission, InstanceMetadata, InstanceData, "other":
		return true
	}
	id, ok := strings.CutPrefix(s, instanceAttachment)
	return ok && isUUID(id)
}
