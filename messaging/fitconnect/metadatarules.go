package fitconnect

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// CheckMetadata checks a decrypted metadata document against the structural
// rules of its version, written down here from the published schemas 1.0.0 and
// 2.1.0. A minor version in between or after is checked by the rules of its
// major version where those are certain. Formats (URI, mail address, date) are
// annotations in JSON Schema 2020-12 and not checked; see [CheckMetadataFormats].
//
// The findings are syntax-violation, unsupported-schema or schema-violation at
// instance "metadata"; their texts name the place, never the value.
func CheckMetadata(raw []byte) fehler.Probleme { return checkMetadata(raw, false) }

// CheckMetadataFormats checks what the schemas only annotate: URIs, mail
// addresses, UUIDs, dates. A sender should pass it; a receiver should not
// reject because of it.
func CheckMetadataFormats(raw []byte) fehler.Probleme { return checkMetadata(raw, true) }

func checkMetadata(raw []byte, formats bool) fehler.Probleme {
	if err := guardJSON(raw); err != nil {
		return fehler.Probleme{Finding(SlugSyntaxViolation, InstanceMetadata, "metadata are not usable JSON")}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return fehler.Probleme{Finding(SlugSyntaxViolation, InstanceMetadata, "metadata are not usable JSON")}
	}
	schema := ""
	if o, ok := doc.(map[string]any); ok {
		if s, there := o["$schema"]; there {
			if schema, ok = s.(string); !ok {
				return fehler.Probleme{Finding(SlugSchemaViolation, InstanceMetadata, "/$schema: not a string")}
			}
			if schema == "" {
				return fehler.Probleme{Finding(SlugUnsupportedSchema, InstanceMetadata, "/$schema: empty")}
			}
		}
	}
	var rules shape
	switch minor := metadataMinor(schema); metadataMajor(schema) {
	case 1:
		rules = rulesOnce().v1[minor > 0]
	case 2:
		rules = rulesOnce().v2[minor > 1]
	default:
		return fehler.Probleme{Finding(SlugUnsupportedSchema, InstanceMetadata, "metadata version is not supported")}
	}
	c := &checker{formats: formats}
	rules(c, "", doc)
	var out fehler.Probleme
	for _, meldung := range c.found {
		out = append(out, Finding(SlugSchemaViolation, InstanceMetadata, meldung))
	}
	return out
}

// metadataMinor gives the minor version of a URI that metadataMajor accepted.
func metadataMinor(schema string) int {
	parts := strings.Split(schema, "/")
	if len(parts) < 2 {
		return 0
	}
	v := strings.Split(parts[len(parts)-2], ".")
	if len(v) != 3 {
		return 0
	}
	n, err := strconv.Atoi(v[1])
	if err != nil {
		return 1 << 30 // longer than an int: certainly a later one
	}
	return n
}

// ruleSet holds the shapes by major version; the key tells whether the minor
// version is later than the one the rules were taken from.
type ruleSet struct{ v1, v2 map[bool]shape }

var rulesOnce = sync.OnceValue(func() ruleSet {
	return ruleSet{
		v1: map[bool]shape{false: metadata1(false), true: metadata1(true)},
		v2: map[bool]shape{false: metadata2(false), true: metadata2(true)},
	}
})

var (
	uriText  = formatted(isURI, "URI")
	uuidText = formatted(isUUID, "UUID", size(32, 36))
	mailText = formatted(isMail, "mail address")
	word36   = text(size(1, 36), pattern(`^[\w\d-]+$`))

	hashShape = object([]string{"type", "content"}, members{
		"type": text(oneOf("sha512")), "content": text(pattern(sha512RE.String()))})
	signatureShape = object([]string{"signatureFormat", "detachedSignature"}, members{
		"signatureFormat":   text(oneOf("cms", "xml", "pdf", "asic", "json")),
		"detachedSignature": boolean,
		"eidasAdesProfile": text(oneOf(
			"http://uri.etsi.org/ades/191x2/level/baseline/B-B#", "http://uri.etsi.org/ades/191x2/level/baseline/B-T#",
			"http://uri.etsi.org/ades/191x2/level/baseline/B-LT#", "http://uri.etsi.org/ades/191x2/level/baseline/B-LTA#")),
		// The published pattern is not anchored as a whole; this is what it means in effect.
		"content": text(pattern(`^[a-zA-Z0-9+/=]+|[a-zA-Z0-9_-]+$`)),
	})
	dataShape = object([]string{"hash", "submissionSchema"}, members{
		"hash": hashShape, "signature": signatureShape,
		"submissionSchema": object([]string{"schemaUri", "mimeType"}, members{
			"schemaUri": uriText, "mimeType": text(oneOf(MIMEJSON, MIMEXML))}),
	})
	paymentShape = object([]string{"transactionReference", "transactionId", "paymentMethod", "status"}, members{
		"transactionUrl":       formatted(isURI, "URI", minSize(1)),
		"transactionId":        word36,
		"transactionReference": text(),
		"transactionTimestamp": formatted(isDateTime, "date-time"),
		"paymentMethod":        text(oneOf("GIROPAY", "PAYDIRECT", "CREDITCARD", "PAYPAL", "INVOICE", "OTHER")),
		"paymentMethodDetail":  word36,
		"status":               text(oneOf("INITIAL", "BOOKED", "FAILED", "CANCELED")),
		"grossAmount":          amount,
	})
	eMailShape = object([]string{"address"}, members{
		"address": mailText, "pgpPublicKey": text(pattern(`^-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n`))})
	deMailShape = object([]string{"address"}, members{"address": mailText})
)

