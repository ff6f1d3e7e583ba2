package fitconnect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ErrTooLarge says that an answer is larger than the configured bound. It
// matches [fehler.ErrInvalid]; it is no reason to reject a submission.
var ErrTooLarge error = tooLarge{}

type tooLarge struct{}

func (tooLarge) Error() string        { return "answer larger than the configured bound" }
func (tooLarge) Is(target error) bool { return target == fehler.ErrInvalid }

// request is one call; op names it in errors and observations.
type request struct {
	op, method, url     string
	body                []byte
	contentType, accept string
	anonymous           bool  // without access token
	idempotent          bool  // may be repeated
	limit               int64 // bytes of the answer
	stream              bool  // hand the body to read instead of reading it
	// admit, if set, is told the announced length of the answer, or -1, before it is
	// read; its error ends the call.
	admit func(length int64) error
}

// response is a successful answer.
type response struct {
	status int
	header http.Header
	length int64 // as announced, or -1
	body   []byte
	stream io.Reader // bounded; fails with ErrTooLarge beyond the limit
}

// finalError marks an error after which the call must not be repeated.
type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

// maxErrorBody bounds what is read of an error answer.
const maxErrorBody = 64 << 10

// do makes the call, repeating it if it is idempotent and the failure may pass.
// A refused access token is renewed once for any call: the service did nothing.
func (c *Client) do(ctx context.Context, r request, read func(*response) error) error {
	renewed := false
	for attempt := 1; ; attempt++ {
		token := ""
		if !r.anonymous {
			var err error
			if token, err = c.token(ctx); err != nil {
				return err
			}
		}
		if !r.anonymous {
			if err := c.awaitRate(ctx); err != nil {
				return err
			}
		}
		err := c.attempt(ctx, r, token, attempt, read)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if f, ok := errors.AsType[finalError](err); ok {
			return f.error
		}
		api, isAPI := errors.AsType[*APIError](err)
		if isAPI && api.Status == http.StatusUnauthorized && !r.anonymous && !renewed {
			renewed = true
			c.dropToken(ctx, token)
			continue
		}
		// What was refused for its rate did nothing, so any call may be repeated.
		refused := isAPI && api.Status == http.StatusTooManyRequests
		if !r.idempotent && !refused || attempt >= c.opt.Attempts || !errors.Is(err, fehler.ErrUnavailable) {
			return err
		}
		delay := c.delay(attempt)
		if isAPI && api.RetryAfter > 0 {
			if api.RetryAfter > c.opt.MaxDelay {
				return err
			}
			delay = max(delay, api.RetryAfter)
		}
		from := c.now()
		if err := c.opt.Sleep(ctx, delay); err != nil {
			return err
		}
		c.rate.slept(from, delay)
	}
}

// delay is exponential with full jitter in its upper half.
func (c *Client) delay(attempt int) time.Duration {
	d := c.opt.BaseDelay << min(attempt-1, 16)
	if d > c.opt.MaxDelay || d <= 0 {
		d = c.opt.MaxDelay
	}
	return d/2 + time.Duration(c.opt.Random()*float64(d/2))
}

