package dakera

import (
	"context"
	"net/http"
	"time"
)

// Option sets up a client.
type Option interface{ applyToClient(*transport) }

// RequestOption sets up one call.
type RequestOption interface{ applyToCall(*settings) }

// SharedOption sets up a client, or one call of it.
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

// WithTimeout says how long one try may take. 30 seconds unless said. How long a whole call may take is said by its
// context.
func WithTimeout(timeout time.Duration) SharedOption {
	return func(l *limits) { l.timeout = timeout }
}

// WithMaxRetries says how often a failed try is repeated. 2 unless said, so three tries in all.
func WithMaxRetries(retries int) SharedOption {
	return func(l *limits) { l.maxRetries = retries }
}

// WithMaxResponseBytes says how large an answer may be. A larger one is refused while it arrives. 256 MiB unless said.
func WithMaxResponseBytes(bytes int64) Option {
	return clientOption(func(t *transport) { t.maxResponseBytes = bytes })
}

// WithHTTPClient says what sends the requests. A copy is taken, which follows no redirects.
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

// WithHooks says what is called around every try.
func WithHooks(hooks Hooks) Option {
	return clientOption(func(t *transport) { t.hooks = hooks })
}

// Hooks are called around every try, for tracing. An error that a hook returns ends the call, and is what it returns.
type Hooks struct {
	OnRequest  func(context.Context, RequestEvent) error
	OnResponse func(context.Context, ResponseEvent) error
}

// RequestEvent is what a hook sees before a try.
type RequestEvent struct {
	// The call, by its name in the API: memories.store.
	Operation string
	Method    string
	URL       string
	// 1 for the first try.
	Attempt int
	// Headers set here are sent. The key is added after, so that no hook can log it.
	Header http.Header
}

// ResponseEvent is what a hook sees after a try.
type ResponseEvent struct {
	Operation string
	Method    string
	URL       string
	Attempt   int
	// 0 if there was no answer.
	Status    int
	RequestID string
	Duration  time.Duration
	// Why there was no whole answer; nil if there was one, whatever its status.
	Err error
}

// WithIdempotencyKey is sent with a write, so that a repeated one is done once. One is made for each call unless said.
func WithIdempotencyKey(key string) RequestOption {
	return requestOption(func(s *settings) { s.idempotencyKey = key })
}

// InNamespace says where an id is looked for, as ids are unique per namespace. Without it the server looks wherever
// the key may. For calls that take the id of a memory or session alone.
func InNamespace(namespace string) RequestOption {
	return requestOption(func(s *settings) { s.namespace = namespace })
}

// IfVersion lets an update happen only if nobody else has changed the memory since; else it fails with a
// [ConflictError].
func IfVersion(version int64) RequestOption {
	return requestOption(func(s *settings) { s.ifVersion = &version })
}

// DryRun lets a batch forget only count what it would forget.
func DryRun() RequestOption {
	return requestOption(func(s *settings) { s.isDryRun = true })
}

// unfit names an option that a call would not heed. To ignore it would be worse: a dry run could delete.
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
