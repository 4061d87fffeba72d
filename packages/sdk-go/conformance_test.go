package dakera_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

const testKey = "dk-test-key"

// conformanceCase is explained in packages/protocol/conformance/README.md.
type conformanceCase struct {
	Name      string `json:"name"`
	Operation string `json:"operation"`
	Call      args   `json:"call"`
	Client    struct {
		APIKey     json.RawMessage `json:"api_key"`
		TimeoutMs  int             `json:"timeout_ms"`
		MaxRetries *int            `json:"max_retries"`
		BasePath   string          `json:"base_path"`
	} `json:"client"`
	Iterate  bool    `json:"iterate"`
	Times    int     `json:"times"`
	Replies  []reply `json:"replies"`
	Requests []struct {
		Method  string         `json:"method"`
		Path    string         `json:"path"`
		Query   map[string]any `json:"query"`
		Headers map[string]any `json:"headers"`
		Body    any            `json:"body"`
	} `json:"requests"`
	Result  any            `json:"result"`
	Error   *expectedError `json:"error"`
	Tries   *int           `json:"tries"`
	LeastMs *int64         `json:"least_ms"`
	MostMs  *int64         `json:"most_ms"`
}

type expectedError struct {
	Kind       string           `json:"kind"`
	Status     int              `json:"status"`
	Code       dakera.ErrorCode `json:"code"`
	RequestID  string           `json:"request_id"`
	RetryAfter *float64         `json:"retry_after"`
	Issues     []dakera.Issue   `json:"issues"`
}

func TestConformance(t *testing.T) {
	files, _ := filepath.Glob(inRepository(t, "packages", "protocol", "conformance", "*.json"))
	if len(files) == 0 {
		t.Fatal("there are no cases")
	}
	for _, file := range files {
		var cases []conformanceCase
		if err := json.Unmarshal(read(t, file), &cases); err != nil {
			t.Fatal(err)
		}
		for _, one := range cases {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+": "+one.Name, func(t *testing.T) {
				t.Parallel()
				one.run(t)
			})
		}
	}
}

func (c conformanceCase) run(t *testing.T) {
	server, elsewhere := play(t, c.Replies...), play(t)
	server.elsewhere = elsewhere.URL
	client := c.client(server.URL)
	call := operations[c.Operation]
	if c.Iterate {
		call = iterations[c.Operation]
	}
	if call == nil {
		t.Fatalf("the Go client has no %s", c.Operation)
	}
	startedAt := time.Now()
	var result any
	var err error
	for range max(c.Times, 1) {
		if result, err = call(context.Background(), client, c.Call); err != nil {
			break
		}
	}
	elapsed := time.Since(startedAt).Milliseconds()

	switch {
	case c.Error != nil:
		c.Error.check(t, c.Operation, testKey, err)
	case err != nil:
		t.Error(err)
	case c.Result != nil:
		matches(t, neutral(result), c.Result, "result")
	}
	c.checkRequests(t, server.requests())
	if len(elsewhere.requests()) > 0 {
		t.Error("another host was called")
	}
	if c.LeastMs != nil && elapsed < *c.LeastMs || c.MostMs != nil && elapsed > *c.MostMs {
		t.Errorf("took %d ms", elapsed)
	}
}

func (c conformanceCase) client(address string) *dakera.Client {
	key := testKey
	if c.Client.APIKey != nil {
		key = ""
		_ = json.Unmarshal(c.Client.APIKey, &key) // null: none
	}
	var options []dakera.Option
	if c.Client.TimeoutMs > 0 {
		options = append(options, dakera.WithTimeout(time.Duration(c.Client.TimeoutMs)*time.Millisecond))
	}
	if c.Client.MaxRetries != nil {
		options = append(options, dakera.WithMaxRetries(*c.Client.MaxRetries))
	}
	return dakera.NewClient(address+c.Client.BasePath, key, options...)
}

