package fitconnect

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ReplyPaths are the paths of the calls about replies and cases, below
// [Endpoints.SubmissionAPI]. The ids are published, the paths are not confirmed
// by an official text, so each is a template that can be replaced. "{version}",
// "{reply}" and "{attachment}" stand for values. Empty fields are the defaults.
type ReplyPaths struct {
	Replies    string // "/{version}/replies"
	Reply      string // "/{version}/replies/{reply}"
	Attachment string // "/{version}/replies/{reply}/attachments/{attachment}"
	Cases      string // "/{version}/cases"
	Info       string // "/{version}/info"
}

func (p *ReplyPaths) filled() ReplyPaths {
	out := ReplyPaths{Replies: "/{version}/replies", Reply: "/{version}/replies/{reply}",
		Attachment: "/{version}/replies/{reply}/attachments/{attachment}", Cases: "/{version}/cases", Info: "/{version}/info"}
	if p != nil {
		setIf(&out.Replies, p.Replies)
		setIf(&out.Reply, p.Reply)
		setIf(&out.Attachment, p.Attachment)
		setIf(&out.Cases, p.Cases)
		setIf(&out.Info, p.Info)
	}
	return out
}

// ReplyRef identifies a reply. Both are UUIDs.
type ReplyRef struct {
	ReplyID string `json:"replyId"`
	CaseID  string `json:"caseId"`
}

// Reply is a reply as the service delivers it.
type Reply struct {
	ReplyRef
	Attachments       []string `json:"attachments"` // ids
	EncryptedMetadata string   `json:"encryptedMetadata"`
	EncryptedData     string   `json:"encryptedData"`
}

type newReply struct {
	CaseID               string   `json:"caseId"`
	AnnouncedAttachments []string `json:"announcedAttachments"`
}

type replyPage struct {
	Count      int        `json:"count"`
	Offset     int        `json:"offset"`
	TotalCount int        `json:"totalCount"`
	Replies    []ReplyRef `json:"replies"`
}

// CaseInfo is a case (Fall) of the client. The members are not confirmed by an
// official text.
type CaseInfo struct {
	CaseID string `json:"caseId"`
	// SubmissionIDs and ReplyIDs of the case that the client may see.
	SubmissionIDs []string `json:"submissionIds,omitempty"`
	ReplyIDs      []string `json:"replyIds,omitempty"`
}

// maxReplies bounds what a list of replies or cases yields of a service that never ends.
const maxReplies = 100_000

// replyCalls are the calls about replies.
type replyCalls struct {
	c     *Client
	paths ReplyPaths
}

func (r replyCalls) url(template, reply, attachment string) string {
	return r.c.end.SubmissionAPI + strings.NewReplacer("{version}", url.PathEscape(r.c.end.version()),
		"{reply}", url.PathEscape(reply), "{attachment}", url.PathEscape(attachment)).Replace(template)
}

// list reads the replies that wait, each once.
func (r replyCalls) list(ctx context.Context) iter.Seq2[ReplyRef, error] {
	return func(yield func(ReplyRef, error) bool) {
		seen := map[string]bool{}
		for again := true; again; {
			again = false
			total, found := -1, 0
			for offset := 0; offset < maxReplies; {
				var p replyPage
				u := r.url(r.paths.Replies, "", "") + "?offset=" + strconv.Itoa(offset) + "&limit=" + strconv.Itoa(pageLimit)
				if err := r.c.doJSON(ctx, r.c.get("GET replies", u), &p); err != nil {
					yield(ReplyRef{}, err)
					return
				}
				// What was decided while iterating moves the others to earlier pages.
				again = again || total >= 0 && p.TotalCount < total
				total = max(total, p.TotalCount)
				for _, ref := range p.Replies {
					if seen[ref.ReplyID] {
						continue
					}
					if checkIDs("GET replies", ref.ReplyID, ref.CaseID) != nil {
						yield(ReplyRef{}, malformed("GET replies", "list holds what is no id"))
						return
					}
					seen[ref.ReplyID] = true
					found++
					if !yield(ref, nil) {
						return
					}
				}
				if offset += len(p.Replies); len(p.Replies) == 0 || offset >= p.TotalCount {
					break
				}
			}
			again = again && found > 0
		}
	}
}

func (r replyCalls) get(ctx context.Context, id string) (*Reply, error) {
	const op = "GET reply"
	if err := checkIDs(op, id); err != nil {
		return nil, err
	}
	req := r.c.get(op, r.url(r.paths.Reply, id, ""))
	req.limit = 2*r.c.opt.MaxJWE + r.c.opt.MaxJSON
	out := &Reply{}
	if err := r.c.doJSON(ctx, req, out); err != nil {
		return nil, err
	}
	if out.ReplyID != id || !isUUID(out.CaseID) {
		return nil, malformed(op, "answer names other ids than asked for")
	}
	return out, nil
}

