package fitconnect

import (
	"net/url"
	"regexp"
	"strings"
)

// Prefixes of the identifiers FIT-Connect uses (schema.fitko.de/fit-connect).
const (
	eventPrefix    = "https://schema.fitko.de/fit-connect/events/"
	problemPrefix  = "https://schema.fitko.de/fit-connect/events/problems/"
	callbackPrefix = "https://schema.fitko.de/fit-connect/submission-api/callbacks/"

	// DefaultSETSchema is the payload schema version 2 of the API writes. An
	// answering event copies the schema of the submit event instead, because the
	// service refuses schemas it does not support.
	DefaultSETSchema = "https://schema.fitko.de/fit-connect/set-payload/1.2.2/set-payload.schema.json"
	// MetadataSchema210 is the metadata schema [Sender] writes when a draft names none.
	MetadataSchema210 = "https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json"

	// SchemaIdentificationReport is the schema URI of a Governikus identification
	// report in [Metadata.DataSets], the only place where metadata 2.x carry an identity.
	SchemaIdentificationReport = "https://raw.githubusercontent.com/Governikus/IdentificationReport/2.0.0/schema/identification-report.json"
)

// MIME types of the protocol.
const (
	MIMEJSON = "application/json"
	MIMEXML  = "application/xml"
	MIMEJOSE = "application/jose"
)

var (
	setSchemaRE      = regexp.MustCompile(`^https://schema\.fitko\.de/fit-connect/set-payload/1\.[0-9]+\.[0-9]+/set-payload\.schema\.json$`)
	setSchema10RE    = regexp.MustCompile(`^https://schema\.fitko\.de/fit-connect/set-payload/1\.0\.[0-9]+/`)
	metadataSchemaRE = regexp.MustCompile(`^https://schema\.fitko\.de/fit-connect/metadata/([0-9]{1,4})\.[0-9]+\.[0-9]+/metadata\.schema\.json$`)
	uuidRE           = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	sha512RE         = regexp.MustCompile(`^[a-f0-9]{128}$`)
)

// isUUID tells whether s has the textual form of a UUID (RFC 9562), hyphens included.
func isUUID(s string) bool { return uuidRE.MatchString(s) }

// isURI tells whether s is an absolute URI.
func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && len(s) > len(u.Scheme)+1
}

// Endpoints are the base URLs of one FIT-Connect environment, without a
// trailing slash. Every URL must be https, except on loopback.
type Endpoints struct {
	// Token is the complete URL of the OAuth 2.0 token endpoint.
	Token string
	// SubmissionAPI is the base of the Submission API, such as
	// "https://test.fit-connect.fitko.dev/submission-api".
	SubmissionAPI string
	// DestinationAPI is the base of the Destination API; needed only to manage destinations.
	DestinationAPI string
	// Version is the path segment of the API version, [Version1] or [Version2];
	// empty means version 2.
	Version string
}

// Environments gives the endpoints of the known environments: "test", "stage"
// and "prod". The hosts are those in use by live clients in 2026; they are
// configuration, so check them against docs.fitko.de before production.
func Environments() map[string]Endpoints {
	of := func(token, api string) Endpoints {
		return Endpoints{
			Token:          "https://" + token + "/token",
			SubmissionAPI:  "https://" + api + "/submission-api",
			DestinationAPI: "https://" + api + "/destination-api",
		}
	}
	return map[string]Endpoints{
		"test":  of("auth-testing.fit-connect.fitko.dev", "test.fit-connect.fitko.dev"),
		"stage": of("auth-refz.fit-connect.fitko.net", "stage.fit-connect.fitko.net"),
		"prod":  of("auth-prod.fit-connect.fitko.net", "prod.fit-connect.fitko.net"),
	}
}

func (e Endpoints) version() string {
	if e.Version == "" {
		return Version2
	}
	return e.Version
}

// trimmed removes trailing slashes, the most common slip in configuration.
func (e Endpoints) trimmed() Endpoints {
	e.SubmissionAPI = strings.TrimRight(e.SubmissionAPI, "/")
	e.DestinationAPI = strings.TrimRight(e.DestinationAPI, "/")
	return e
}
