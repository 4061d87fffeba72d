package dakera

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// call is one operation, ready to be sent.
type call struct {
	operation string
	method    string
	path      path
	query     map[string]any
	// If nil, no body is sent.
	body map[string]any
	// Health calls: no key is needed, and none is sent.
	isPublic bool
	// A POST that changes nothing needs no idempotency key.
	isRead bool
	// Not retried by default.
	isOnce bool
	// Whether InNamespace, IfVersion and DryRun apply.
	isByID, isUpdate, canDryRun bool
	// The reason why the call cannot be sent.
	problem string
}

// path is a list of segments; each is escaped, and one that could leave its place is rejected.
type path []string

// prepared is made once, before the first attempt: all attempts have the same idempotency key.
type prepared struct {
	limits
	url    string
	header http.Header
	body   []byte
}

func (t *transport) prepare(c call, options []RequestOption) (*prepared, error) {
	s := settings{limits: t.limits}
	if c.isOnce {
		s.maxRetries = 0
	}
	for _, option := range options {
		option.applyToCall(&s)
	}
	if problem := t.problems(c, &s); problem != "" {
		return nil, usageError(c.operation, "%s", problem)
	}
	escaped, err := c.path.escape()
	if err != nil {
		return nil, usageError(c.operation, "%v", err)
	}
	p := &prepared{limits: s.limits, url: t.baseURL + escaped + c.search(&s), header: t.header.Clone()}
	p.header.Set("Accept", "application/json")
	p.header.Set("User-Agent", "dakera-go/"+version)
	p.header.Set("X-Dakera-Client", "sdk-go/"+version)
	if s.ifVersion != nil {
		p.header.Set("If-Match", strconv.Quote(strconv.FormatInt(*s.ifVersion, 10)))
	}
	if c.method != http.MethodGet && !c.isRead {
		if s.idempotencyKey == "" {
			s.idempotencyKey = randomID()
		}
		p.header.Set("Idempotency-Key", s.idempotencyKey)
	}
	if c.body != nil {
		if s.isDryRun {
			c.body["dry_run"] = true
		}
		// First, as it finds a map that contains itself.
		if p.body, err = json.Marshal(c.body); err != nil {
			return nil, usageError(c.operation, "the request cannot be written as JSON: %v", err)
		}
		if !isText(reflect.ValueOf(c.body)) {
			return nil, usageError(c.operation, "a text is not UTF-8")
		}
		p.header.Set("Content-Type", "application/json")
	}
	return p, nil
}

// problems returns the reason why a call cannot be sent; empty if there is none.
func (t *transport) problems(c call, s *settings) string {
	switch unfit := s.unfit(c); {
	case t.problem != "":
		return t.problem
	case c.problem != "":
		return c.problem
	case unfit != "":
		return "this call does not take " + unfit
	case s.timeout <= 0:
		return "WithTimeout needs more than 0"
	case s.maxRetries < 0:
		return "WithMaxRetries needs at least 0"
	case !isHeaderValue(s.idempotencyKey):
		return "the idempotency key has characters that HTTP does not allow"
	case !c.isPublic && t.apiKey() == "":
		return "an API key is needed; pass it to NewClient, or set DAKERA_API_KEY and use NewClientFromEnv"
	}
	return ""
}

func (p path) escape() (string, error) {
	var built strings.Builder
	for _, segment := range p {
		if segment == "" || segment == "." || segment == ".." || !utf8.ValidString(segment) {
			return "", fmt.Errorf("not a usable id or name: %q", segment)
		}
		built.WriteString("/" + url.PathEscape(segment))
	}
	return built.String(), nil
}

// search returns the query string.
func (c call) search(s *settings) string {
	values := url.Values{}
	for name, value := range c.query {
		values.Set(name, fmt.Sprint(value))
	}
	if s.namespace != "" {
		values.Set("agent_id", s.namespace)
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

func randomID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails: crypto/rand ends the program first
	return hex.EncodeToString(id)
}
