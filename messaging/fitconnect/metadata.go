package fitconnect

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strconv"
	"strings"
)

// Metadata is the metadata document of a submission, versions 1.x and 2.x
// (https://schema.fitko.de/fit-connect/metadata/). It is encrypted on the way,
// so the service cannot check it: call [CheckMetadata] on what arrived.
//
// Unknown top-level members are kept in Extra and written again. To keep
// everything byte for byte, keep the raw document: hashes and evidence are about that.
type Metadata struct {
	// Schema is the $schema URI; empty means 1.0.x.
	Schema           string           `json:"$schema,omitempty"`
	ContentStructure ContentStructure `json:"contentStructure"`
	// PublicServiceType exists in 1.x only; in v2 the submission names the service.
	PublicServiceType *PublicService `json:"publicServiceType,omitempty"`
	ReplyChannel      *ReplyChannel  `json:"replyChannel,omitempty"` // nil: answer by letter
	// DataSets carry identity proofs in 2.x.
	DataSets []DataSet `json:"dataSets,omitempty"`
	// AuthenticationInformation carries identity proofs in 1.x.
	AuthenticationInformation []AuthenticationInformation `json:"authenticationInformation,omitempty"`
	PaymentInformation        *PaymentInformation         `json:"paymentInformation,omitempty"`
	AdditionalReferenceInfo   *AdditionalReferenceInfo    `json:"additionalReferenceInfo,omitempty"`
	Author                    *Author                     `json:"author,omitempty"`
	// Extra are top-level members this package does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ContentStructure describes the encrypted parts.
type ContentStructure struct {
	Data        *DataDescription     `json:"data,omitempty"` // required in 2.x
	Attachments []MetadataAttachment `json:"attachments"`    // required, may be empty
}

// DataDescription describes the Fachdaten.
type DataDescription struct {
	Hash             Hash       `json:"hash"`
	SubmissionSchema SchemaRef  `json:"submissionSchema"`
	Signature        *Signature `json:"signature,omitempty"`
}

// SchemaRef names a schema. The URI need not resolve.
type SchemaRef struct {
	SchemaURI string `json:"schemaUri"`
	MIMEType  string `json:"mimeType"`
}

// Hash is a SHA-512 in lower-case hex over the decrypted bytes.
type Hash struct {
	Type    string `json:"type"` // "sha512"
	Content string `json:"content"`
}

// HashOf makes the Hash of b.
func HashOf(b []byte) Hash { return Hash{Type: "sha512", Content: SHA512(b)} }

// Matches tells whether h is the hash of b.
func (h Hash) Matches(b []byte) bool { return h.Type == "sha512" && h.Content == SHA512(b) }

// Purposes of an attachment.
const (
	PurposeForm       = "form"       // generated PDF of the whole application
	PurposeAttachment = "attachment" // upload of the citizen
	PurposeReport     = "report"     // added later by the online service
	PurposeData       = "data"       // oversized Fachdaten, 2.x only
)

// MetadataAttachment describes one attachment. Filename and MIMEType are claims
// of the sender: never use the name as a path, decide the type by content.
type MetadataAttachment struct {
	AttachmentID string     `json:"attachmentId"`
	Hash         Hash       `json:"hash"`
	MIMEType     string     `json:"mimeType"`
	Purpose      string     `json:"purpose"`
	Filename     string     `json:"filename,omitempty"`
	Description  string     `json:"description,omitempty"`
	Fragments    []string   `json:"fragments,omitempty"` // 2.x: ids of the parts, in order
	Signature    *Signature `json:"signature,omitempty"`
}

// Signature describes an electronic signature of data or of an attachment.
type Signature struct {
	SignatureFormat   string `json:"signatureFormat"` // cms, xml, pdf, asic, json
	DetachedSignature bool   `json:"detachedSignature"`
	EidasAdesProfile  string `json:"eidasAdesProfile,omitempty"`
	Content           string `json:"content,omitempty"` // base64; base64url for JWS
}

// DataSet is an additional data set, such as an identification report.
type DataSet struct {
	DataSetID   string          `json:"dataSetId"`
	Schema      SchemaRef       `json:"schema"`
	Hash        Hash            `json:"hash"` // over the plain content
	Content     json.RawMessage `json:"content"`
	Description string          `json:"description,omitempty"`
}

// AuthenticationInformation is an identification report in 1.x: a JWS.
type AuthenticationInformation struct {
	Type    string `json:"type"` // "identificationReport"
	Version string `json:"version"`
	Content string `json:"content"`
}

// PaymentInformation is an ePayment transaction made at the online service.
type PaymentInformation struct {
	TransactionURL       string `json:"transactionUrl,omitempty"`
	TransactionID        string `json:"transactionId"`
	TransactionReference string `json:"transactionReference"`
	TransactionTimestamp string `json:"transactionTimestamp,omitempty"` // RFC 3339
	PaymentMethod        string `json:"paymentMethod"`                  // GIROPAY, PAYDIRECT, CREDITCARD, PAYPAL, INVOICE, OTHER
	PaymentMethodDetail  string `json:"paymentMethodDetail,omitempty"`
	Status               string `json:"status"` // INITIAL, BOOKED, FAILED, CANCELED
	// GrossAmount is euros as the decimal text of the document, never a float; empty if absent.
	GrossAmount json.Number `json:"grossAmount,omitempty"`
}

// AdditionalReferenceInfo are references of the sender.
type AdditionalReferenceInfo struct {
	SenderReference       string `json:"senderReference,omitempty"`
	ApplicationDate       string `json:"applicationDate,omitempty"` // 2006-01-02
	IDBundDeApplicationID string `json:"idBundDeApplicationId,omitempty"`
	// ZustimmungZumDigitalenBescheid: true is consent, false is refusal, nil is unknown.
	ZustimmungZumDigitalenBescheid *bool `json:"zustimmungZumDigitalenBescheid,omitempty"`
}

// Author is the sending software.
type Author struct {
	Name        string  `json:"name"`
	Description string  `json:"description,omitempty"`
	URL         string  `json:"url,omitempty"`
	Product     Product `json:"product"`
}

// Product is the software product of an [Author].
type Product struct {
	Name         string `json:"name"`
	Description  string `json:"description,omitempty"`
	Version      string `json:"version"`
	Manufacturer string `json:"manufacturer"`
}

// ReplyChannel is where the applicant wants the answer; exactly one member is set.
type ReplyChannel struct {
	EMail           *EMail           `json:"eMail,omitempty"`
	DeMail          *DeMail          `json:"deMail,omitempty"`
	Fink            *Fink            `json:"fink,omitempty"` // deprecated since 2.1.0
	Elster          *Elster          `json:"elster,omitempty"`
	FITConnect      *ReplyFITConnect `json:"fitConnect,omitempty"`
	IDBundDeMailbox *IDBundDeMailbox `json:"idBundDeMailbox,omitempty"`
	// Extra are channels this package does not know.
	Extra map[string]json.RawMessage `json:"-"`
}

// EMail is an ordinary mail address, perhaps with a PGP key.
type EMail struct {
	Address      string `json:"address"`
	PGPPublicKey string `json:"pgpPublicKey,omitempty"`
}

// DeMail is a De-Mail address.
type DeMail struct {
	Address string `json:"address"`
}

// Fink is an interoperable mailbox of the FINK procedure.
type Fink struct {
	FinkPostfachRef string `json:"finkPostfachRef"`
	Host            string `json:"host,omitempty"`
}

// Elster is a mailbox at ELSTER.
type Elster struct {
	AccountID         string `json:"accountId"`
	LieferTicket      string `json:"lieferTicket,omitempty"`
	Geschaeftszeichen string `json:"geschaeftszeichen,omitempty"`
}

// ReplyFITConnect asks for a reply through FIT-Connect in the same case.
type ReplyFITConnect struct {
	ProcessStandards    []string `json:"processStandards"`
	EncryptionPublicKey JWK      `json:"encryptionPublicKey"`
}

// IDBundDeMailbox is a mailbox of BundID or DeutschlandID.
type IDBundDeMailbox struct {
	MailboxUUID string `json:"mailboxUuid"`
}

// ParseMetadata decodes a document without checking it against the rules of its
// version. It fails with ErrInvalid only for what is not JSON, is no object, or
// has members of a wrong type.
func ParseMetadata(raw []byte) (*Metadata, error) {
	if err := guardJSON(raw); err != nil {
		return nil, invalid("ParseMetadata", "not usable JSON: %w", withoutValue(err))
	}
	m := &Metadata{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, invalid("ParseMetadata", "%w", withoutValue(err))
	}
	return m, nil
}

// withoutValue keeps values of the document out of error texts.
func withoutValue(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("member " + t.Field + " has the wrong type")
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errors.New("syntax error")
	}
	if strings.Contains(err.Error(), "json:") {
		return errors.New("member of a wrong type")
	}
	return err
}