func (c conformanceCase) checkRequests(t *testing.T, made []seen) {
	if len(made) != len(c.Requests) || c.Tries != nil && len(made) != *c.Tries {
		t.Fatalf("%d requests were made, not %d", len(made), len(c.Requests))
	}
	for i, expected := range c.Requests {
		where := fmt.Sprintf("request %d", i+1)
		equal(t, made[i].method, expected.Method, where)
		equal(t, made[i].path, expected.Path, where)
		if expected.Query != nil {
			equal(t, made[i].query, expected.Query, where)
		}
		if expected.Body != nil {
			equal(t, made[i].body, expected.Body, where)
		}
		for name, value := range expected.Headers {
			actual, first := made[i].header.Get(name), made[0].header.Get(name)
			switch {
			case value == nil && actual == "", value == "*" && actual != "", value == "$same" && actual == first:
			case value == "$new" && actual != "" && actual != first, value == actual:
			default:
				t.Errorf("%s: %s is %q, not %v", where, name, actual, value)
			}
		}
	}
}

var types = map[string]string{
	"validation":     "*dakera.ValidationError",
	"authentication": "*dakera.AuthenticationError",
	"authorization":  "*dakera.AuthorizationError",
	"not_found":      "*dakera.NotFoundError",
	"conflict":       "*dakera.ConflictError",
	"rate_limit":     "*dakera.RateLimitError",
	"server":         "*dakera.ServerError",
	"api":            "*dakera.APIError",
	"connection":     "*dakera.ConnectionError",
	"timeout":        "*dakera.TimeoutError",
	"response":       "*dakera.ResponseError",
	"usage":          "*dakera.UsageError",
}

func (e expectedError) check(t *testing.T, operation, key string, err error) {
	t.Helper()
	var failure *dakera.Failure
	if !errors.As(err, &failure) {
		t.Fatalf("expected an error of ours, got %v", err)
	}
	equal(t, fmt.Sprintf("%T", err), types[e.Kind], err.Error())
	equal(t, failure.Status, e.Status, err.Error())
	equal(t, failure.Code, e.Code, err.Error())
	equal(t, failure.Operation, operation, err.Error())
	if !errors.Is(err, e.Code) {
		t.Errorf("errors.Is does not find %s", e.Code)
	}
	if !strings.Contains(err.Error(), operation) || !strings.Contains(err.Error(), e.RequestID) {
		t.Errorf("the message names not the call or not the request: %v", err)
	}
	if e.RequestID != "" {
		equal(t, failure.RequestID, e.RequestID, err.Error())
	}
	var api *dakera.APIError
	isAPI := errors.As(err, &api)
	equal(t, isAPI, !strings.Contains("connection timeout response usage", e.Kind), "is an APIError")
	shown := fmt.Sprintf("%v %+v %#v", err, *failure, err)
	if isAPI {
		shown += fmt.Sprint(api.Body)
	}
	if strings.Contains(shown, key) {
		t.Error("the error shows the key")
	}
	var limited *dakera.RateLimitError
	if e.RetryAfter != nil && (!errors.As(err, &limited) || limited.RetryAfter.Seconds() != *e.RetryAfter) {
		t.Errorf("RetryAfter is not %v: %v", *e.RetryAfter, limited)
	}
	var invalid *dakera.ValidationError
	if e.Issues != nil && (!errors.As(err, &invalid) || !reflect.DeepEqual(invalid.Issues, e.Issues)) {
		t.Errorf("Issues are not %v: %v", e.Issues, invalid)
	}
}

func equal(t *testing.T, actual, expected any, where string) {
	t.Helper()
	if !reflect.DeepEqual(actual, expected) {
		t.Errorf("%s: got %v, not %v", where, actual, expected)
	}
}

// matches says that everything expected is there; more may be.
func matches(t *testing.T, actual, expected any, at string) {
	t.Helper()
	switch expected := expected.(type) {
	case []any:
		list, isList := actual.([]any)
		if !isList || len(list) != len(expected) {
			t.Errorf("%s: got %v, not %d items", at, actual, len(expected))
			return
		}
		for i, value := range expected {
			matches(t, list[i], value, fmt.Sprintf("%s[%d]", at, i))
		}
	case map[string]any:
		object, isObject := actual.(map[string]any)
		if !isObject {
			t.Errorf("%s: got %v, no object", at, actual)
			return
		}
		for name, value := range expected {
			if _, isThere := object[name]; !isThere {
				t.Errorf("%s.%s is missing", at, name)
				continue
			}
			matches(t, object[name], value, at+"."+name)
		}
	default:
		equal(t, actual, expected, at)
	}
}
