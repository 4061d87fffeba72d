package dakera_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

// args are a call's arguments by name, as the conformance cases have them.
type args map[string]json.RawMessage

func as[T any](a args, name string) T {
	var value T
	if raw, isThere := a[name]; isThere {
		if err := json.Unmarshal(raw, &value); err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
	}
	return value
}

func (a args) text(name string) string { return as[string](a, name) }

// texts takes one text or several.
func (a args) texts(name string) []string {
	if raw := a[name]; len(raw) > 0 && raw[0] == '"' {
		return []string{a.text(name)}
	}
	return as[[]string](a, name)
}

// whole is all the arguments as the fields of one struct.
func whole[T any](a args) *T {
	content, _ := json.Marshal(a)
	value := as[T](args{"all": content}, "all")
	return &value
}

type operation func(ctx context.Context, c *dakera.Client, a args, options ...dakera.RequestOption) (any, error)

// operations say how each operation is written in Go. Those whose flat name gives less than the API does go through
// their resource.
var operations = map[string]operation{
	"health.get": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		return c.Health.Get(ctx, o...)
	},
	"health.ready": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		return c.Health.Ready(ctx, o...)
	},
	"health.live": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		return c.Health.Live(ctx, o...)
	},
	"namespaces.create": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.CreateNamespace(ctx, a.text("name"), as[*dakera.NamespaceSettings](a, "settings"), o...)
	},
	"namespaces.upsert": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.UpsertNamespace(ctx, a.text("name"), as[*dakera.NamespaceSettings](a, "settings"), o...)
	},
	"namespaces.list": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.Namespaces.List(ctx, whole[dakera.ListOptions](a), o...)
	},
	"namespaces.get": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.GetNamespace(ctx, a.text("name"), o...)
	},
	"namespaces.delete": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.DeleteNamespace(ctx, a.text("name"), o...)
	},
	"keys.create": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.CreateKey(ctx, as[dakera.CreateKeyRequest](a, "key"), o...)
	},
	"keys.list": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.ListKeys(ctx, whole[dakera.ListOptions](a), o...)
	},
	"keys.get": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.GetKey(ctx, a.text("id"), o...)
	},
	"keys.update": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.UpdateKey(ctx, a.text("id"), as[dakera.UpdateKeyRequest](a, "changes"), o...)
	},
	"keys.rotate": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.RotateKey(ctx, a.text("id"), as[*dakera.RotateKeyRequest](a, "how"), o...)
	},
	"keys.deactivate": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.DeactivateKey(ctx, a.text("id"), o...)
	},
	"keys.delete": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.DeleteKey(ctx, a.text("id"), o...)
	},
	"keys.usage": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.KeyUsage(ctx, a.text("id"), o...)
	},
	"keys.whoami": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		return c.Whoami(ctx, o...)
	},
	"namespaceKeys.create": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.CreateNamespaceKey(ctx, a.text("namespace"), as[dakera.CreateNamespaceKeyRequest](a, "key"), o...)
	},
	"namespaceKeys.list": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.ListNamespaceKeys(ctx, a.text("namespace"), o...)
	},
	"namespaceKeys.delete": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.DeleteNamespaceKey(ctx, a.text("namespace"), a.text("id"), o...)
	},
	"namespaceKeys.usage": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.NamespaceKeyUsage(ctx, a.text("namespace"), a.text("id"), o...)
	},
	"memories.store": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.Memories.Store(ctx, a.text("namespace"), as[dakera.StoreMemoryRequest](a, "memory"), o...)
	},
	"memories.storeBatch": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.StoreMemories(ctx, a.text("namespace"), as[[]dakera.StoreMemoryRequest](a, "memories"), o...)
	},
	"memories.recall": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		request := as[dakera.RecallRequest](a, "options")
		request.Query = a.text("query")
		return c.Memories.Recall(ctx, place(a, &request.Namespaces), request, o...)
	},
	"memories.search": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		request := as[dakera.SearchRequest](a, "options")
		request.Query = a.text("query")
		return c.Memories.Search(ctx, place(a, &request.Namespaces), request, o...)
	},
	"memories.get": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.GetMemory(ctx, a.text("id"), append(o, dakera.InNamespace(a.text("namespace")))...)
	},
	"memories.update": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		o = append(o, dakera.InNamespace(a.text("namespace")))
		if _, isSaid := a["if_version"]; isSaid {
			o = append(o, dakera.IfVersion(as[int64](a, "if_version")))
		}
		memory, err := c.UpdateMemory(ctx, a.text("id"), as[dakera.UpdateMemoryRequest](a, "changes"), o...)
		return map[string]any{"memory": memory}, err
	},
	"memories.setImportance": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.SetImportance(ctx, a.text("namespace"), a.texts("ids"), as[float64](a, "importance"), o...)
	},
	"memories.forget": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		which := dakera.ForgetRequest{}
		if raw := a["which"]; raw[0] == '{' {
			which = as[dakera.ForgetRequest](a, "which")
		} else {
			which.MemoryIDs = a.texts("which")
		}
		return c.Forget(ctx, a.text("namespace"), which, o...)
	},
	"memories.forgetBatch": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		if as[bool](a, "dry_run") {
			o = append(o, dakera.DryRun())
		}
		return c.BatchForget(ctx, a.text("namespace"), as[dakera.MemoryFilter](a, "filter"), o...)
	},
	"memories.list": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.ListMemories(ctx, a.text("namespace"), as[*dakera.ListMemoriesRequest](a, "options"), o...)
	},
	"sessions.start": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.StartSession(ctx, a.text("namespace"), as[*dakera.StartSessionRequest](a, "session"), o...)
	},
	"sessions.end": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.EndSession(ctx, a.text("id"), as[*dakera.EndSessionRequest](a, "how"), append(o, dakera.InNamespace(a.text("namespace")))...)
	},
	"sessions.get": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.GetSession(ctx, a.text("id"), append(o, dakera.InNamespace(a.text("namespace")))...)
	},
	"sessions.list": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.ListSessions(ctx, sessionsOf(a), o...)
	},
	"sessions.memories": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.SessionMemories(ctx, a.text("id"), as[*dakera.OffsetOptions](a, "options"), append(o, dakera.InNamespace(a.text("namespace")))...)
	},
	"agents.list": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		agents, err := c.ListAgents(ctx, o...)
		return dakera.Page[dakera.Agent]{Items: agents}, err
	},
	"agents.stats": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.AgentStats(ctx, a.text("namespace"), o...)
	},
	"agents.memories": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.AgentMemories(ctx, a.text("namespace"), agentMemoriesOf(a), o...)
	},
}