// Major gives the major version of the schema: 1 if the document names none, 0
// if it names something that is no metadata schema.
func (m *Metadata) Major() int { return metadataMajor(m.Schema) }

func metadataMajor(schema string) int {
	if schema == "" {
		return 1
	}
	if g := metadataSchemaRE.FindStringSubmatch(schema); g != nil {
		n, _ := strconv.Atoi(g[1]) // at most four digits
		return n
	}
	return 0
}

type plainMetadata Metadata

// UnmarshalJSON keeps unknown members in Extra.
func (m *Metadata) UnmarshalJSON(raw []byte) error {
	return readWithExtra(raw, (*plainMetadata)(m), &m.Extra)
}

// MarshalJSON writes the known members and Extra; known members win.
func (m Metadata) MarshalJSON() ([]byte, error) {
	if m.ContentStructure.Attachments == nil {
		m.ContentStructure.Attachments = []MetadataAttachment{} // required, even if empty
	}
	return writeWithExtra(plainMetadata(m), m.Extra)
}

type plainReplyChannel ReplyChannel

// UnmarshalJSON keeps unknown channels in Extra.
func (r *ReplyChannel) UnmarshalJSON(raw []byte) error {
	return readWithExtra(raw, (*plainReplyChannel)(r), &r.Extra)
}

// MarshalJSON writes the known members and Extra; known members win.
func (r ReplyChannel) MarshalJSON() ([]byte, error) {
	return writeWithExtra(plainReplyChannel(r), r.Extra)
}

// readWithExtra decodes the members into names exactly, so that "REPLYCHANNEL"
// is an unknown member and not a second way to write replyChannel.
func readWithExtra(raw []byte, into any, extra *map[string]json.RawMessage) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	known := map[string]json.RawMessage{}
	for _, name := range memberNames(into) {
		if v, ok := all[name]; ok {
			known[name] = v
			delete(all, name)
		}
	}
	if len(all) > 0 {
		*extra = all
	}
	clean, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return json.Unmarshal(clean, into)
}

func writeWithExtra(known any, extra map[string]json.RawMessage) ([]byte, error) {
	raw, err := json.Marshal(known)
	if err != nil || len(extra) == 0 {
		return raw, err
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	all := maps.Clone(extra)
	maps.Copy(all, m)
	return json.Marshal(all)
}

func memberNames(structPtr any) []string {
	t := reflect.TypeOf(structPtr).Elem()
	var names []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
			names = append(names, name)
		}
	}
	return names
}
