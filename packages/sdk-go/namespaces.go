package dakera

import (
	"context"
	"iter"
	"net/http"
)

// Namespaces are places for memories, each with its own grants.
type Namespaces struct{ t *transport }

// ListOptions say how much of a list to fetch at once, and from where.
type ListOptions struct {
	// By default, all results.
	Limit  int
	Cursor string
}

// String gives the name, so that a printed list is readable.
func (m ListedNamespace) String() string { return m.Name }

// Create creates a namespace. One that exists is given back, unless the settings disagree with it: then it is a
// [ConflictError]. Settings may be nil. Needs an admin's key.
func (n *Namespaces) Create(ctx context.Context, name string, settings *NamespaceSettings, options ...RequestOption) (*Namespace, error) {
	body := said(settings)
	body["name"] = name
	return send[Namespace](ctx, n.t, call{operation: "namespaces.create", method: http.MethodPost, path: path{"v1", "namespaces"}, body: body}, options)
}

// Upsert creates a namespace or changes its settings; what is left out stays. Settings may be nil. Needs an admin's
// key.
func (n *Namespaces) Upsert(ctx context.Context, name string, settings *NamespaceSettings, options ...RequestOption) (*Namespace, error) {
	return send[Namespace](ctx, n.t, call{operation: "namespaces.upsert", method: http.MethodPut, path: path{"v1", "namespaces", name}, body: said(settings)}, options)
}

// List fetches a page of the namespaces this key has a grant on; an admin sees all. Which may be nil.
func (n *Namespaces) List(ctx context.Context, which *ListOptions, options ...RequestOption) (*Page[ListedNamespace], error) {
	reply, err := send[listNamespacesResponse](ctx, n.t, call{operation: "namespaces.list", method: http.MethodGet, path: path{"v1", "namespaces"}, query: valueOf(which).query()}, options)
	if err != nil {
		return nil, err
	}
	for i := range reply.Items {
		reply.Items[i].Namespace = reply.Items[i].Name
	}
	return &Page[ListedNamespace]{Items: reply.Items, NextCursor: reply.NextCursor}, nil
}

// All yields the namespaces of every page. Which may be nil.
func (n *Namespaces) All(ctx context.Context, which *ListOptions, options ...RequestOption) iter.Seq2[ListedNamespace, error] {
	part := valueOf(which)
	return byCursor(part.Cursor, func(cursor string) (*Page[ListedNamespace], error) {
		return n.List(ctx, &ListOptions{Limit: part.Limit, Cursor: cursor}, options...)
	})
}

// Get fetches one namespace.
func (n *Namespaces) Get(ctx context.Context, name string, options ...RequestOption) (*Namespace, error) {
	return send[Namespace](ctx, n.t, call{operation: "namespaces.get", method: http.MethodGet, path: path{"v1", "namespaces", name}}, options)
}

// Delete deletes a namespace with all its memories and every grant on it. Needs an admin's key.
func (n *Namespaces) Delete(ctx context.Context, name string, options ...RequestOption) (*DeleteNamespaceResponse, error) {
	return send[DeleteNamespaceResponse](ctx, n.t, call{operation: "namespaces.delete", method: http.MethodDelete, path: path{"v1", "namespaces", name}}, options)
}

func (r *listNamespacesResponse) isComplete() bool { return r.Items != nil }

func (o ListOptions) query() map[string]string {
	return map[string]string{"limit": count(o.Limit), "cursor": o.Cursor}
}
