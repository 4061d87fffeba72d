package dakera

import (
	"context"
	"net/http"
)

// NamespaceKeys are keys as one namespace sees them: by the grant they have there. Needs an admin's key.
type NamespaceKeys struct{ t *transport }

// Create issues a key with one grant: on this namespace. The reply shows its secret, once.
func (k *NamespaceKeys) Create(ctx context.Context, namespace string, key CreateNamespaceKeyRequest, options ...RequestOption) (*CreatedNamespaceKey, error) {
	return send[CreatedNamespaceKey](ctx, k.t, call{operation: "namespaceKeys.create", method: http.MethodPost, path: path{"v1", "namespaces", namespace, "keys"}, body: said(key)}, options)
}

// List fetches all keys that have a grant on this namespace, oldest first.
func (k *NamespaceKeys) List(ctx context.Context, namespace string, options ...RequestOption) (*Page[NamespaceKey], error) {
	reply, err := send[listNamespaceKeysResponse](ctx, k.t, call{operation: "namespaceKeys.list", method: http.MethodGet, path: path{"v1", "namespaces", namespace, "keys"}}, options)
	if err != nil {
		return nil, err
	}
	return &Page[NamespaceKey]{Items: reply.Keys, Total: &reply.Total}, nil
}

// Delete deletes a key that has its only grant on this namespace. One with others, or an admin key, loses this grant
// and stays.
func (k *NamespaceKeys) Delete(ctx context.Context, namespace, id string, options ...RequestOption) (*DeleteNamespaceKeyResponse, error) {
	return send[DeleteNamespaceKeyResponse](ctx, k.t, call{operation: "namespaceKeys.delete", method: http.MethodDelete, path: path{"v1", "namespaces", namespace, "keys", id}}, options)
}

// Usage counts what a key with a grant on this namespace did here.
func (k *NamespaceKeys) Usage(ctx context.Context, namespace, id string, options ...RequestOption) (*KeyUsage, error) {
	return send[KeyUsage](ctx, k.t, call{operation: "namespaceKeys.usage", method: http.MethodGet, path: path{"v1", "namespaces", namespace, "keys", id, "usage"}}, options)
}

func (r *listNamespaceKeysResponse) isComplete() bool { return r.Keys != nil }
