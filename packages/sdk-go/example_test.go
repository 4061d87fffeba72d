package dakera_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"
)

import dakera "github.com/dakera-ai/dakera/packages/sdk-go"

// A server answers at http://localhost:3300 in these examples; in the tests it is played by team_test.go.
var ctx = context.Background()

func Example() {
	researcher := dakera.NewClient("http://localhost:3300", "dk-researcher-key")

	_, err := researcher.StoreMemory(ctx, "team-shared", dakera.StoreMemoryRequest{
		Content:    "HNSW answers in 5 ms at 10M vectors (ef=200, M=32).",
		Importance: 0.85,
		Tags:       []string{"finding", "verified"},
		MemoryType: "semantic",
		Metadata:   map[string]any{"source": "researcher"},
	})
	if err != nil {
		log.Fatal(err)
	}

	findings, err := researcher.Recall(ctx, "team-shared", dakera.RecallRequest{
		Query:  "how fast is HNSW?",
		TopK:   6,
		Filter: map[string]any{"source": "researcher"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, found := range findings {
		fmt.Printf("%.2f %s\n", found.Score, found.Content)
	}
	// Output: 0.92 HNSW answers in 5 ms at 10M vectors (ef=200, M=32).
}

func ExampleClient() {
	client := dakera.NewClient("http://localhost:3300", "dk-researcher-key")
	err := func() error {
		note := dakera.StoreMemoryRequest{Content: "Draft.", TTLSeconds: 86_400}
		draft, err := client.StoreMemory(ctx, "researcher", note)
		if err != nil {
			return err
		}
		// A ConflictError if the memory has changed since.
		changes := dakera.UpdateMemoryRequest{Content: "Better draft."}
		_, err = client.UpdateMemory(ctx, draft.ID, changes, dakera.IfVersion(draft.Version))
		if err != nil {
			return err
		}
		// By ids, or by tags, session or age.
		_, err = client.Forget(ctx, "researcher", dakera.ForgetRequest{MemoryIDs: []string{draft.ID}})
		if err != nil {
			return err
		}
		old := dakera.MemoryFilter{MaxImportance: 0.5, CreatedBefore: dakera.Date("2026-01-01")}
		count, err := client.BatchForget(ctx, "team-shared", old, dakera.DryRun())
		if err != nil {
			return err
		}
		fmt.Println(count.DeletedCount, "would be forgotten")

		// Several namespaces make one ranking.
		found, err := client.Memories.Recall(ctx, "", dakera.RecallRequest{
			Query:      "how fast is HNSW?",
			Namespaces: []string{"team-shared", "writer"},
			SkipDenied: true,
		})
		if err != nil {
			return err
		}
		fmt.Println(len(found.Memories), "of", found.TotalFound, "denied:", found.Denied)
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 1 would be forgotten
	// 1 of 1 denied: []
	// <nil>
}

func ExampleClient_CreateKey() {
	admin := dakera.NewClient("http://localhost:3300", "dk-admin-key")
	key, err := admin.CreateKey(ctx, dakera.CreateKeyRequest{
		Name:   "writer",
		Grants: map[string]string{"writer": dakera.AccessReadWrite, "team-shared": dakera.AccessRead},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Name, key.Key) // shown here and never again; printing key itself leaves it out
	// Output: writer dk-secret-1
}

func ExampleNewClient() {
	client := dakera.NewClient("http://localhost:3300", "dk-researcher-key",
		dakera.WithTimeout(5*time.Second),
		dakera.WithHeader("X-Team", "search"),
	)
	article := dakera.StoreMemoryRequest{Content: "Article finished."}
	once, asArticle := dakera.WithMaxRetries(0), dakera.WithIdempotencyKey("article-7")
	stored, err := client.StoreMemory(ctx, "team-shared", article, once, asArticle)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored.ID)
	// Output: mem_1
}

func ExampleExactly() {
	unsaid := dakera.StoreMemoryRequest{Content: "Importance 0.5, the server's default."}
	zero := dakera.StoreMemoryRequest{Content: "Importance 0.", Importance: dakera.Exactly(0)}
	stays := dakera.UpdateMemoryRequest{MemoryType: "semantic"}
	cleared := dakera.UpdateMemoryRequest{Tags: []string{}, ExpiresAt: dakera.Never()}
	for _, request := range []any{unsaid, zero, stays, cleared} {
		show(request)
	}
	// Output:
	// {"content":"Importance 0.5, the server's default."}
	// {"content":"Importance 0.","importance":0}
	// {"memory_type":"semantic"}
	// {"expires_at":null,"tags":[]}
}

func ExampleAuthorizationError() {
	writer := dakera.NewClient("http://localhost:3300", "dk-writer-key")
	_, err := writer.Recall(ctx, "researcher", dakera.RecallRequest{Query: "drafts"})

	var refused *dakera.AuthorizationError
	switch {
	case errors.As(err, &refused):
		fmt.Println(refused.Code, refused.RequestID)
	case errors.Is(err, dakera.CodeTimeout):
		fmt.Println("later")
	case err != nil:
		log.Fatal(err)
	}
	// Output: NAMESPACE_ACCESS_DENIED req_1
}

func ExampleMemories_All() {
	client := dakera.NewClient("http://localhost:3300", "dk-researcher-key")
	verified := &dakera.ListMemoriesRequest{Filter: &dakera.MemoryFilter{Tags: []string{"verified"}}}

	page, err := client.ListMemories(ctx, "team-shared", verified)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Items), "of", *page.Filtered, "more:", page.NextCursor != "")

	for memory, err := range client.Memories.All(ctx, "team-shared", verified) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(memory.Content)
	}
	// Output:
	// 1 of 1 more: false
	// HNSW answers in 5 ms at 10M vectors (ef=200, M=32).
}

func ExampleClient_Recall_cancelling() {
	client := dakera.NewClient("http://localhost:3300", "dk-researcher-key")

	soon, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	findings, err := client.Recall(soon, "team-shared", dakera.RecallRequest{Query: "how fast is HNSW?"})
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("the user waits no longer")
	}

	fmt.Println(len(findings), err)
	// Output: 1 <nil>
}

