package dakera

import (
	"context"
	"iter"
	"net/http"
)

// What a grant says. None takes a grant away, in [Keys.Update] alone.
const (
	AccessRead      = "read"
	AccessWrite     = "write"
	AccessReadWrite = "read_write"
	AccessNone      = "none"
)

// Keys are API keys and their grants. All but Whoami needs an admin's key.
type Keys struct{ t *transport }

// Create issues a key with its own grants per namespace. The reply shows its secret, once.
func (k *Keys) Create(ctx context.Context, key CreateKeyRequest, options ...RequestOption) (*CreatedKey, error) {
	return send[CreatedKey](ctx, k.t, call{operation: "keys.create", method: http.MethodPost, path: path{"v1", "keys"}, body: said(key)}, options)
}

// List fetches a page of the keys, without secrets. Which may be nil.
func (k *Keys) List(ctx context.Context, which *ListOptions, options ...RequestOption) (*Page[Key], error) {
	reply, err := send[listKeysResponse](ctx, k.t, call{operation: "keys.list", method: http.MethodGet, path: path{"v1", "keys"}, query: valueOf(which).query()}, options)
	if err != nil {
		return nil, err
	}
	return &Page[Key]{Items: reply.Keys, NextCursor: reply.NextCursor, Total: &reply.Total}, nil
}

// All yields the keys of every page. Which may be nil.
func (k *Keys) All(ctx context.Context, which *ListOptions, options ...RequestOption) iter.Seq2[Key, error] {
	part := valueOf(which)
	return byCursor(part.Cursor, func(cursor string) (*Page[Key], error) {
		return k.List(ctx, &ListOptions{Limit: part.Limit, Cursor: cursor}, options...)
	})
}

// Get fetches one key, without its secret.
func (k *Keys) Get(ctx context.Context, id string, options ...RequestOption) (*Key, error) {
	return send[Key](ctx, k.t, call{operation: "keys.get", method: http.MethodGet, path: path{"v1", "keys", id}}, options)
}

// Update renames a key or changes its grants; the next request of the key meets the new ones. [AccessNone] removes a
// grant.
func (k *Keys) Update(ctx context.Context, id string, changes UpdateKeyRequest, options ...RequestOption) (*Key, error) {
	return send[Key](ctx, k.t, call{operation: "keys.update", method: http.MethodPatch, path: path{"v1", "keys", id}, body: said(changes)}, options)
}

// Rotate gives a key a new secret. The old one stops at once, or after GraceSecs. How may be nil.
func (k *Keys) Rotate(ctx context.Context, id string, how *RotateKeyRequest, options ...RequestOption) (*RotatedKey, error) {
	return send[RotatedKey](ctx, k.t, call{operation: "keys.rotate", method: http.MethodPost, path: path{"v1", "keys", id, "rotate"}, body: said(how)}, options)
}

// Deactivate stops a key at once and keeps its record.
func (k *Keys) Deactivate(ctx context.Context, id string, options ...RequestOption) (*KeyActionResponse, error) {
	return send[KeyActionResponse](ctx, k.t, call{operation: "keys.deactivate", method: http.MethodPost, path: path{"v1", "keys", id, "deactivate"}}, options)
}

// Delete deletes a key with its grants. What it stored stays.
func (k *Keys) Delete(ctx context.Context, id string, options ...RequestOption) (*KeyActionResponse, error) {
	return send[KeyActionResponse](ctx, k.t, call{operation: "keys.delete", method: http.MethodDelete, path: path{"v1", "keys", id}}, options)
}

// Usage counts what was asked with a key, refused requests included.
func (k *Keys) Usage(ctx context.Context, id string, options ...RequestOption) (*KeyUsage, error) {
	return send[KeyUsage](ctx, k.t, call{operation: "keys.usage", method: http.MethodGet, path: path{"v1", "keys", id, "usage"}}, options)
}

// Whoami says who the presented key is and what it may do.
func (k *Keys) Whoami(ctx context.Context, options ...RequestOption) (*Identity, error) {
	return send[Identity](ctx, k.t, call{operation: "keys.whoami", method: http.MethodGet, path: path{"v1", "auth", "whoami"}}, options)
}

func (r *listKeysResponse) isComplete() bool { return r.Keys != nil }
