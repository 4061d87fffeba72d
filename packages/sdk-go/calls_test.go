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

// whole is all the arguments as the fields of one struct, in which the namespace has its name on the wire.
func whole[T any](a args) *T {
	fields := maps.Clone(a)
	if namespace, isThere := a["namespace"]; isThere {
		fields["agent_id"] = namespace
	}
	content, _ := json.Marshal(fields)
	value := as[T](args{"all": content}, "all")
	return &value
}

type operation func(ctx context.Context, c *dakera.Client, a args, options ...dakera.RequestOption) (any, error)

// operations call the methods written by hand and the printed ones. Those whose flat name returns less than the API
// does go through their resource.
var operations = with(printedOperations, map[string]operation{
	"health.get": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		return c.Health.Get(ctx, o...)
	},
	"health.ready": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		return c.Health.Ready(ctx, o...)
	},
	"health.live": func(ctx context.Context, c *dakera.Client, _ args, o ...dakera.RequestOption) (any, error) {
		return c.Health.Live(ctx, o...)
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
	"memories.update": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		o = inNamespace(a, o)
		if _, isSaid := a["if_version"]; isSaid {
			o = append(o, dakera.IfVersion(as[int64](a, "if_version")))
		}
		memory, err := c.UpdateMemory(ctx, a.text("id"), as[dakera.UpdateMemoryRequest](a, "changes"), o...)
		return map[string]any{"memory": memory}, err
	},
	"memories.setImportance": func(
		ctx context.Context,
		c *dakera.Client,
		a args,
		o ...dakera.RequestOption,
	) (any, error) {
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
	"memories.forgetBatch": func(
		ctx context.Context,
		c *dakera.Client,
		a args,
		o ...dakera.RequestOption,
	) (any, error) {
		if as[bool](a, "dry_run") {
			o = append(o, dakera.DryRun())
		}
		return c.BatchForget(ctx, a.text("namespace"), as[dakera.MemoryFilter](a, "filter"), o...)
	},
	"memories.list": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		return c.ListMemories(ctx, a.text("namespace"), as[*dakera.ListMemoriesRequest](a, "options"), o...)
	},
})

// iterations are the lists that have more than one page.
var iterations = with(printedIterations, map[string]operation{
	"memories.list": func(ctx context.Context, c *dakera.Client, a args, o ...dakera.RequestOption) (any, error) {
		which := as[*dakera.ListMemoriesRequest](a, "options")
		return collect(c.Memories.All(ctx, a.text("namespace"), which, o...))
	},
})

func with(printed, byHand map[string]operation) map[string]operation {
	all := maps.Clone(printed)
	maps.Copy(all, byHand)
	return all
}

func inNamespace(a args, o []dakera.RequestOption) []dakera.RequestOption {
	return append(o, dakera.InNamespace(a.text("namespace")))
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
