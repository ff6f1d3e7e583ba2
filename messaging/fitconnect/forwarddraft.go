package fitconnect

import "slices"

// ForwardOptions adjust [ForwardDraft]; nil is the default.
type ForwardOptions struct {
	// NewIDs gives the attachments new ids and rewrites the metadata for them.
	// Whether the service takes ids it has seen in another submission is not
	// confirmed by an official text.
	NewIDs bool
	// CaseID continues a case; empty begins a new one at the other destination.
	CaseID string
	// Callback is where to hear about events.
	Callback *Callback
}

// ForwardDraft makes a draft that passes a received submission on to another
// destination: metadata, data and attachments with the same bytes, to be
// encrypted for the new receiver. Send it as usual and tell the first sender with
// a forward event if that is agreed.
//
// With [ForwardOptions.NewIDs], or if an attachment came in fragments, the
// metadata are written anew: their members stay, ids and fragments change. Every
// attachment must be held (not handed over by FetchInto), or be ErrInvalid.
func ForwardDraft(r *Received, destinationID string, o *ForwardOptions) (Draft, error) {
	const op = "ForwardDraft"
	if o == nil {
		o = &ForwardOptions{}
	}
	if r == nil || r.Submission == nil || r.Metadata == nil || r.Metadata.ContentStructure.Data == nil || r.Data == nil {
		return Draft{}, invalid(op, "the submission was not received completely")
	}
	if err := checkIDs(op, destinationID); err != nil {
		return Draft{}, err
	}
	d := Draft{DestinationID: destinationID, PublicService: r.Submission.PublicService, Region: r.Submission.Region,
		CaseID: o.CaseID, Callback: o.Callback, Metadata: *r.Metadata, Data: r.Data,
		DataSchema: r.Metadata.ContentStructure.Data.SubmissionSchema}
	rewrite := o.NewIDs
	for _, a := range r.Attachments {
		if a.Content == nil {
			return Draft{}, invalid(op, "the content of an attachment is not here")
		}
		rewrite = rewrite || len(a.Fragments) > 0
		d.Attachments = append(d.Attachments, a)
	}
	if !rewrite {
		d.MetadataRaw = slices.Clone(r.MetadataRaw)
		return d, nil
	}
	for i := range d.Attachments {
		d.Attachments[i].Fragments = nil
		if o.NewIDs {
			d.Attachments[i].AttachmentID = ""
		}
	}
	return d, nil
}
