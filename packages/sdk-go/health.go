package dakera

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// HealthChecks report the health of the server. They need no key, and send none.
type HealthChecks struct{ t *transport }

// Get reports that the server responds.
func (h *HealthChecks) Get(ctx context.Context, options ...RequestOption) (*Health, error) {
	return send[Health](ctx, h.t, call{
		operation: "health.get",
		method:    http.MethodGet,
		path:      path{"health"},
		isPublic:  true,
	}, options)
}

// Live reports that the process is running.
func (h *HealthChecks) Live(ctx context.Context, options ...RequestOption) (*Liveness, error) {
	return send[Liveness](ctx, h.t, call{
		operation: "health.live",
		method:    http.MethodGet,
		path:      path{"health", "live"},
		isPublic:  true,
	}, options)
}

// Ready reports, part by part, whether requests will succeed. A server that is not ready is a result, not an error,
// and is asked once.
func (h *HealthChecks) Ready(ctx context.Context, options ...RequestOption) (*Readiness, error) {
	ready, err := send[Readiness](ctx, h.t, call{
		operation: "health.ready",
		method:    http.MethodGet,
		path:      path{"health", "ready"},
		isPublic:  true,
		isOnce:    true,
	}, options)
	var refused *ServerError
	if errors.As(err, &refused) {
		if body, isObject := refused.Body.(map[string]any); isObject && body["ready"] == false {
			return again[Readiness](body)
		}
	}
	return ready, err
}

// again decodes the body of an error into its type.
func again[T any](body any) (*T, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	into := new(T)
	return into, json.Unmarshal(content, into)
}
