package dakera

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// NewClient returns a client. It cannot fail: with an invalid base URL or option every call returns a [UsageError],
// and with an empty key every call that needs one.
func NewClient(baseURL, apiKey string, options ...Option) *Client {
	t := &transport{
		baseURL:          baseURL,
		apiKey:           func() string { return apiKey },
		limits:           limits{timeout: 30 * time.Second, maxRetries: 2},
		maxResponseBytes: 256 << 20,
		header:           http.Header{},
	}
	for _, option := range options {
		option.applyToClient(t)
	}
	// Redirects are not followed: the key would be sent wherever they lead.
	t.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.check()
	return clientOf(t)
}

// NewClientFromEnv returns a client with DAKERA_URL, by default http://localhost:3300, and DAKERA_API_KEY.
func NewClientFromEnv(options ...Option) *Client {
	baseURL := os.Getenv("DAKERA_URL")
	if baseURL == "" {
		baseURL = defaultURL
	}
	return NewClient(baseURL, os.Getenv("DAKERA_API_KEY"), options...)
}

// transport contains the options that the resources share, checked and complete.
type transport struct {
	baseURL string
	// A function, so that a printed client does not show the key.
	apiKey           func() string
	limits           limits
	maxResponseBytes int64
	http             http.Client
	header           http.Header
	hooks            Hooks
	// The reason why no call can succeed.
	problem string
}

func (t *transport) fail(problem string) {
	if t.problem == "" {
		t.problem = problem
	}
}

// check checks the options once. Its messages never repeat the key.
func (t *transport) check() {
	base, err := url.Parse(t.baseURL)
	switch {
	case err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "":
		t.fail("the base URL (or DAKERA_URL) is no http or https URL; it should look like http://localhost:3300")
	case base.User != nil:
		t.fail("the base URL must not contain a user name or password; pass the key to NewClient")
	case strings.ContainsAny(t.baseURL, "?#"):
		t.fail(`the base URL must end with its path, without "?" or "#"`)
	}
	t.baseURL = strings.TrimRight(t.baseURL, "/")
	if !isVisible(t.apiKey()) {
		t.fail("the key has spaces, line breaks or other characters that no key has; is there a line break at its end?")
	}
	for name, values := range t.header {
		for _, value := range values {
			if !isToken(name) || !isHeaderValue(value) {
				t.fail("a header has a name or value that HTTP does not allow")
			}
		}
	}
	if t.maxResponseBytes < 1 {
		t.fail("WithMaxResponseBytes needs at least 1")
	}
}

func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isHeaderValue(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func isToken(name string) bool {
	return name != "" && isVisible(name) && !strings.ContainsAny(name, `"(),/:;<=>?@[\]{}`)
}
