package dakera_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

func TestAnUnusableBaseURLIsAnErrorOfTheFirstCall(t *testing.T) {
	for _, address := range []string{
		"", "localhost:3300", "ftp://host", "not a url", "http://", "http://user:secret@host",
		"http://host?x=1", "http://host#", "http://host:port",
	} {
		_, err := dakera.NewClient(address, testKey).Whoami(ctx)
		usage := is[*dakera.UsageError](t, err)
		if usage.Operation != "keys.whoami" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestAnUnusableKeyIsAnErrorOfTheFirstCallAndNotRepeated(t *testing.T) {
	server := play(t)
	for _, key := range []string{"", "two words", "dk-secret\n", "schlüssel"} {
		_, err := dakera.NewClient(server.URL, key).GetMemory(ctx, "mem_1")
		is[*dakera.UsageError](t, err)
		if key != "" && strings.Contains(err.Error(), strings.TrimSpace(key)) {
			t.Errorf("the message shows the key: %v", err)
		}
	}
	equal(t, len(server.requests()), 0, "requests")
}

func TestUnusableOptionsAreErrorsOfTheFirstCall(t *testing.T) {
	server := play(t)
	for name, option := range map[string]dakera.Option{
		"timeout": dakera.WithTimeout(0),
		"retries": dakera.WithMaxRetries(-1),
		"bytes":   dakera.WithMaxResponseBytes(0),
		"client":  dakera.WithHTTPClient(nil),
		"name":    dakera.WithHeader("a b", "x"),
		"value":   dakera.WithHeader("X-A", "a\nb"),
	} {
		_, err := dakera.NewClient(server.URL, testKey, option).Whoami(ctx)
		t.Log(name, is[*dakera.UsageError](t, err))
	}
	client := dakera.NewClient(server.URL, testKey)
	_, err := client.CreateNamespace(ctx, "n", nil, dakera.WithIdempotencyKey("a\nb"))
	is[*dakera.UsageError](t, err)
	equal(t, len(server.requests()), 0, "requests")
}

func TestAnOptionThatACallWouldNotHeedIsRefused(t *testing.T) {
	server, client := start(t, nil)
	for _, option := range []dakera.RequestOption{dakera.DryRun(), dakera.InNamespace("n"), dakera.IfVersion(1)} {
		_, err := client.Forget(ctx, "n", dakera.ForgetRequest{Tags: []string{"draft"}}, option)
		is[*dakera.UsageError](t, err)
	}
	equal(t, len(server.requests()), 0, "requests")
}

func TestTheEnvironmentIsReadOnlyWhenAskedFor(t *testing.T) {
	server := play(t, ok(`{"key_id": "k"}`))
	t.Setenv("DAKERA_URL", server.URL)
	t.Setenv("DAKERA_API_KEY", testKey)
	if _, err := dakera.NewClientFromEnv().Whoami(ctx); err != nil {
		t.Fatal(err)
	}
	equal(t, server.requests()[0].header.Get("Authorization"), "Bearer "+testKey, "key")
	_, err := dakera.NewClient(server.URL, "").Whoami(ctx)
	is[*dakera.UsageError](t, err)
}

func TestHooksStandAroundEachTryAndNeverSeeTheKey(t *testing.T) {
	var said []string
	var kept []http.Header
	hooks := dakera.Hooks{
		OnRequest: func(_ context.Context, e dakera.RequestEvent) error {
			e.Header.Set("Traceparent", fmt.Sprint("try-", e.Attempt))
			kept = append(kept, e.Header)
			said = append(said, fmt.Sprintf("%s %d", e.Operation, e.Attempt))
			return nil
		},
		OnResponse: func(_ context.Context, e dakera.ResponseEvent) error {
			line := fmt.Sprintf("%s %d: %d %s %v", e.Operation, e.Attempt, e.Status, e.RequestID, e.Err != nil)
			said = append(said, line)
			return nil
		},
	}
	again := failing(503, map[string]string{"retry-after": "0"})
	server, client := start(t, []reply{again, {Drop: true}, ok(`{"id": "x"}`)}, dakera.WithHooks(hooks))
	if _, err := client.GetMemory(ctx, "mem_1"); err != nil {
		t.Fatal(err)
	}
	equal(t, said, []string{
		"memories.get 1", "memories.get 1: 503  false",
		"memories.get 2", "memories.get 2: 0  true",
		"memories.get 3", "memories.get 3: 200 req_1 false",
	}, "hooks")
	equal(t, server.requests()[2].header.Get("Traceparent"), "try-3", "header of a hook")
	if strings.Contains(fmt.Sprint(kept), testKey) {
		t.Error("a hook saw the key")
	}
}

func TestAnErrorOfAHookEndsTheCall(t *testing.T) {
	stop := errors.New("stop")
	before := dakera.Hooks{OnRequest: func(context.Context, dakera.RequestEvent) error { return stop }}
	server, client := start(t, []reply{ok(`{"id": "x"}`)}, dakera.WithHooks(before))
	if _, err := client.GetMemory(ctx, "mem_1"); err != stop || len(server.requests()) != 0 {
		t.Error(err)
	}
	after := dakera.Hooks{OnResponse: func(context.Context, dakera.ResponseEvent) error { return stop }}
	_, client = start(t, []reply{ok(`{"id": "x"}`)}, dakera.WithHooks(after))
	if _, err := client.GetMemory(ctx, "mem_1"); err != stop {
		t.Error(err)
	}
}

func TestEveryRequestSaysWhoSendsIt(t *testing.T) {
	team, other := dakera.WithHeader("X-Team", "search"), dakera.WithHeader("Authorization", "other")
	server, client := start(t, []reply{ok(`{"id": "x"}`)}, team, other)
	if _, err := client.GetMemory(ctx, "mem_1"); err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Version string }
	if err := json.Unmarshal(read(t, "package.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	header := server.requests()[0].header
	equal(t, header.Get("User-Agent"), "dakera-go/"+manifest.Version, "user agent")
	equal(t, header.Get("X-Dakera-Client"), "sdk-go/"+manifest.Version, "client")
	equal(t, header.Get("X-Team"), "search", "own header")
	equal(t, header.Get("Authorization"), "Bearer "+testKey, "key")
}

func TestAPrintedClientShowsNoKey(t *testing.T) {
	client := dakera.NewClient("http://localhost:3300", testKey)
	shown := fmt.Sprintf("%[1]v %+[1]v %#[1]v %[2]v %+[2]v %#[2]v %+[3]v", client, *client, *client.Memories)
	content, _ := json.Marshal(client)
	if strings.Contains(shown+string(content), testKey) {
		t.Error(shown)
	}
}
