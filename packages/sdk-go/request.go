package dakera

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// complete checks a reply for parts that JSON alone does not require.
type complete interface{ isComplete() bool }

// send sends a call by HTTP: authentication, retries, time-outs, decoding of replies and errors.
func send[T any](ctx context.Context, t *transport, c call, options []RequestOption) (*T, error) {
	p, err := t.prepare(c, options)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		if ctx.Err() != nil {
			return nil, ended(ctx, c, nil)
		}
		reply := new(T)
		failed := t.try(ctx, c, p, attempt, reply)
		if failed == nil {
			return reply, nil
		}
		wait := backoff(attempt)
		if failed.retryAfter != nil {
			wait = *failed.retryAfter
		}
		if !failed.isTransient || attempt > p.maxRetries || wait > mostWait {
			return nil, failed.err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ended(ctx, c, failed.err)
		}
	}
}

// failed is an attempt without a result.
type failed struct {
	err         error
	isTransient bool
	retryAfter  *time.Duration
}

func (t *transport) try(ctx context.Context, c call, p *prepared, attempt int, into any) *failed {
	open := p.header.Clone()
	if t.hooks.OnRequest != nil {
		if err := t.hooks.OnRequest(ctx, RequestEvent{c.operation, c.method, p.url, attempt, open}); err != nil {
			return &failed{err: err}
		}
	}
	header := open.Clone() // a copy: a hook that keeps its headers never sees the key
	if !c.isPublic {
		header.Set("Authorization", "Bearer "+t.apiKey())
	}
	startedAt := time.Now()
	response, content, stopped := t.exchange(ctx, c, p, header)
	if t.hooks.OnResponse != nil {
		event := ResponseEvent{
			Operation: c.operation,
			Method:    c.method,
			URL:       p.url,
			Attempt:   attempt,
			Duration:  time.Since(startedAt),
		}
		if response != nil {
			event.Status, event.RequestID = response.StatusCode, t.redact(response.Header.Get("X-Request-Id"))
		}
		if stopped != nil {
			event.Err = stopped.err
		}
		if err := t.hooks.OnResponse(ctx, event); err != nil {
			return &failed{err: err}
		}
	}
	if stopped != nil {
		return stopped
	}
	return t.judge(c, response, content, into)
}

// exchange sends one request and reads the complete response, within the time limit of an attempt.
func (t *transport) exchange(
	ctx context.Context,
	c call,
	p *prepared,
	header http.Header,
) (*http.Response, []byte, *failed) {
	timed, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(timed, c.method, p.url, bytes.NewReader(p.body))
	if err != nil {
		return nil, nil, &failed{err: usageError(c.operation, "%v", err)}
	}
	request.Header = header
	response, err := t.http.Do(request)
	if err != nil {
		return nil, nil, t.unanswered(ctx, c, p, request.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, t.maxResponseBytes+1))
	if err != nil {
		return nil, nil, t.unanswered(ctx, c, p, request.URL.Host, err)
	}
	if int64(len(content)) > t.maxResponseBytes {
		problem := fmt.Sprintf("came with more than %d bytes", t.maxResponseBytes)
		return response, nil, t.unusable(c, response, nil, problem)
	}
	return response, content, nil
}

// unanswered returns the reason why there is no complete response.
func (t *transport) unanswered(ctx context.Context, c call, p *prepared, host string, cause error) *failed {
	if ctx.Err() != nil {
		return &failed{err: ended(ctx, c, nil)}
	}
	failure := &Failure{Operation: c.operation, Code: CodeTimeout}
	var slow interface{ Timeout() bool }
	if errors.As(cause, &slow) && slow.Timeout() {
		failure.message = fmt.Sprintf("%s: no answer from %s within %v", c.operation, host, p.timeout)
		return &failed{err: &TimeoutError{failure}, isTransient: true}
	}
	var outer *url.Error
	if errors.As(cause, &outer) {
		cause = outer.Err // the URL is already in the message
	}
	if said := cause.Error(); said != t.redact(said) {
		cause = errors.New(t.redact(said))
	}
	failure.Code, failure.cause = CodeConnectionFailed, cause
	failure.message = fmt.Sprintf("%s: no whole answer from %s (%v)", c.operation, host, cause)
	return &failed{err: &ConnectionError{failure}, isTransient: true}
}

// judge returns the outcome of a response.
func (t *transport) judge(c call, response *http.Response, content []byte, into any) *failed {
	status := response.StatusCode
	if status >= 300 && status < 400 {
		return t.unusable(c, response, nil, "is a redirect, which is not followed because the key would go with it")
	}
	if status >= 400 {
		retryAfter := parseRetryAfter(response.Header.Get("Retry-After"))
		var wait time.Duration
		if retryAfter != nil {
			wait = *retryAfter
		}
		requestID := t.redact(response.Header.Get("X-Request-Id"))
		err := newAPIError(c.operation, status, requestID, []byte(t.redact(string(content))), wait)
		return &failed{err, isRepeated(status), retryAfter}
	}
	if status == http.StatusNoContent {
		return nil
	}
	if trimmed := bytes.TrimSpace(content); !json.Valid(content) || trimmed[0] != '{' && trimmed[0] != '[' {
		kind := response.Header.Get("Content-Type")
		if kind == "" {
			kind = "a body"
		}
		return t.unusable(c, response, nil, "came with "+t.redact(kind)+" that is no JSON object")
	}
	if err := json.Unmarshal(content, into); err != nil {
		return t.unusable(c, response, err, "came with JSON of another shape than the API has")
	}
	if reply, isAsked := into.(complete); isAsked && !reply.isComplete() {
		return t.unusable(c, response, errShape, "came with JSON of another shape than the API has")
	}
	return nil
}

func (t *transport) unusable(c call, response *http.Response, cause error, problem string) *failed {
	requestID := t.redact(response.Header.Get("X-Request-Id"))
	return &failed{err: &ResponseError{&Failure{
		Operation: c.operation,
		Code:      CodeInvalidResponse,
		Status:    response.StatusCode,
		RequestID: requestID,
		message: fmt.Sprintf("%s: %d %s; is the base URL the address of a Dakera server?%s",
			c.operation, response.StatusCode, problem, tail(requestID)),
		cause: cause,
	}}}
}

// redact removes the key, which a proxy may echo. (A key shorter than any server issues could be a part of any word.)
func (t *transport) redact(text string) string {
	if key := t.apiKey(); len(key) >= 8 {
		return strings.ReplaceAll(text, key, "[key]")
	}
	return text
}

// ended returns the error of a call whose context is over; last is the error of the latest attempt, if it failed.
func ended(ctx context.Context, c call, last error) error {
	err := fmt.Errorf("%s: %w", c.operation, ctx.Err())
	if cause := context.Cause(ctx); cause != ctx.Err() {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	if last != nil {
		err = fmt.Errorf("%w, after %w", err, last)
	}
	return err
}

// backoff doubles from attempt to attempt, minus a jitter of up to half: clients that failed together do not retry
// together.
func backoff(attempt int) time.Duration {
	wait := min(float64(longestWait), float64(firstWait)*math.Pow(2, float64(attempt-1)))
	return time.Duration(wait * (1 - rand.Float64()/2))
}

// parseRetryAfter parses seconds or a date; nil if the value is neither.
func parseRetryAfter(value string) *time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		wait = time.Duration(min(seconds, math.MaxInt32) * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		wait = max(0, time.Until(at))
	} else {
		return nil
	}
	return &wait
}
