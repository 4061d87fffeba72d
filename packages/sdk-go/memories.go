package dakera

import (
	"context"
	"iter"
	"net/http"
	"slices"
)

// Memories store, find, change and forget what agents know.
type Memories struct{ t *transport }

// Store stores one memory. Recall and search find it from the next call on.
func (m *Memories) Store(
	ctx context.Context,
	namespace string,
	memory StoreMemoryRequest,
	options ...RequestOption,
) (*StoredMemory, error) {
	body := omitZero(memory)
	body["agent_id"] = namespace
	return send[StoredMemory](ctx, m.t, call{
		operation: "memories.store",
		method:    http.MethodPost,
		path:      path{"v1", "memory", "store"},
		body:      body,
	}, options)
}

// StoreBatch stores up to 1000 memories: either all or none.
func (m *Memories) StoreBatch(
	ctx context.Context,
	namespace string,
	memories []StoreMemoryRequest,
	options ...RequestOption,
) (*StoreMemoriesResponse, error) {
	return send[StoreMemoriesResponse](ctx, m.t, call{
		operation: "memories.storeBatch",
		method:    http.MethodPost,
		path:      path{"v1", "memories", "store", "batch"},
		body:      map[string]any{"agent_id": namespace, "memories": append([]StoreMemoryRequest{}, memories...)},
	}, options)
}

// Recall finds the memories that best answer a query, by meaning and by words together, best first. For several
// namespaces in one ranking leave the argument empty and name them in the request.
func (m *Memories) Recall(
	ctx context.Context,
	namespace string,
	request RecallRequest,
	options ...RequestOption,
) (*RecallResponse, error) {
	c := call{
		operation: "memories.recall",
		method:    http.MethodPost,
		path:      path{"v1", "memory", "recall"},
		body:      omitZero(request),
		isRead:    true,
	}
	return send[RecallResponse](ctx, m.t, c.in(namespace, request.Namespaces), options)
}

// Search finds memories by their words. Memories that contain every word and quoted phrase come first. For several
// namespaces in one ranking leave the argument empty and name them in the request.
func (m *Memories) Search(
	ctx context.Context,
	namespace string,
	request SearchRequest,
	options ...RequestOption,
) (*RecallResponse, error) {
	c := call{
		operation: "memories.search",
		method:    http.MethodPost,
		path:      path{"v1", "memory", "search"},
		body:      omitZero(request),
		isRead:    true,
	}
	return send[RecallResponse](ctx, m.t, c.in(namespace, request.Namespaces), options)
}

// Update changes a memory; omitted fields stay unchanged. Takes [InNamespace], and [IfVersion] to change it only if it
// has not changed since that version.
func (m *Memories) Update(
	ctx context.Context,
	id string,
	changes UpdateMemoryRequest,
	options ...RequestOption,
) (*Memory, error) {
	reply, err := send[updatedMemory](ctx, m.t, call{
		operation: "memories.update",
		method:    http.MethodPut,
		path:      path{"v1", "memory", "update", id},
		body:      omitZero(changes),
		isByID:    true,
		isUpdate:  true,
	}, options)
	if err != nil {
		return nil, err
	}
	return &reply.Memory, nil
}

// SetImportance sets the importance of one or more memories: either all or none.
func (m *Memories) SetImportance(
	ctx context.Context,
	namespace string,
	ids []string,
	importance float64,
	options ...RequestOption,
) (*SetImportanceResponse, error) {
	body := map[string]any{"agent_id": namespace, "memory_ids": append([]string{}, ids...), "importance": importance}
	if len(ids) == 1 {
		delete(body, "memory_ids")
		body["memory_id"] = ids[0]
	}
	return send[SetImportanceResponse](ctx, m.t, call{
		operation: "memories.setImportance",
		method:    http.MethodPost,
		path:      path{"v1", "memory", "importance"},
		body:      body,
	}, options)
}

// Forget forgets memories by ids, tags, session or age. At least one condition is required; a memory must match all of
// them.
func (m *Memories) Forget(
	ctx context.Context,
	namespace string,
	which ForgetRequest,
	options ...RequestOption,
) (*ForgetResponse, error) {
	body := omitZero(which)
	body["agent_id"] = namespace
	return send[ForgetResponse](ctx, m.t, call{
		operation: "memories.forget",
		method:    http.MethodPost,
		path:      path{"v1", "memory", "forget"},
		body:      body,
	}, options)
}

// ForgetBatch forgets every memory that matches a filter. With [DryRun] it only counts them.
func (m *Memories) ForgetBatch(
	ctx context.Context,
	namespace string,
	filter MemoryFilter,
	options ...RequestOption,
) (*ForgetBatchResponse, error) {
	return send[ForgetBatchResponse](ctx, m.t, call{
		operation: "memories.forgetBatch",
		method:    http.MethodPost, // and not DELETE, because some proxies drop the body of a DELETE
		path:      path{"v1", "memories", "forget", "batch"},
		body:      map[string]any{"agent_id": namespace, "filter": filter},
		canDryRun: true,
	}, options)
}

// List fetches a page of the memories that match a filter, newest first. Which may be nil.
func (m *Memories) List(
	ctx context.Context,
	namespace string,
	which *ListMemoriesRequest,
	options ...RequestOption,
) (*Page[Memory], error) {
	body := omitZero(which)
	body["agent_id"] = namespace
	reply, err := send[listMemoriesResponse](ctx, m.t, call{
		operation: "memories.list",
		method:    http.MethodPost,
		path:      path{"v1", "memories", "recall", "batch"},
		body:      body,
		isRead:    true,
	}, options)
	if err != nil {
		return nil, err
	}
	return &Page[Memory]{
		Items:      reply.Memories,
		NextCursor: reply.NextCursor,
		Total:      &reply.Total,
		Filtered:   &reply.Filtered,
	}, nil
}

// All yields the items of every page of [Memories.List], and fetches a page when it is needed. Which may be nil.
func (m *Memories) All(
	ctx context.Context,
	namespace string,
	which *ListMemoriesRequest,
	options ...RequestOption,
) iter.Seq2[Memory, error] {
	part := valueOf(which)
	return byCursor(part.Cursor, func(cursor string) (*Page[Memory], error) {
		page := part
		page.Cursor = cursor
		return m.List(ctx, namespace, &page, options...)
	})
}

// in sets the namespaces of a call: one, or several.
func (c call) in(namespace string, namespaces []string) call {
	switch {
	case len(namespaces) == 0:
		delete(c.body, "namespaces")
		c.body["agent_id"] = namespace
	case namespace != "":
		c.problem = "name the namespaces once: in the argument, or several in Namespaces"
	}
	return c
}

// updatedMemory is the reply to an update, which also has the fields of the memory at top level.
type updatedMemory struct {
	Memory Memory `json:"memory"`
}

// isComplete also checks that each memory has an id.
func (m *RecallResponse) isComplete() bool {
	return m.Memories != nil &&
		!slices.ContainsFunc(m.Memories, func(found RecalledMemory) bool { return found.ID == "" })
}

func (r *updatedMemory) isComplete() bool { return r.Memory.ID != "" }
func (m *StoredMemory) isComplete() bool  { return m.ID != "" }
