package dakera

import (
	"context"
	"net/http"
	"time"
)

// Option configures a client.
type Option interface{ applyToClient(*transport) }

// RequestOption configures one call.
type RequestOption interface{ applyToCall(*settings) }

// SharedOption configures a client, or one call of it.
type SharedOption func(*limits)

type (
	clientOption  func(*transport)
	requestOption func(*settings)
)

func (o clientOption) applyToClient(t *transport) { o(t) }
func (o requestOption) applyToCall(s *settings)   { o(s) }
func (o SharedOption) applyToClient(t *transport) { o(&t.limits) }
func (o SharedOption) applyToCall(s *settings)    { o(&s.limits) }

type limits struct {
	timeout    time.Duration
	maxRetries int
}

// settings are those of one call.
type settings struct {
	limits
	idempotencyKey string
	namespace      string
	ifVersion      *int64
	isDryRun       bool
}

// WithTimeout sets the time limit of one attempt, by default 30 seconds. The time limit of a whole call is that of its
// context.
func WithTimeout(timeout time.Duration) SharedOption {
	return func(l *limits) { l.timeout = timeout }
}

// WithMaxRetries sets the maximum number of retries of a failed attempt, by default 2, so three attempts in total.
func WithMaxRetries(retries int) SharedOption {
	return func(l *limits) { l.maxRetries = retries }
}

// WithMaxResponseBytes sets the maximum size of a response, by default 256 MiB. A larger one is rejected while it
// arrives.
func WithMaxResponseBytes(bytes int64) Option {
	return clientOption(func(t *transport) { t.maxResponseBytes = bytes })
}

// WithHTTPClient sets the HTTP client. The client uses a copy, which follows no redirects.
func WithHTTPClient(client *http.Client) Option {
	return clientOption(func(t *transport) {
		if client == nil {
			t.fail("WithHTTPClient needs a client")
			return
		}
		t.http = *client
	})
}

// WithHeader adds a header to every request.
func WithHeader(name, value string) Option {
	return clientOption(func(t *transport) { t.header.Add(name, value) })
}

// WithHooks sets functions that are called around every attempt.
func WithHooks(hooks Hooks) Option {
	return clientOption(func(t *transport) { t.hooks = hooks })
}

// Hooks are called around every attempt, for tracing. If a hook returns an error, the call ends and returns that error.
type Hooks struct {
	OnRequest  func(context.Context, RequestEvent) error
	OnResponse func(context.Context, ResponseEvent) error
}

// RequestEvent is the argument of a hook before an attempt.
type RequestEvent struct {
	// The call, by its name in the API: memories.store.
	Operation string
	Method    string
	URL       string
	// 1 for the first attempt.
	Attempt int
	// Headers set here are sent. The key is added later, so that no hook can log it.
	Header http.Header
}

// ResponseEvent is the argument of a hook after an attempt.
type ResponseEvent struct {
	Operation string
	Method    string
	URL       string
	Attempt   int
	// 0 if there was no response.
	Status    int
	RequestID string
	Duration  time.Duration
	// The reason why there was no complete response; nil if there was one, whatever its status.
	Err error
}

// WithIdempotencyKey sets the key that is sent with a write, so that a retry has no second effect. By default each call
// generates one.
func WithIdempotencyKey(key string) RequestOption {
	return requestOption(func(s *settings) { s.idempotencyKey = key })
}

// InNamespace sets the namespace of an id, because ids are unique per namespace. Without it the server looks in every
// namespace that the key may read. It is for calls that take only the id of a memory or session.
func InNamespace(namespace string) RequestOption {
	return requestOption(func(s *settings) { s.namespace = namespace })
}

// IfVersion lets an update happen only if the memory still has this version; otherwise the update fails with a
// [ConflictError].
func IfVersion(version int64) RequestOption {
	return requestOption(func(s *settings) { s.ifVersion = &version })
}

// DryRun lets a batch forget only count the memories that it would forget.
func DryRun() RequestOption {
	return requestOption(func(s *settings) { s.isDryRun = true })
}

// unfit returns the name of an option that a call does not support. It must not be ignored: a dry run could delete.
func (s *settings) unfit(c call) string {
	switch {
	case s.namespace != "" && !c.isByID:
		return "InNamespace"
	case s.ifVersion != nil && !c.isUpdate:
		return "IfVersion"
	case s.isDryRun && !c.canDryRun:
		return "DryRun"
	}
	return ""
}
