package dakera_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

func memory(id string) string {
	return fmt.Sprintf(`{"id": %q, "content": "Content of %s.", "importance": 0.85, "session_id": null,
		"created_at": 1767225600, "tags": ["finding"]}`, id, id)
}

func TestRecallGivesTheMemoriesAndTheResourceTheWholeReply(t *testing.T) {
	answer := ok(`{"memories": [{"memory": ` + memory("a") + `, "score": 0.9, "text_score": 0.5}],
		"total_found": 7, "query_time_ms": 3, "denied": ["b"]}`)
	_, client := start(t, []reply{answer, answer, answer, failing(403, nil)})
	findings, err := client.Recall(ctx, "team-shared", dakera.RecallRequest{Query: "q", TopK: 6})
	if err != nil || len(findings) != 1 {
		t.Fatal(findings, err)
	}
	found := findings[0]
	if found.ID != "a" || found.Memory.ID != "a" || found.SessionID != nil ||
		found.Score != 0.9 || *found.TextScore != 0.5 || found.VectorScore != nil {
		t.Errorf("%+v", found)
	}
	whole, err := client.Memories.Recall(ctx, "team-shared", dakera.RecallRequest{Query: "q"})
	if err != nil || whole.TotalFound != 7 || whole.QueryTimeMs != 3 ||
		len(whole.Denied) != 1 || len(whole.Memories) != 1 {
		t.Error(whole, err)
	}
	articles, err := client.SearchMemories(ctx, "team-shared", dakera.SearchRequest{Query: "article", Mode: "exact"})
	if err != nil || len(articles) != 1 || articles[0].Content != "Content of a." {
		t.Error(articles, err)
	}
	articles, err = client.SearchMemories(ctx, "team-shared", dakera.SearchRequest{Query: "article"})
	if is[*dakera.AuthorizationError](t, err); articles != nil {
		t.Error(articles)
	}
}

func TestSeveralNamespacesAreNamedOnceInTheRequest(t *testing.T) {
	server, client := start(t, []reply{ok(`{"memories": []}`)})
	request := dakera.RecallRequest{Query: "q", Namespaces: []string{"a", "b"}}
	_, err := client.Recall(ctx, "c", request)
	is[*dakera.UsageError](t, err)
	if _, err = client.Recall(ctx, "", request); err != nil {
		t.Fatal(err)
	}
	equal(t, server.requests()[0].body, any(map[string]any{"query": "q", "namespaces": []any{"a", "b"}}), "body")
}

func TestNamespacesPrintAsTheirNames(t *testing.T) {
	_, client := start(t, []reply{ok(`{"namespaces": ["a", "b"], "items": [{"name": "a"}, {"name": "b"}]}`)})
	namespaces, err := client.ListNamespaces(ctx)
	equal(t, fmt.Sprint(namespaces, err), "[a b] <nil>", "printed")
}

func TestZeroSaysNothingUnlessItIsMeant(t *testing.T) {
	changed := ok(`{"memory": ` + memory("a") + `}`)
	server, client := start(t, []reply{changed, ok(`{"namespace": "n"}`), changed})
	zero := dakera.StoreMemoryRequest{Content: "x", Importance: dakera.Exactly(0), Tags: []string{}}
	_, err := client.StoreMemory(ctx, "n", zero)
	if err != nil {
		t.Fatal(err)
	}
	settings := &dakera.NamespaceSettings{
		Description: dakera.Empty,
		Weights:     &dakera.Weights{Vector: dakera.Exactly(0), Recency: 0.5},
	}
	if _, err = client.UpsertNamespace(ctx, "n", settings); err != nil {
		t.Fatal(err)
	}
	if _, err = client.UpdateMemory(ctx, "a", dakera.UpdateMemoryRequest{}); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	stored := object{"agent_id": "n", "content": "x", "importance": 0.0, "tags": []any{}}
	upserted := object{"description": "", "weights": object{"vector": 0.0, "recency": 0.5}}
	equal(t, server.requests()[0].body, any(stored), "store")
	equal(t, server.requests()[1].body, any(upserted), "upsert")
	equal(t, server.requests()[2].body, any(object{}), "update")
	if dakera.Exactly(0) != 0 || dakera.Exactly(0.3) != 0.3 {
		t.Error("Exactly changes a number")
	}
}