// iterations are the lists that have more than one page.
var iterations = map[string]operation{
	"namespaces.list": func(ctx context.Context, c *dakera.Client, a args, _ ...dakera.RequestOption) (any, error) {
		return collect(c.Namespaces.All(ctx, whole[dakera.ListOptions](a)))
	},
	"keys.list": func(ctx context.Context, c *dakera.Client, a args, _ ...dakera.RequestOption) (any, error) {
		return collect(c.Keys.All(ctx, whole[dakera.ListOptions](a)))
	},
	"memories.list": func(ctx context.Context, c *dakera.Client, a args, _ ...dakera.RequestOption) (any, error) {
		return collect(c.Memories.All(ctx, a.text("namespace"), as[*dakera.ListMemoriesRequest](a, "options")))
	},
	"sessions.list": func(ctx context.Context, c *dakera.Client, a args, _ ...dakera.RequestOption) (any, error) {
		return collect(c.Sessions.All(ctx, sessionsOf(a)))
	},
	"sessions.memories": func(ctx context.Context, c *dakera.Client, a args, _ ...dakera.RequestOption) (any, error) {
		return collect(c.Sessions.AllMemories(ctx, a.text("id"), as[*dakera.OffsetOptions](a, "options"), dakera.InNamespace(a.text("namespace"))))
	},
	"agents.memories": func(ctx context.Context, c *dakera.Client, a args, _ ...dakera.RequestOption) (any, error) {
		return collect(c.Agents.AllMemories(ctx, a.text("namespace"), agentMemoriesOf(a)))
	},
}

func collect[T any](items iter.Seq2[T, error]) (any, error) {
	page := dakera.Page[T]{Items: []T{}}
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, item)
	}
	return page, nil
}

// place is the namespace to look in; several go into the request.
func place(a args, namespaces *[]string) string {
	if raw := a["namespace"]; len(raw) > 0 && raw[0] == '[' {
		*namespaces = a.texts("namespace")
		return ""
	}
	return a.text("namespace")
}

func sessionsOf(a args) *dakera.ListSessionsOptions {
	return &dakera.ListSessionsOptions{Namespace: a.text("namespace"), ActiveOnly: as[bool](a, "active_only"), Limit: as[int](a, "limit"), Offset: as[int](a, "offset")}
}

func agentMemoriesOf(a args) *dakera.AgentMemoriesOptions {
	options := as[args](a, "options")
	return &dakera.AgentMemoriesOptions{MemoryType: options.text("memory_type"), Limit: as[int](options, "limit"), Offset: as[int](options, "offset")}
}

// neutral gives a result the form of conformance/README.md: as it would be written, with the fields of a memory at top
// level beside what came with it.
func neutral(result any) any {
	content, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	var plain any
	_ = json.Unmarshal(content, &plain)
	if object, isObject := plain.(map[string]any); isObject {
		raise(object)
		for _, found := range listOf(object["memories"]) {
			raise(found.(map[string]any))
		}
	}
	return plain
}

func raise(object map[string]any) {
	if memory, isThere := object["memory"].(map[string]any); isThere {
		maps.Copy(object, memory)
	}
}

func listOf(value any) []any {
	list, _ := value.([]any)
	return list
}
