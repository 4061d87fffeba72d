package dakera

import (
	"context"
	"iter"
	"net/http"
)

// Sessions are stretches of work of an agent, and the memories that belong to them.
type Sessions struct{ t *transport }

// OffsetOptions say which part of a list to fetch at once, counted from its beginning.
type OffsetOptions struct {
	// 100 unless said.
	Limit int
	// Number of results to skip.
	Offset int
}

// ListSessionsOptions say which sessions to list.
type ListSessionsOptions struct {
	// Every namespace this key may read unless said.
	Namespace string
	// Excludes sessions that have ended.
	ActiveOnly bool
	// 100 unless said.
	Limit int
	// Number of results to skip.
	Offset int
}

// Start starts a session. Memories join it by its id. Session may be nil.
func (s *Sessions) Start(ctx context.Context, namespace string, session *StartSessionRequest, options ...RequestOption) (*Session, error) {
	body := said(session)
	body["agent_id"] = namespace
	reply, err := send[startSessionResponse](ctx, s.t, call{operation: "sessions.start", method: http.MethodPost, path: path{"v1", "sessions", "start"}, body: body}, options)
	if err != nil {
		return nil, err
	}
	return &reply.Session, nil
}

// End ends a session. One that has ended keeps its time, and takes a new summary. How may be nil. Takes [InNamespace].
func (s *Sessions) End(ctx context.Context, id string, how *EndSessionRequest, options ...RequestOption) (*Session, error) {
	reply, err := send[endSessionResponse](ctx, s.t, call{operation: "sessions.end", method: http.MethodPost, path: path{"v1", "sessions", id, "end"}, body: said(how), isByID: true}, options)
	if err != nil {
		return nil, err
	}
	return &reply.Session, nil
}

// Get fetches one session. It is a [NotFoundError] if there is none this key may read. Takes [InNamespace].
func (s *Sessions) Get(ctx context.Context, id string, options ...RequestOption) (*Session, error) {
	return send[Session](ctx, s.t, call{operation: "sessions.get", method: http.MethodGet, path: path{"v1", "sessions", id}, isByID: true}, options)
}

// List fetches a page of sessions, newest first. Which may be nil.
func (s *Sessions) List(ctx context.Context, which *ListSessionsOptions, options ...RequestOption) (*Page[Session], error) {
	part := valueOf(which)
	query := map[string]string{"agent_id": part.Namespace, "limit": count(part.Limit), "offset": count(part.Offset)}
	if part.ActiveOnly {
		query["active_only"] = "true"
	}
	reply, err := send[listSessionsResponse](ctx, s.t, call{operation: "sessions.list", method: http.MethodGet, path: path{"v1", "sessions"}, query: query}, options)
	if err != nil {
		return nil, err
	}
	return &Page[Session]{Items: reply.Sessions, Total: &reply.Total}, nil
}

// All yields the sessions of every page. Which may be nil.
func (s *Sessions) All(ctx context.Context, which *ListSessionsOptions, options ...RequestOption) iter.Seq2[Session, error] {
	part := valueOf(which)
	return byOffset(part.Offset, func(offset int) (*Page[Session], error) {
		page := part
		page.Offset = offset
		return s.List(ctx, &page, options...)
	})
}

// Memories fetches a page of the memories of a session in the order they were stored. Which may be nil. Takes
// [InNamespace].
func (s *Sessions) Memories(ctx context.Context, id string, which *OffsetOptions, options ...RequestOption) (*Page[Memory], error) {
	part := valueOf(which)
	query := map[string]string{"limit": count(part.Limit), "offset": count(part.Offset)}
	reply, err := send[sessionMemoriesResponse](ctx, s.t, call{operation: "sessions.memories", method: http.MethodGet, path: path{"v1", "sessions", id, "memories"}, query: query, isByID: true}, options)
	if err != nil {
		return nil, err
	}
	return &Page[Memory]{Items: reply.Memories, Total: &reply.Total}, nil
}

// AllMemories yields the memories of a session of every page. Which may be nil. Takes [InNamespace].
func (s *Sessions) AllMemories(ctx context.Context, id string, which *OffsetOptions, options ...RequestOption) iter.Seq2[Memory, error] {
	part := valueOf(which)
	return byOffset(part.Offset, func(offset int) (*Page[Memory], error) {
		return s.Memories(ctx, id, &OffsetOptions{Limit: part.Limit, Offset: offset}, options...)
	})
}

func (m *startSessionResponse) isComplete() bool    { return m.Session.ID != "" }
func (m *endSessionResponse) isComplete() bool      { return m.Session.ID != "" }
func (m *listSessionsResponse) isComplete() bool    { return m.Sessions != nil }
func (m *sessionMemoriesResponse) isComplete() bool { return m.Memories != nil }
