package dakera_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
)

// teamTransport answers what is sent to http://localhost:3300 like a server with one finding on it, so that the
// examples run as they are read. Other addresses are reached as ever.
type teamTransport struct{ http.RoundTripper }

func (t teamTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "localhost:3300" {
		return t.RoundTripper.RoundTrip(r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	answerTeam(recorder, r)
	return recorder.Result(), nil
}

const finding = `{"id": "mem_1", "agent_id": "team-shared", "namespace": "team-shared",
	"content": "HNSW answers in 5 ms at 10M vectors (ef=200, M=32).", "memory_type": "semantic", "importance": 0.85,
	"tags": ["finding", "verified"], "metadata": {"source": "researcher"}, "session_id": null, "author": "researcher",
	"derived_from": [], "valid_from": null, "created_at": 1767225600, "updated_at": 1767225600,
	"last_accessed_at": null, "access_count": 0, "expires_at": null, "version": 1}`

func answerTeam(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if r.Body != nil {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", "req_1")
	say := func(status int, text string) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
	switch path := r.URL.Path; {
	case body["agent_id"] == "researcher" && r.Header.Get("Authorization") == "Bearer dk-writer-key":
		say(403, `{"error": "The API key has no grant on this namespace.", "code": "NAMESPACE_ACCESS_DENIED",
			"status": 403, "docs": "", "request_id": "req_1"}`)
	case path == "/v1/memory/store":
		say(200, `{"memory": `+finding+`, "embedding_time_ms": 1}`)
	case path == "/v1/memory/recall", path == "/v1/memory/search":
		say(200, `{"memories": [{"memory": `+finding+`, "score": 0.92, "weighted_score": 0.92, "smart_score": 0.92}],
			"total_found": 1, "query_time_ms": 4.2}`)
	case path == "/v1/memories/recall/batch":
		say(200, `{"memories": [`+finding+`], "total": 3, "filtered": 1}`)
	case strings.HasPrefix(path, "/v1/memory/update/"):
		say(200, `{"memory": `+finding+`}`)
	case path == "/v1/memory/forget":
		say(200, `{"deleted_count": 1, "status": "ok"}`)
	case path == "/v1/memories/forget/batch":
		say(200, `{"deleted_count": 1, "dry_run": true}`)
	case path == "/v1/keys":
		say(201, `{"key_id": "key_1", "id": "key_1", "name": "writer", "scope": "write",
			"grants": {"writer": "read_write", "team-shared": "read"}, "namespaces": ["team-shared", "writer"],
			"permissions": ["read", "write"], "active": true, "created_at": 1767225600, "expires_at": null,
			"key": "dk-secret-1", "warning": "Keep this secret now: it is not shown again."}`)
	default:
		say(404, `{"error": "This path does not exist.", "code": "NOT_FOUND", "status": 404, "docs": "",
			"request_id": "req_1"}`)
	}
}
