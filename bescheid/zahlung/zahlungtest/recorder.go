package zahlungtest

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/internal/recorder"
)

// Recorder is a TB that keeps failures instead of failing. It proves that a case
// can fail: run it against a broken Zahlungsweg with [Try].
type Recorder = recorder.Recorder

var _ TB = (*Recorder)(nil)

// Try runs the case against the Options and gives its failures; none means it passed.
func Try(ctx context.Context, c Case, o Options) []string {
	return recorder.Run(ctx, func(r *Recorder) { c.Run(r, o) })
}