func attachmentShape(purposes []string, more members) shape {
	m := members{
		"hash": hashShape, "signature": signatureShape,
		"purpose": text(oneOf(purposes...)), "filename": text(), "description": text(),
		"mimeType": text(pattern(`^[-\w.]+/[-\w.+]+$`)), "attachmentId": uuidText,
	}
	for name, s := range more {
		m[name] = s
	}
	return object([]string{"hash", "purpose", "mimeType", "attachmentId"}, m)
}

// finkShape and elsterShape differ between the versions in a detail.
func finkShape(ref string) shape {
	return object([]string{"finkPostfachRef"}, members{
		"finkPostfachRef": text(size(0, 150), pattern(ref)), "host": uriText})
}

func elsterShape(account shape, maxZeichen int) shape {
	return object([]string{"accountId"}, members{
		"accountId": account, "lieferTicket": text(), "geschaeftszeichen": text(size(0, maxZeichen))})
}

// metadata1 are the rules of 1.0.0; a later minor version gets the wider limits
// of 2.1.0 where it is not known when they were widened.
func metadata1(later bool) shape {
	elster := elsterShape(text(pattern(`^\d{10}$`)), 10)
	purposes := []string{PurposeForm, PurposeAttachment, PurposeReport}
	if later {
		elster = elsterShape(text(), 60)
		purposes = append(purposes, PurposeData)
	}
	return object([]string{"contentStructure"}, members{
		"contentStructure": object([]string{"attachments"}, members{
			"data": dataShape, "attachments": array(0, false, attachmentShape(purposes, nil))}),
		"paymentInformation": paymentShape,
		"publicServiceType": object([]string{"identifier"}, members{
			"name": text(), "description": text(),
			"identifier": text(size(7, 255), pattern(`^urn:[a-z0-9][a-z0-9-]{0,31}:[a-z0-9()+,.:=@;$_!*'%/?#-]+$`))}),
		"authenticationInformation": array(1, false, object([]string{"type", "version", "content"}, members{
			"type":    text(oneOf("identificationReport")),
			"version": text(pattern(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)),
			"content": text(pattern(`^[a-zA-Z0-9_\-.]+$`))})),
		"replyChannel": oneMember(members{"eMail": eMailShape, "deMail": deMailShape,
			"fink": finkShape(`^[-._a-z0-9~/]*$`), "elster": elster}),
		"additionalReferenceInfo": object(nil, members{
			"senderReference": text(), "applicationDate": formatted(isDate, "date")}),
	})
}

// metadata2 are the rules of 2.1.0; a later minor version may know more references.
func metadata2(later bool) shape {
	references := members{
		"senderReference": text(), "applicationDate": formatted(isDate, "date"),
		"idBundDeApplicationId": uuidText, "zustimmungZumDigitalenBescheid": boolean}
	info := closed(references)
	if later {
		info = object(nil, references)
	}
	return object([]string{"$schema", "contentStructure"}, members{
		"contentStructure": object([]string{"attachments", "data"}, members{
			"data": dataShape,
			"attachments": array(0, false, attachmentShape(
				[]string{PurposeForm, PurposeAttachment, PurposeReport, PurposeData},
				members{"fragments": array(1, true, uuidText)}))}),
		"paymentInformation": paymentShape,
		"replyChannel": oneMember(members{"eMail": eMailShape, "deMail": deMailShape,
			"fink": finkShape(`^[-._a-z0-9~/]+$`), "elster": elsterShape(text(), 60),
			"fitConnect": object([]string{"processStandards", "encryptionPublicKey"}, members{
				"processStandards": array(1, false, uriText),
				"encryptionPublicKey": object([]string{"kty", "key_ops", "alg", "kid", "n", "e"}, members{
					"kty": text(oneOf("RSA")), "key_ops": array(0, false, text(oneOf("wrapKey"))),
					"alg": text(oneOf(algOAEP)), "kid": text(size(8, 64)), "n": text(minSize(683)), "e": text(oneOf("AQAB"))})}),
			"idBundDeMailbox": object([]string{"mailboxUuid"}, members{"mailboxUuid": uuidText})}),
		"additionalReferenceInfo": info,
		"author": object([]string{"name", "product"}, members{
			"name": text(), "description": text(), "url": text(),
			"product": object([]string{"name", "version", "manufacturer"}, members{
				"name": text(), "description": text(), "version": text(), "manufacturer": text()})}),
		"dataSets": array(0, false, object([]string{"dataSetId", "schema", "hash", "content"}, members{
			"dataSetId": formatted(isUUID, "UUID"),
			"schema": object([]string{"schemaUri", "mimeType"}, members{
				"schemaUri": uriText, "mimeType": text(oneOf(MIMEJSON, MIMEXML, MIMEJOSE))}),
			"hash": hashShape, "description": text(), "content": anything})),
	})
}

func isMail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func isDateTime(s string) bool {
	_, err := time.Parse(time.RFC3339, strings.ToUpper(s))
	return err == nil
}