func TestARequestIsReadBackFromWhatItSends(t *testing.T) {
	for _, said := range []string{
		`{"importance":0}`, `{"content":"x"}`, `{"tags":[]}`,
		`{"expires_at":null}`, `{"expires_at":1767225600}`, `{"expires_at":"2027-01-01"}`, `{}`,
	} {
		var request dakera.UpdateMemoryRequest
		if err := json.Unmarshal([]byte(said), &request); err != nil {
			t.Fatal(err)
		}
		content, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, string(content), said, "read back")
	}
	var namespace dakera.Namespace
	if err := json.Unmarshal([]byte(`{"namespace": "n", "weights": {"vector": 0}}`), &namespace); err != nil {
		t.Fatal(err)
	}
	equal(t, math.Signbit(namespace.Weights.Vector), true, "a zero weight of a reply can be sent back")
}

func TestMomentsAreSentAsTheyWereGiven(t *testing.T) {
	at := time.Date(2027, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600))
	moments := []any{
		dakera.At(at), dakera.At(time.Time{}), dakera.Unix(1767225600), dakera.Date("2027-01-01"), dakera.Never(),
	}
	equal(t, fmt.Sprint(moments...), `"2027-01-01T00:00:00Z"  1767225600 "2027-01-01" null`, "moments")
}

func TestFieldsOfANewerServerAreKept(t *testing.T) {
	answer := ok(`{"id": "a", "memory_type": "of tomorrow", "colour": "blue", "deep": {"x": [1]}}`)
	_, client := start(t, []reply{answer})
	kept, err := client.GetMemory(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, kept.MemoryType, "of tomorrow", "an unknown word")
	equal(t, kept.Extra, map[string]any{"colour": "blue", "deep": map[string]any{"x": []any{1.0}}}, "unknown fields")
	equal(t, neutral(kept).(map[string]any)["colour"], any("blue"), "written again")
}

func TestAListGoesOnBehindWhatWasReadAndCanBeIteratedAgain(t *testing.T) {
	page := func(id string, total int) reply {
		return ok(fmt.Sprintf(`{"sessions": [{"id": %q}], "total": %d}`, id, total))
	}
	server, client := start(t, []reply{page("b", 3), page("c", 3), page("b", 3), ok("[" + memory("a") + "]"), ok("[]")})
	sessions := client.Sessions.All(ctx, &dakera.ListSessionsOptions{Limit: 1, Offset: 1})
	for range 2 {
		for session, err := range sessions {
			if err != nil {
				t.Fatal(err)
			}
			if session.ID == "b" && len(server.requests()) == 3 {
				break // nothing is fetched that nobody asks for
			}
		}
	}
	for _, err := range client.Agents.AllMemories(ctx, "n", nil) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var offsets []any
	for _, request := range server.requests() {
		offsets = append(offsets, request.query["offset"])
	}
	equal(t, offsets, []any{"1", "2", "1", nil, "1"}, "offsets")
}

func TestAListThatFailsSaysSoOnceAndEnds(t *testing.T) {
	page := ok(`{"memories": [` + memory("a") + `], "total": 2, "filtered": 2, "next_cursor": "c"}`)
	_, client := start(t, []reply{page, failing(403, nil)})
	var ids []string
	var failures []error
	for memory, err := range client.Memories.All(ctx, "n", nil) {
		if err != nil {
			failures = append(failures, err)
		} else {
			ids = append(ids, memory.ID)
		}
	}
	equal(t, ids, []string{"a"}, "items")
	equal(t, len(failures), 1, "failures")
	is[*dakera.AuthorizationError](t, failures[0])
}

func TestAnErrorIsFoundByEveryTypeAboveItAndByItsCode(t *testing.T) {
	_, client := start(t, []reply{failing(500, nil)}, dakera.WithMaxRetries(0))
	_, err := client.GetMemory(ctx, "a")
	is[*dakera.ServerError](t, err)
	is[*dakera.APIError](t, err)
	is[*dakera.Failure](t, err)
	var other *dakera.ConflictError
	if errors.As(err, &other) || !errors.Is(err, dakera.CodeInternalError) || errors.Is(err, dakera.CodeConflict) {
		t.Error(err)
	}
}

func TestAClientIsUsedByManyGoroutinesAtOnce(t *testing.T) {
	replies := make([]reply, 20)
	for i := range replies {
		replies[i] = ok(`{"memory": ` + memory("a") + `}`)
	}
	server, client := start(t, replies)
	var group sync.WaitGroup
	for range replies {
		group.Add(1)
		go func() {
			defer group.Done()
			if _, err := client.StoreMemory(ctx, "n", dakera.StoreMemoryRequest{Content: "x"}); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	keys := map[string]bool{}
	for _, request := range server.requests() {
		keys[request.header.Get("Idempotency-Key")] = true
	}
	equal(t, len(keys), 20, "idempotency keys")
}
