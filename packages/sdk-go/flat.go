package dakera

import "context"

// The flat names of the product's samples: each hands over to its resource and does nothing else.

// StoreMemory is short for [Memories.Store], and gives the memory alone.
func (c *Client) StoreMemory(ctx context.Context, namespace string, memory StoreMemoryRequest, options ...RequestOption) (*Memory, error) {
	stored, err := c.Memories.Store(ctx, namespace, memory, options...)
	if err != nil {
		return nil, err
	}
	return &stored.Memory, nil
}

// StoreMemories is short for [Memories.StoreBatch].
func (c *Client) StoreMemories(ctx context.Context, namespace string, memories []StoreMemoryRequest, options ...RequestOption) (*StoreMemoriesResponse, error) {
	return c.Memories.StoreBatch(ctx, namespace, memories, options...)
}

// Recall is short for [Memories.Recall], and gives the memories alone.
func (c *Client) Recall(ctx context.Context, namespace string, request RecallRequest, options ...RequestOption) ([]RecalledMemory, error) {
	return found(c.Memories.Recall(ctx, namespace, request, options...))
}

// SearchMemories is short for [Memories.Search], and gives the memories alone.
func (c *Client) SearchMemories(ctx context.Context, namespace string, request SearchRequest, options ...RequestOption) ([]RecalledMemory, error) {
	return found(c.Memories.Search(ctx, namespace, request, options...))
}

// GetMemory is short for [Memories.Get].
func (c *Client) GetMemory(ctx context.Context, id string, options ...RequestOption) (*Memory, error) {
	return c.Memories.Get(ctx, id, options...)
}

// UpdateMemory is short for [Memories.Update].
func (c *Client) UpdateMemory(ctx context.Context, id string, changes UpdateMemoryRequest, options ...RequestOption) (*Memory, error) {
	return c.Memories.Update(ctx, id, changes, options...)
}

// SetImportance is short for [Memories.SetImportance].
func (c *Client) SetImportance(ctx context.Context, namespace string, ids []string, importance float64, options ...RequestOption) (*SetImportanceResponse, error) {
	return c.Memories.SetImportance(ctx, namespace, ids, importance, options...)
}

// Forget is short for [Memories.Forget].
func (c *Client) Forget(ctx context.Context, namespace string, which ForgetRequest, options ...RequestOption) (*ForgetResponse, error) {
	return c.Memories.Forget(ctx, namespace, which, options...)
}

// BatchForget is short for [Memories.ForgetBatch].
func (c *Client) BatchForget(ctx context.Context, namespace string, filter MemoryFilter, options ...RequestOption) (*ForgetBatchResponse, error) {
	return c.Memories.ForgetBatch(ctx, namespace, filter, options...)
}

// ListMemories is short for [Memories.List].
func (c *Client) ListMemories(ctx context.Context, namespace string, which *ListMemoriesRequest, options ...RequestOption) (*Page[Memory], error) {
	return c.Memories.List(ctx, namespace, which, options...)
}

// CreateNamespace is short for [Namespaces.Create].
func (c *Client) CreateNamespace(ctx context.Context, name string, settings *NamespaceSettings, options ...RequestOption) (*Namespace, error) {
	return c.Namespaces.Create(ctx, name, settings, options...)
}

// UpsertNamespace is short for [Namespaces.Upsert].
func (c *Client) UpsertNamespace(ctx context.Context, name string, settings *NamespaceSettings, options ...RequestOption) (*Namespace, error) {
	return c.Namespaces.Upsert(ctx, name, settings, options...)
}

// ListNamespaces is short for [Namespaces.List], and gives all namespaces this key has a grant on.
func (c *Client) ListNamespaces(ctx context.Context, options ...RequestOption) ([]ListedNamespace, error) {
	page, err := c.Namespaces.List(ctx, nil, options...)
	if err != nil {
		return nil, err
	}
	return page.Items, nil
}

// GetNamespace is short for [Namespaces.Get].
func (c *Client) GetNamespace(ctx context.Context, name string, options ...RequestOption) (*Namespace, error) {
	return c.Namespaces.Get(ctx, name, options...)
}

// DeleteNamespace is short for [Namespaces.Delete].
func (c *Client) DeleteNamespace(ctx context.Context, name string, options ...RequestOption) (*DeleteNamespaceResponse, error) {
	return c.Namespaces.Delete(ctx, name, options...)
}

// CreateKey is short for [Keys.Create].
func (c *Client) CreateKey(ctx context.Context, key CreateKeyRequest, options ...RequestOption) (*CreatedKey, error) {
	return c.Keys.Create(ctx, key, options...)
}

// ListKeys is short for [Keys.List].
func (c *Client) ListKeys(ctx context.Context, which *ListOptions, options ...RequestOption) (*Page[Key], error) {
	return c.Keys.List(ctx, which, options...)
}

