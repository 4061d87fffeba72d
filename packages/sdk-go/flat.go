package dakera

import "context"

// Flat names that return less than the method of the resource does. All others are in client_printed.go.

// StoreMemory is short for [Memories.Store], and returns only the memory.
func (c *Client) StoreMemory(
	ctx context.Context,
	namespace string,
	memory StoreMemoryRequest,
	options ...RequestOption,
) (*Memory, error) {
	stored, err := c.Memories.Store(ctx, namespace, memory, options...)
	if err != nil {
		return nil, err
	}
	return &stored.Memory, nil
}

// Recall is short for [Memories.Recall], and returns only the memories.
func (c *Client) Recall(
	ctx context.Context,
	namespace string,
	request RecallRequest,
	options ...RequestOption,
) ([]RecalledMemory, error) {
	return found(c.Memories.Recall(ctx, namespace, request, options...))
}

// SearchMemories is short for [Memories.Search], and returns only the memories.
func (c *Client) SearchMemories(
	ctx context.Context,
	namespace string,
	request SearchRequest,
	options ...RequestOption,
) ([]RecalledMemory, error) {
	return found(c.Memories.Search(ctx, namespace, request, options...))
}

// ListNamespaces is short for [Namespaces.List], and returns all namespaces this key has a grant on.
func (c *Client) ListNamespaces(ctx context.Context, options ...RequestOption) ([]ListedNamespace, error) {
	page, err := c.Namespaces.List(ctx, nil, options...)
	if err != nil {
		return nil, err
	}
	return page.Items, nil
}

func found(reply *RecallResponse, err error) ([]RecalledMemory, error) {
	if err != nil {
		return nil, err
	}
	return reply.Memories, nil
}
