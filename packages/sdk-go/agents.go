package dakera

import (
	"context"
	"iter"
	"net/http"
)

// Agents are namespaces as the places of agents: who is there, and what is in them.
type Agents struct{ t *transport }

// AgentMemoriesOptions say which memories of an agent to list.
type AgentMemoriesOptions struct {
	MemoryType string
	// 100 unless said.
	Limit int
	// Number of results to skip.
	Offset int
}

// List fetches the namespaces this key may read, with what is in them.
func (a *Agents) List(ctx context.Context, options ...RequestOption) ([]Agent, error) {
	reply, err := send[[]Agent](ctx, a.t, call{operation: "agents.list", method: http.MethodGet, path: path{"v1", "agents"}}, options)
	if err != nil {
		return nil, err
	}
	return *reply, nil
}

// Stats counts what is in one namespace.
func (a *Agents) Stats(ctx context.Context, namespace string, options ...RequestOption) (*AgentStats, error) {
	return send[AgentStats](ctx, a.t, call{operation: "agents.stats", method: http.MethodGet, path: path{"v1", "agents", namespace, "stats"}}, options)
}

// Memories fetches a page of the memories of one namespace, newest first. Which may be nil.
func (a *Agents) Memories(ctx context.Context, namespace string, which *AgentMemoriesOptions, options ...RequestOption) (*Page[Memory], error) {
	part := valueOf(which)
	query := map[string]string{"memory_type": part.MemoryType, "limit": count(part.Limit), "offset": count(part.Offset)}
	reply, err := send[[]Memory](ctx, a.t, call{operation: "agents.memories", method: http.MethodGet, path: path{"v1", "agents", namespace, "memories"}, query: query}, options)
	if err != nil {
		return nil, err
	}
	return &Page[Memory]{Items: *reply}, nil
}

// AllMemories yields the memories of every page. Which may be nil.
func (a *Agents) AllMemories(ctx context.Context, namespace string, which *AgentMemoriesOptions, options ...RequestOption) iter.Seq2[Memory, error] {
	part := valueOf(which)
	return byOffset(part.Offset, func(offset int) (*Page[Memory], error) {
		page := part
		page.Offset = offset
		return a.Memories(ctx, namespace, &page, options...)
	})
}