func (r replyCalls) attachment(ctx context.Context, id, attachment string) (string, error) {
	const op = "GET reply attachment"
	if err := checkIDs(op, id, attachment); err != nil {
		return "", err
	}
	req := r.c.get(op, r.url(r.paths.Attachment, id, attachment))
	req.accept, req.limit = MIMEJOSE, r.c.opt.MaxJWE
	var text string
	err := r.c.do(ctx, req, func(a *response) error { text = string(a.body); return nil })
	return text, err
}

func (r replyCalls) create(ctx context.Context, caseID string, parts []string) (ReplyRef, error) {
	const op = "POST reply"
	if err := checkIDs(op, append([]string{caseID}, parts...)...); err != nil {
		return ReplyRef{}, err
	}
	body, err := json.Marshal(newReply{CaseID: caseID, AnnouncedAttachments: parts})
	if err != nil {
		return ReplyRef{}, invalid(op, "%w", err)
	}
	var ref ReplyRef
	err = r.c.doJSON(ctx, request{op: op, method: http.MethodPost, url: r.url(r.paths.Replies, "", ""), body: body,
		contentType: MIMEJSON, accept: MIMEJSON, limit: r.c.opt.MaxJSON}, &ref)
	if err != nil {
		return ReplyRef{}, err
	}
	if !isUUID(ref.ReplyID) || ref.CaseID != "" && ref.CaseID != caseID {
		return ReplyRef{}, malformed(op, "answer holds no id, or another case")
	}
	ref.CaseID = caseID
	return ref, nil
}

func (r replyCalls) upload(ctx context.Context, id, attachment string, jwe *JWE) error {
	const op = "PUT reply attachment"
	if err := checkIDs(op, id, attachment); err != nil {
		return err
	}
	return r.c.do(ctx, request{op: op, method: http.MethodPut, idempotent: true, url: r.url(r.paths.Attachment, id, attachment),
		body: []byte(jwe.String()), contentType: MIMEJOSE, accept: MIMEJSON, limit: r.c.opt.MaxJSON}, nil)
}

func (r replyCalls) submit(ctx context.Context, id string, metadata, data *JWE) error {
	const op = "PUT reply"
	if err := checkIDs(op, id); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"encryptedMetadata": metadata.String(), "encryptedData": data.String()})
	if err != nil {
		return invalid(op, "%w", err)
	}
	return r.c.do(ctx, request{op: op, method: http.MethodPut, idempotent: true, url: r.url(r.paths.Reply, id, ""),
		body: body, contentType: MIMEJSON, accept: MIMEJSON, limit: r.c.opt.MaxJSON}, nil)
}

// Cases reads the cases the client takes part in; nil paths are the defaults.
// Path and members are not confirmed by an official text.
func (c *Client) Cases(ctx context.Context, paths *ReplyPaths) ([]CaseInfo, error) {
	r := replyCalls{c, paths.filled()}
	var all []CaseInfo
	for len(all) < maxReplies {
		var p struct {
			TotalCount int        `json:"totalCount"`
			Cases      []CaseInfo `json:"cases"`
		}
		u := r.url(r.paths.Cases, "", "") + "?offset=" + strconv.Itoa(len(all)) + "&limit=" + strconv.Itoa(pageLimit)
		if err := c.doJSON(ctx, c.get("GET cases", u), &p); err != nil {
			return nil, err
		}
		if all = append(all, p.Cases...); len(p.Cases) == 0 || len(all) >= p.TotalCount {
			return all, nil
		}
	}
	return nil, malformed("GET cases", "more cases than this client reads")
}

// Case reads one case; otherwise like Cases.
func (c *Client) Case(ctx context.Context, caseID string, paths *ReplyPaths) (*CaseInfo, error) {
	const op = "GET case"
	if err := checkIDs(op, caseID); err != nil {
		return nil, err
	}
	r, out := replyCalls{c, paths.filled()}, &CaseInfo{}
	if err := c.doJSON(ctx, c.get(op, r.url(r.paths.Cases, "", "")+"/"+caseID), out); err != nil {
		return nil, err
	}
	if out.CaseID != caseID {
		return nil, malformed(op, "answer names another case than asked for")
	}
	return out, nil
}

// Info reads what the service says about itself, as it came; nil paths are the
// defaults. Path and content are not confirmed by an official text.
func (c *Client) Info(ctx context.Context, paths *ReplyPaths) (json.RawMessage, error) {
	r := replyCalls{c, paths.filled()}
	var raw json.RawMessage
	err := c.doJSON(ctx, c.get("GET service info", r.url(r.paths.Info, "", "")), &raw)
	return raw, err
}
