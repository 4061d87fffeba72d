package dakera

import (
	"encoding/json"
	"fmt"
	"time"
)

/*
	*Failure                         base of all errors of this package; switch on Code
	├── *APIError                    the server responded with an error: Status, RequestID, Body, Docs
	│   ├── *ValidationError         400 413 422   Issues
	│   ├── *AuthenticationError     401
	│   ├── *AuthorizationError      403
	│   ├── *NotFoundError           404
	│   ├── *ConflictError           409
	│   ├── *RateLimitError          429           RetryAfter
	│   └── *ServerError             5xx           RetryAfter
	├── *ConnectionError             no complete response arrived
	├── *TimeoutError                no response arrived in time
	├── *ResponseError               the response is not from a Dakera server: HTML, a redirect, invalid JSON
	└── *UsageError                  the client was configured or called incorrectly; nothing was sent

errors.As finds an error by its own type and by every type above it. A call that ends with its context is none of
these: it returns an error that wraps the context's.
*/

// ErrorCode is the code of a failure. It is an error itself, so that errors.Is(err, dakera.CodeNotFound) works.
// Unknown codes of a newer server are passed on.
type ErrorCode string

// Error returns the code.
func (c ErrorCode) Error() string { return string(c) }

// Codes of failures that the server had no part in.
const (
	CodeConnectionFailed ErrorCode = "CONNECTION_FAILED"
	CodeTimeout          ErrorCode = "TIMEOUT"
	CodeInvalidResponse  ErrorCode = "INVALID_RESPONSE"
	CodeInvalidUsage     ErrorCode = "INVALID_USAGE"
)

// Failure is the base of all errors that this package returns.
type Failure struct {
	// The call that failed, by its name in the API: memories.store.
	Operation string
	// The code to switch on. HTTP_<status> if a proxy responded without a code.
	Code ErrorCode
	// The HTTP status; 0 if there was no response.
	Status int
	// Identifies the log entry of the server; empty if there was no response with an id.
	RequestID string

	message string
	cause   error
}

// Error names the call, the status, the code and the request, and never the key.
func (f *Failure) Error() string { return f.message }

// Unwrap returns the cause, if there is one.
func (f *Failure) Unwrap() error { return f.cause }

// Is lets errors.Is match a failure by its code.
func (f *Failure) Is(target error) bool {
	code, isCode := target.(ErrorCode)
	return isCode && code == f.Code
}

// APIError says that the server responded with an error.
type APIError struct {
	*Failure
	// The decoded reply; its text if it is not JSON.
	Body any
	// The page about this code.
	Docs string
	// The namespace or id the error is about.
	Resource string
}

// Unwrap returns the failure.
func (e *APIError) Unwrap() error { return e.Failure }

// ValidationError says that the server does not accept the request: 400, 413 or 422.
type ValidationError struct {
	*APIError
	// Each invalid field.
	Issues []Issue
}

// Issue is one invalid field.
type Issue struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Unwrap returns the APIError.
func (e *ValidationError) Unwrap() error { return e.APIError }

// AuthenticationError says that the key is missing, unknown, inactive or expired: 401.
type AuthenticationError struct{ *APIError }

// Unwrap returns the APIError.
func (e *AuthenticationError) Unwrap() error { return e.APIError }

// AuthorizationError says that the key is valid but may not do this: 403.
type AuthorizationError struct{ *APIError }

// Unwrap returns the APIError.
func (e *AuthorizationError) Unwrap() error { return e.APIError }

// NotFoundError says that no resource with that id or name is visible to this key: 404.
type NotFoundError struct{ *APIError }

// Unwrap returns the APIError.
func (e *NotFoundError) Unwrap() error { return e.APIError }

// ConflictError says that the change conflicts with what is stored: 409.
type ConflictError struct{ *APIError }

// Unwrap returns the APIError.
func (e *ConflictError) Unwrap() error { return e.APIError }

// RateLimitError says that there were too many requests: 429.
type RateLimitError struct {
	*APIError
	// The time to wait; 0 if the server sent none.
	RetryAfter time.Duration
}

// Unwrap returns the APIError.
func (e *RateLimitError) Unwrap() error { return e.APIError }

// ServerError says that the server failed: 5xx.
type ServerError struct {
	*APIError
	// The time to wait; 0 if the server sent none.
	RetryAfter time.Duration
}

// Unwrap returns the APIError.
func (e *ServerError) Unwrap() error { return e.APIError }

// ConnectionError says that the server could not be reached, or that the connection ended before the whole answer was
// there.
type ConnectionError struct{ *Failure }

// Unwrap returns the failure.
func (e *ConnectionError) Unwrap() error { return e.Failure }

// TimeoutError says that no response arrived within the time limit of one attempt.
type TimeoutError struct{ *Failure }

// Unwrap returns the failure.
func (e *TimeoutError) Unwrap() error { return e.Failure }

// Timeout returns true, as net.Error defines it.
func (e *TimeoutError) Timeout() bool { return true }

// ResponseError says that an answer arrived that no Dakera server gives. Most often something else listens at the
// base URL.
type ResponseError struct{ *Failure }

// Unwrap returns the failure.
func (e *ResponseError) Unwrap() error { return e.Failure }

// UsageError says that the client was configured or called incorrectly. Nothing was sent.
type UsageError struct{ *Failure }

// Unwrap returns the failure.
func (e *UsageError) Unwrap() error { return e.Failure }

func usageError(operation, format string, args ...any) error {
	message := operation + ": " + fmt.Sprintf(format, args...)
	return &UsageError{&Failure{Operation: operation, Code: CodeInvalidUsage, message: message}}
}

// newAPIError returns the error for a status and its response.
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
