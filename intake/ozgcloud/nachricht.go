package ozgcloud

import "encoding/json"

// Control says what a submission is and where it belongs. The names are those of the
// interface.
type Control struct {
	// TransactionID is the idempotency key: the same one is the same submission.
	TransactionID string `json:"transactionId"`
	// ZustaendigeStelle is the OrganisationsEinheitID, a free text.
	ZustaendigeStelle string `json:"zustaendigeStelle"`
	// LeikaIDs may be empty (Gover).
	LeikaIDs []string `json:"leikaIds"`
	FormID   string   `json:"formId"`
	// Name is the title of the form.
	Name string `json:"name"`
	// ServiceKonto is nil without a login.
	ServiceKonto *ServiceKonto `json:"serviceKonto,omitempty"`
}

// ServiceKonto is the account of the applicant.
type ServiceKonto struct {
	// Type is "OSI", "BAYERN_ID" or another one; the list is open.
	Type       string `json:"type"`
	TrustLevel string `json:"trustLevel,omitempty"`
	// PostfachAddress is nil if there is no mailbox.
	PostfachAddress *PostfachAddress `json:"postfachAddress,omitempty"`
}

// PostfachAddress is a mailbox of a ServiceKonto.
type PostfachAddress struct {
	Identifier string `json:"identifier"`
	Type       string `json:"type"`
}

// Item is one value of the form, or a group of them: of the members behind Label
// normally exactly one is set.
type Item struct {
	Name  string `json:"name"`
	Label string `json:"label"`

	StringValue  *string      `json:"stringValue,omitempty"`
	NumberValue  *json.Number `json:"numberValue,omitempty"`
	DateValue    *string      `json:"dateValue,omitempty"` // yyyy-MM-dd
	BooleanValue *bool        `json:"booleanValue,omitempty"`
	FormItems    []Item       `json:"formItems,omitempty"`
}

// Antwort is the answer to an accepted submission.
type Antwort struct {
	TransactionID string       `json:"transactionId"`
	Vorgang       VorgangStand `json:"vorgang"`
}

// VorgangStand is the Vorgang as the sender sees it.
type VorgangStand struct {
	VorgangID     string `json:"vorgangId"`
	VorgangNummer string `json:"vorgangNummer"`
	Status        string `json:"status"`
	// StatusSince is RFC 3339.
	StatusSince string `json:"statusSince"`
}

// formular is the JSON document of the part formData.
type formular struct {
	Control  Control `json:"control"`
	FormData []Item  `json:"formData"`
}
