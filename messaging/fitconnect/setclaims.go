package fitconnect

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// readClaims fills e from the members of the payload. Names match exactly.
func (e *Event) readClaims(m map[string]json.RawMessage) error {
	for name, into := range map[string]*string{"jti": &e.ID, "iss": &e.Issuer, "sub": &e.Subject, "txn": &e.CaseID} {
		if err := textClaim(m, name, into); err != nil {
			return err
		}
	}
	iat, err := strconv.ParseInt(string(m["iat"]), 10, 64)
	if err != nil || iat < earliestIat || iat > 1<<40 {
		return errors.New("claim iat is missing or not a plausible time")
	}
	e.IssuedAt = time.Unix(iat, 0).UTC()
	if _, ok := m["events"]; !ok {
		return errors.New("claim events is missing")
	}
	id, isSubmission := strings.CutPrefix(e.Subject, subSubmission)
	rid, isReply := strings.CutPrefix(e.Subject, subReply)
	caseID, isCase := strings.CutPrefix(e.CaseID, txnCase)
	switch {
	case !isUUID(e.ID):
		return errors.New("claim jti is not a UUID")
	case !isUUID(e.Issuer) && !e.FromService():
		return errors.New("claim iss is neither a destination id nor a URL")
	case !(isSubmission && isUUID(id)) && !(isReply && isUUID(rid)):
		return errors.New("claim sub is not submission:<uuid> or reply:<uuid>")
	case !isCase || !isUUID(caseID):
		return errors.New("claim txn is not case:<uuid>")
	}
	e.CaseID = caseID

	events, err := decodeObject(m["events"])
	if err != nil || len(events) != 1 {
		return errors.New("claim events does not hold exactly one event")
	}
	for uri, payload := range events {
		typ, ok := strings.CutPrefix(uri, eventPrefix)
		if !ok || !eventNameRE.MatchString(typ) {
			return errors.New("unknown event")
		}
		e.Type = EventType(typ)
		if !knownEvent(e.Type) {
			// An event a later version of the service adds changes no state we know; it
			// is no reason to reject a citizen's submission.
			continue
		}
		if strings.HasSuffix(typ, "-reply") != isReply {
			return errors.New("event and subject do not fit together")
		}
		if err := e.readPayload(payload); err != nil {
			return err
		}
	}
	return e.readSchema(m, isReply)
}

func textClaim(m map[string]json.RawMessage, name string, into *string) error {
	raw, ok := m[name]
	if !ok {
		return errors.New("claim " + name + " is missing")
	}
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, into) != nil {
		return errors.New("claim " + name + " is not a string")
	}
	return nil
}

// eventNameRE is the form of all event names so far: create-submission.
var eventNameRE = regexp.MustCompile(`^[a-z]{2,32}(?:-[a-z]{2,32}){0,4}$`)

func knownEvent(t EventType) bool {
	switch t {
	case EventCreateSubmission, EventSubmitSubmission, EventNotifySubmission, EventForwardSubmission,
		EventRejectSubmission, EventAcceptSubmission, EventDeleteSubmission,
		EventCreateReply, EventSubmitReply, EventNotifyReply, EventRejectReply, EventAcceptReply, EventDeleteReply:
		return true
	}
	return false
}

// readSchema: the schema may be absent only for events without payload; the
// first schemas (1.0.x) know submissions only.
func (e *Event) readSchema(m map[string]json.RawMessage, reply bool) error {
	if _, ok := m["$schema"]; !ok {
		if e.Tags != nil || e.Problems != nil {
			return errors.New("claim $schema is missing")
		}
		return nil
	}
	if err := textClaim(m, "$schema", &e.Schema); err != nil {
		return err
	}
	if !setSchemaRE.MatchString(e.Schema) {
		return errors.New("claim $schema is not a supported payload schema")
	}
	if reply && setSchema10RE.MatchString(e.Schema) {
		return errors.New("payload schema 1.0 knows no replies")
	}
	return nil
}

func (e *Event) readPayload(raw json.RawMessage) error {
	m, err := decodeObject(raw)
	if err != nil {
		return errors.New("event payload is not a JSON object")
	}
	if tags, ok := m["authenticationTags"]; ok {
		if e.Tags, err = readTags(tags); err != nil {
			return err
		}
	}
	if problems, ok := m["problems"]; ok {
		if err := json.Unmarshal(problems, &e.Problems); err != nil {
			return errors.New("problems are not a list of problems")
		}
	}
	if (e.Type == EventRejectSubmission || e.Type == EventRejectReply) && len(e.Problems) == 0 {
		return errors.New("reject event without problems")
	}
	return nil
}

func readTags(raw json.RawMessage) (*AuthenticationTags, error) {
	m, err := decodeObject(raw)
	if err != nil {
		return nil, errors.New("authenticationTags is not a JSON object")
	}
	t := &AuthenticationTags{}
	for name, into := range map[string]any{"metadata": &t.Metadata, "data": &t.Data, "attachments": &t.Attachments} {
		v, ok := m[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(v, into); err != nil {
			return nil, errors.New("authenticationTags." + name + " has the wrong type")
		}
	}
	if t.Metadata == "" {
		return nil, errors.New("authenticationTags.metadata is missing")
	}
	return t, nil
}