func ExampleHooks() {
	trace := dakera.Hooks{
		OnRequest: func(_ context.Context, event dakera.RequestEvent) error {
			event.Header.Set("X-Trace", "checkout-42")
			return nil
		},
		OnResponse: func(_ context.Context, event dakera.ResponseEvent) error {
			fmt.Printf("%s try %d: %d %s\n", event.Operation, event.Attempt, event.Status, event.RequestID)
			return nil
		},
	}
	client := dakera.NewClient("http://localhost:3300", "dk-researcher-key", dakera.WithHooks(trace))

	_, err := client.Recall(ctx, "team-shared", dakera.RecallRequest{Query: "how fast is HNSW?"})
	fmt.Println(err)
	// Output:
	// memories.recall try 1: 200 req_1
	// <nil>
}

func ExampleClient_Recall() {
	client := dakera.NewClient("http://localhost:3300", "dk-researcher-key")
	filters := []map[string]any{
		{"source": "researcher", "run.ms": map[string]any{"$lt": 10}},
		{"$or": []any{
			map[string]any{"index": map[string]any{"$in": []string{"hnsw", "ivf"}}},
			map[string]any{"draft": map[string]any{"$exists": false}},
		}},
	}
	for _, filter := range filters {
		found, err := client.Recall(ctx, "team-shared", dakera.RecallRequest{Query: "latency of HNSW", Filter: filter})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(found), "found")
	}

	recent, err := client.Recall(ctx, "team-shared", dakera.RecallRequest{
		Query:         "HNSW",
		Tags:          []string{"verified"},
		Since:         dakera.At(time.Now().Add(-24 * time.Hour)),
		MinImportance: 0.5,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(recent), "since yesterday")
	// Output:
	// 1 found
	// 1 found
	// 1 since yesterday
}
