package fitconnect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ozg-fachwerk/fachwerk/internal/schema"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MetadataSchema checks metadata against official JSON Schemas (draft 2020-12) that
// the operator supplies, for protokoll.SubscriberOptions.CheckMetadata. The files
// of FITKO are not part of this module because their licence is not stated.
//
// The schema whose $id the metadata names in $schema is used, else the one with
// the same major version. Metadata of a version without schema are checked by
// protokoll.CheckMetadata, and what passes a schema is checked for the formats a
// schema cannot express. A document that is no schema, has no $id or refers to
// other documents is fehler.ErrInvalid.
func MetadataSchema(documents ...[]byte) (func(raw []byte) fehler.Probleme, error) {
	const op = "fitconnect.MetadataSchema"
	byID, byMajor := map[string]*jsonschema.Schema{}, map[int]*jsonschema.Schema{}
	for _, raw := range documents {
		var head struct {
			ID string `json:"$id"`
		}
		if err := json.Unmarshal(raw, &head); err != nil || head.ID == "" {
			return nil, fehler.New(op, "", fehler.ErrInvalid, errors.Join(err, errors.New("the schema has no $id")))
		}
		s, err := schema.Compile(head.ID, raw, false)
		if err != nil {
			return nil, fehler.New(op, head.ID, fehler.ErrInvalid, err)
		}
		byID[head.ID], byMajor[major(head.ID)] = s, s
	}
	return func(raw []byte) fehler.Probleme {
		var head struct {
			Schema string `json:"$schema"`
		}
		if json.Unmarshal(raw, &head) != nil {
			return protokoll.CheckMetadata(raw) // says what is wrong with it
		}
		s := byID[head.Schema]
		if s == nil {
			s = byMajor[major(head.Schema)]
		}
		if s == nil {
			return protokoll.CheckMetadata(raw)
		}
		return validate(s, raw)
	}, nil
}

// major is the major version in a metadata schema URI; missing means 1.
func major(uri string) int {
	m := 1
	if i := strings.Index(uri, "/metadata/"); i >= 0 {
		fmt.Sscanf(uri[i:], "/metadata/%d.", &m)
	}
	return m
}

func validate(s *jsonschema.Schema, raw []byte) fehler.Probleme {
	// What other readers would understand differently, and numbers that no reader computes with.
	err := strictjson.Check(raw, strictjson.Limits{})
	var doc any
	if err == nil {
		doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	}
	if err != nil {
		return fehler.Probleme{protokoll.Finding(protokoll.SlugSyntaxViolation, protokoll.InstanceMetadata, "not valid JSON")}
	}
	err = s.Validate(doc)
	v, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return protokoll.CheckMetadataFormats(raw)
	}
	var p fehler.Probleme
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			walk(c)
		}
		if len(e.Causes) == 0 && len(p) < 20 {
			// Only place and rule: the text of the library quotes values.
			p = append(p, protokoll.Finding(protokoll.SlugSchemaViolation, protokoll.InstanceMetadata,
				fmt.Sprintf("/%s breaks %s", strings.Join(e.InstanceLocation, "/"), strings.Join(e.ErrorKind.KeywordPath(), "/"))))
		}
	}
	walk(v)
	return p
}