// GetKey is short for [Keys.Get].
func (c *Client) GetKey(ctx context.Context, id string, options ...RequestOption) (*Key, error) {
	return c.Keys.Get(ctx, id, options...)
}

// UpdateKey is short for [Keys.Update].
func (c *Client) UpdateKey(ctx context.Context, id string, changes UpdateKeyRequest, options ...RequestOption) (*Key, error) {
	return c.Keys.Update(ctx, id, changes, options...)
}

// RotateKey is short for [Keys.Rotate].
func (c *Client) RotateKey(ctx context.Context, id string, how *RotateKeyRequest, options ...RequestOption) (*RotatedKey, error) {
	return c.Keys.Rotate(ctx, id, how, options...)
}

// DeactivateKey is short for [Keys.Deactivate].
func (c *Client) DeactivateKey(ctx context.Context, id string, options ...RequestOption) (*KeyActionResponse, error) {
	return c.Keys.Deactivate(ctx, id, options...)
}

// DeleteKey is short for [Keys.Delete].
func (c *Client) DeleteKey(ctx context.Context, id string, options ...RequestOption) (*KeyActionResponse, error) {
	return c.Keys.Delete(ctx, id, options...)
}

// KeyUsage is short for [Keys.Usage].
func (c *Client) KeyUsage(ctx context.Context, id string, options ...RequestOption) (*KeyUsage, error) {
	return c.Keys.Usage(ctx, id, options...)
}

// Whoami is short for [Keys.Whoami].
func (c *Client) Whoami(ctx context.Context, options ...RequestOption) (*Identity, error) {
	return c.Keys.Whoami(ctx, options...)
}

// CreateNamespaceKey is short for [NamespaceKeys.Create].
func (c *Client) CreateNamespaceKey(ctx context.Context, namespace string, key CreateNamespaceKeyRequest, options ...RequestOption) (*CreatedNamespaceKey, error) {
	return c.NamespaceKeys.Create(ctx, namespace, key, options...)
}

// ListNamespaceKeys is short for [NamespaceKeys.List].
func (c *Client) ListNamespaceKeys(ctx context.Context, namespace string, options ...RequestOption) (*Page[NamespaceKey], error) {
	return c.NamespaceKeys.List(ctx, namespace, options...)
}

// DeleteNamespaceKey is short for [NamespaceKeys.Delete].
func (c *Client) DeleteNamespaceKey(ctx context.Context, namespace, id string, options ...RequestOption) (*DeleteNamespaceKeyResponse, error) {
	return c.NamespaceKeys.Delete(ctx, namespace, id, options...)
}

// NamespaceKeyUsage is short for [NamespaceKeys.Usage].
func (c *Client) NamespaceKeyUsage(ctx context.Context, namespace, id string, options ...RequestOption) (*KeyUsage, error) {
	return c.NamespaceKeys.Usage(ctx, namespace, id, options...)
}

// StartSession is short for [Sessions.Start].
func (c *Client) StartSession(ctx context.Context, namespace string, session *StartSessionRequest, options ...RequestOption) (*Session, error) {
	return c.Sessions.Start(ctx, namespace, session, options...)
}

// EndSession is short for [Sessions.End].
func (c *Client) EndSession(ctx context.Context, id string, how *EndSessionRequest, options ...RequestOption) (*Session, error) {
	return c.Sessions.End(ctx, id, how, options...)
}

// GetSession is short for [Sessions.Get].
func (c *Client) GetSession(ctx context.Context, id string, options ...RequestOption) (*Session, error) {
	return c.Sessions.Get(ctx, id, options...)
}

// ListSessions is short for [Sessions.List].
func (c *Client) ListSessions(ctx context.Context, which *ListSessionsOptions, options ...RequestOption) (*Page[Session], error) {
	return c.Sessions.List(ctx, which, options...)
}

// SessionMemories is short for [Sessions.Memories].
func (c *Client) SessionMemories(ctx context.Context, id string, which *OffsetOptions, options ...RequestOption) (*Page[Memory], error) {
	return c.Sessions.Memories(ctx, id, which, options...)
}

// ListAgents is short for [Agents.List].
func (c *Client) ListAgents(ctx context.Context, options ...RequestOption) ([]Agent, error) {
	return c.Agents.List(ctx, options...)
}

// AgentStats is short for [Agents.Stats].
func (c *Client) AgentStats(ctx context.Context, namespace string, options ...RequestOption) (*AgentStats, error) {
	return c.Agents.Stats(ctx, namespace, options...)
}

// AgentMemories is short for [Agents.Memories].
func (c *Client) AgentMemories(ctx context.Context, namespace string, which *AgentMemoriesOptions, options ...RequestOption) (*Page[Memory], error) {
	return c.Agents.Memories(ctx, namespace, which, options...)
}

func found(reply *RecallResponse, err error) ([]RecalledMemory, error) {
	if err != nil {
		return nil, err
	}
	return reply.Memories, nil
}
