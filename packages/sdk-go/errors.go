package dakera

import (
	"encoding/json"
	"fmt"
	"time"
)

/*
	*Failure                         everything this package returns on purpose; switch on Code
	├── *APIError                    the server answered with an error: Status, RequestID, Body, Docs
	│   ├── *ValidationError         400 413 422   Issues
	│   ├── *AuthenticationError     401
	│   ├── *AuthorizationError      403
	│   ├── *NotFoundError           404
	│   ├── *ConflictError           409
	│   ├── *RateLimitError          429           RetryAfter
	│   └── *ServerError             5xx           RetryAfter
	├── *ConnectionError             no whole answer arrived
	├── *TimeoutError                none arrived in time
	├── *ResponseError               an answer arrived that no Dakera server gives: HTML, a redirect, broken JSON
	└── *UsageError                  the client was set up or called in a way that cannot work; nothing was sent

errors.As finds an error by its own type and by every type above it. A call that ends with its context is none of
these: it returns an error that wraps the context's.
*/

// ErrorCode is what a failure is called. It is an error itself, so that errors.Is(err, dakera.CodeNotFound) works.
// Codes of a newer server are passed on as they come.
type ErrorCode string

// Error gives the code.
func (c ErrorCode) Error() string { return string(c) }

// What Code says when the server had no part in the failure.
const (
	CodeConnectionFailed ErrorCode = "CONNECTION_FAILED"
	CodeTimeout          ErrorCode = "TIMEOUT"
	CodeInvalidResponse  ErrorCode = "INVALID_RESPONSE"
	CodeInvalidUsage     ErrorCode = "INVALID_USAGE"
)

// Failure is the base of everything this package returns on purpose.
type Failure struct {
	// The call that failed, by its name in the API: memories.store.
	Operation string
	// What to switch on. HTTP_<status> when a proxy answered without a code.
	Code ErrorCode
	// The HTTP status; 0 if there was no answer.
	Status int
	// Leads to the log entry of the server; empty if there was no answer that had one.
	RequestID string

	message string
	cause   error
}

// Error names the call, the status, the code and the request, and never the key.
func (f *Failure) Error() string { return f.message }

// Unwrap gives what lies behind, if anything.
func (f *Failure) Unwrap() error { return f.cause }

// Is makes errors.Is find a failure by its code.
func (f *Failure) Is(target error) bool {
	code, isCode := target.(ErrorCode)
	return isCode && code == f.Code
}

// APIError says that the server answered with an error.
type APIError struct {
	*Failure
	// The decoded reply; its text when it was no JSON.
	Body any
	// The page about this code.
	Docs string
	// The namespace or id the error is about.
	Resource string
}

// Unwrap gives the failure in general.
func (e *APIError) Unwrap() error { return e.Failure }

// ValidationError says that the request is not one the server takes: 400, 413 or 422.
type ValidationError struct {
	*APIError
	// Each field that is wrong.
	Issues []Issue
}

// Issue is one field that is wrong.
type Issue struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Unwrap gives the API's error in general.
func (e *ValidationError) Unwrap() error { return e.APIError }

// AuthenticationError says that the key is missing, unknown, inactive or expired: 401.
type AuthenticationError struct{ *APIError }

// Unwrap gives the API's error in general.
func (e *AuthenticationError) Unwrap() error { return e.APIError }

// AuthorizationError says that the key is known and may not do this: 403.
type AuthorizationError struct{ *APIError }

// Unwrap gives the API's error in general.
func (e *AuthorizationError) Unwrap() error { return e.APIError }

// NotFoundError says that no resource with that id or name is visible to this key: 404.
type NotFoundError struct{ *APIError }

// Unwrap gives the API's error in general.
func (e *NotFoundError) Unwrap() error { return e.APIError }

// ConflictError says that the change conflicts with what is stored: 409.
type ConflictError struct{ *APIError }

// Unwrap gives the API's error in general.
func (e *ConflictError) Unwrap() error { return e.APIError }

// RateLimitError says that there were too many requests: 429.
type RateLimitError struct {
	*APIError
	// How long to wait; 0 if the server did not say.
	RetryAfter time.Duration
}

// Unwrap gives the API's error in general.
func (e *RateLimitError) Unwrap() error { return e.APIError }

// ServerError says that something broke on the server's side: 5xx.
type ServerError struct {
	*APIError
	// How long to wait; 0 if the server did not say.
	RetryAfter time.Duration
}

// Unwrap gives the API's error in general.
func (e *ServerError) Unwrap() error { return e.APIError }

// ConnectionError says that the server could not be reached, or that the connection ended before the whole answer was
// there.
type ConnectionError struct{ *Failure }

// Unwrap gives the failure in general.
func (e *ConnectionError) Unwrap() error { return e.Failure }

// TimeoutError says that no answer arrived in the time a try may take.
type TimeoutError struct{ *Failure }

// Unwrap gives the failure in general.
func (e *TimeoutError) Unwrap() error { return e.Failure }

// Timeout is true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// ResponseError says that an answer arrived that no Dakera server gives. Most often something else listens at the
// base URL.
type ResponseError struct{ *Failure }

// Unwrap gives the failure in general.
func (e *ResponseError) Unwrap() error { return e.Failure }

// UsageError says that the client was set up or called in a way that cannot work. Nothing was sent.
type UsageError struct{ *Failure }

// Unwrap gives the failure in general.
func (e *UsageError) Unwrap() error { return e.Failure }

func usageError(operation, format string, args ...any) error {
	message := operation + ": " + fmt.Sprintf(format, args...)
	return &UsageError{&Failure{Operation: operation, Code: CodeInvalidUsage, message: message}}
}

// newAPIError makes the error of a status from what came with it.
func newAPIError(operation string, status int, requestID string, content []byte, retryAfter time.Duration) error {
	var said struct {
		Error     string    `json:"error"`
		Code      ErrorCode `json:"code"`
		Docs      string    `json:"docs"`
		Resource  string    `json:"resource"`
		RequestID string    `json:"request_id"`
		Issues    []Issue   `json:"issues"`
	}
	var body any
	if json.Unmarshal(content, &body) != nil {
		body = string(content[:min(len(content), 1000)])
	} else if json.Unmarshal(content, &said) != nil || said.Error == "" || said.Code == "" {
		said.Error, said.Code = "", ""
	}
	failure := &Failure{Operation: operation, Code: said.Code, Status: status, RequestID: said.RequestID}
	if said.Code == "" {
		failure.Code, said.Error = ErrorCode(fmt.Sprintf("HTTP_%d", status)), "no error body of Dakera came with it"
	}
	if failure.RequestID == "" {
		failure.RequestID = requestID
	}
	failure.message = fmt.Sprintf("%s: %d %s: %s%s",
		operation, status, failure.Code, said.Error, tail(failure.RequestID))
	e := &APIError{Failure: failure, Body: body, Docs: said.Docs, Resource: said.Resource}
	switch kindOf(status) {
	case "validation":
		return &ValidationError{e, said.Issues}
	case "authentication":
		return &AuthenticationError{e}
	case "authorization":
		return &AuthorizationError{e}
	case "not_found":
		return &NotFoundError{e}
	case "conflict":
		return &ConflictError{e}
	case "rate_limit":
		return &RateLimitError{e, retryAfter}
	case "server":
		return &ServerError{e, retryAfter}
	}
	return e
}

func tail(requestID string) string {
	if requestID == "" {
		return ""
	}
	return " (request " + requestID + ")"
}
