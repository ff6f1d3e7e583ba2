package fitconnect

import (
	"context"
	"iter"
)

// Bounds of one iteration over a list that is not ours. A service that goes on
// for ever, or serves the same page again and again, ends with an error instead
// of keeping the caller.
const (
	// maxListed is how many submissions one iteration yields.
	maxListed = 100_000
	// freeCalls and callsPerPage bound the calls: each page that was needed may be
	// read several times, because the list may move while it is read.
	freeCalls    = 64
	callsPerPage = 8
)

// Submissions iterates over the waiting submissions, each once. Every submission
// that waits during the whole iteration is yielded, also if others are accepted
// or come in meanwhile, as long as the service keeps the order of those that
// stay. An error is yielded once, as the last pair; what was yielded before is
// good. A list that does not end is such an error (ErrUnavailable) after 100,000
// submissions, or after some calls without news. No connection is held while
// yielding.
//
// Pages are asked for by offset, and an accepted submission moves all behind it
// forward. So each page is asked for with one overlap: if it begins with a
// submission known already, nothing was missed before it; if not, the iteration
// steps back until it does.
func (c *Client) Submissions(ctx context.Context, destinationID string) iter.Seq2[SubmissionRef, error] {
	return func(yield func(SubmissionRef, error) bool) {
		seen := map[string]bool{}
		largest, total := 1, -1
		for calls, offset, news, moved := 0, 0, 0, false; ; calls++ {
			if len(seen) >= maxListed || calls >= freeCalls+callsPerPage*(len(seen)/largest) {
				yield(SubmissionRef{}, malformed("GET submissions", "the list does not end"))
				return
			}
			p, err := c.SubmissionPage(ctx, destinationID, offset, 0)
			if err != nil {
				yield(SubmissionRef{}, err)
				return
			}
			n := len(p.Submissions)
			largest = max(largest, n)
			moved = moved || total >= 0 && p.TotalCount != total
			total = p.TotalCount
			connected := offset == 0 || n > 0 && seen[p.Submissions[0].SubmissionID]
			for _, ref := range p.Submissions {
				if seen[ref.SubmissionID] {
					continue
				}
				seen[ref.SubmissionID] = true
				news++
				if !yield(ref, nil) {
					return
				}
			}
			switch {
			case !connected && (largest > 1 || n == 0):
				moved = true
				offset = max(offset-max(largest, n), 0)
			case n > 0 && offset+n < p.TotalCount:
				offset += max(n-1, 1)
			case moved && news > 0:
				// The list moved under this pass: look once more from the start.
				offset, news, moved, total = 0, 0, false, -1
			default:
				return
			}
		}
	}
}