func (c *Client) attempt(ctx context.Context, r request, token string, n int, read func(*response) error) (err error) {
	if c.opt.Limiter != nil {
		if err := c.opt.Limiter.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return finalError{fehler.New("fitconnect."+r.op, "", fehler.ErrUnavailable, errors.New("rate limit"))}
		}
	}
	status, start := 0, c.now()
	if c.opt.Observe != nil {
		defer func() {
			c.opt.Observe(CallInfo{Op: r.op, Attempt: n, Status: status, Duration: c.now().Sub(start), Err: err})
		}()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.opt.Timeout, errAttempt)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return finalError{invalid(r.op, "request cannot be made")}
	}
	req.Header.Set("User-Agent", c.opt.UserAgent)
	if r.accept != "" {
		req.Header.Set("Accept", r.accept+", application/problem+json")
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.opt.HTTP.Do(req)
	if err != nil {
		return c.networkError(ctx, r.op, err)
	}
	defer resp.Body.Close()
	status = resp.StatusCode
	if !r.anonymous {
		wait := time.Duration(0)
		if status == http.StatusTooManyRequests {
			wait = c.retryAfter(resp.Header)
		}
		c.rate.learn(resp.Header, c.now(), wait, c.opt.MaxDelay)
	}
	if status < 200 || status > 299 {
		return c.apiError(r.op, resp)
	}
	if r.admit != nil {
		if err := r.admit(resp.ContentLength); err != nil {
			return finalError{err}
		}
	}
	out := &response{status: status, header: resp.Header, length: resp.ContentLength}
	bounded := &boundedReader{r: resp.Body, left: r.limit}
	if r.stream {
		out.stream = bounded
	} else if out.body, err = readAll(bounded, resp.ContentLength, r.limit); err != nil {
		return c.networkError(ctx, r.op, err)
	}
	if read == nil {
		return nil
	}
	return read(out)
}

var errAttempt = errors.New("attempt took too long")

// networkError makes everything between the two hosts ErrUnavailable. The text
// of net/http errors names URLs, which hold ids but no personal data.
func (c *Client) networkError(ctx context.Context, op string, err error) error {
	if errors.Is(err, ErrTooLarge) {
		return finalError{fmt.Errorf("fitconnect.%s: %w", op, ErrTooLarge)}
	}
	if errors.Is(context.Cause(ctx), errAttempt) {
		err = errAttempt
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		// Ours or the http.Client's own timeout; the caller's context is looked at in do.
		err = errAttempt
	}
	return fehler.New("fitconnect."+op, "", fehler.ErrUnavailable, err)
}

// readAll reads with one allocation, or two, if the length is announced and plausible.
func readAll(r io.Reader, announced, limit int64) ([]byte, error) {
	if announced > limit {
		return nil, ErrTooLarge
	}
	var b bytes.Buffer
	if announced > 0 {
		// A lying length costs at most one allocation of 16 MiB; what holds that
		// much is believed, because growing by and by takes twice the room.
		b.Grow(int(min(announced, firstGrow)) + bytes.MinRead)
	}
	if announced > firstGrow {
		if _, err := io.CopyN(&b, r, firstGrow); err != nil {
			return nil, err
		}
		b.Grow(int(announced-firstGrow) + bytes.MinRead)
	}
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// boundedReader fails instead of cutting silently.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n + int(b.left), ErrTooLarge
	}
	return n, err
}

// apiError decodes RFC 7807 and the error answer of OAuth 2.0 (RFC 6749, 5.2).
func (c *Client) apiError(op string, resp *http.Response) error {
	e := &APIError{Op: op, Status: resp.StatusCode, RetryAfter: c.retryAfter(resp.Header)}
	typ, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // a cut answer is as good as none
	if typ == "application/problem+json" || typ == MIMEJSON {
		var p struct {
			Type, Title, Detail, Instance string
			Error                         string
		}
		if json.Unmarshal(raw, &p) == nil {
			e.Type, e.Title, e.Detail, e.Instance = cut(p.Type), cut(p.Title), cut(p.Detail), cut(p.Instance)
			if e.Type == "" {
				e.Type = cut(p.Error)
			}
		}
	}
	return e
}

func cut(s string) string {
	const most = 500
	if len(s) > most {
		return s[:most]
	}
	return s
}

// retryAfter reads Retry-After (seconds or date, RFC 9110) and, if the service
// sent none, RateLimit-Reset of an exhausted limit (seconds).
func (c *Client) retryAfter(h http.Header) time.Duration {
	const most = 24 * time.Hour
	v := h.Get("Retry-After")
	if v == "" && h.Get("RateLimit-Remaining") == "0" {
		return resetAfter(h.Get("RateLimit-Reset"), c.now())
	}
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(s)*time.Second, most)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(c.now()), 0), most)
	}
	return 0
}
