package dakera_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

// failing is a reply of an error of ours.
func failing(status int, headers map[string]string) reply {
	body := fmt.Sprintf(`{"error": "No.", "code": "INTERNAL_ERROR", "status": %d, "request_id": "req_2"}`, status)
	return reply{Status: status, Headers: headers, Body: json.RawMessage(body)}
}

func text(status int, content string) reply {
	headers := map[string]string{"content-type": "text/html", "x-request-id": "req_5"}
	return reply{Status: status, Headers: headers, Text: &content}
}

// start is a client of a server that plays replies.
func start(t *testing.T, replies []reply, options ...dakera.Option) (*player, *dakera.Client) {
	server := play(t, replies...)
	return server, dakera.NewClient(server.URL, testKey, options...)
}

func is[T error](t *testing.T, err error) T {
	t.Helper()
	var target T
	if !errors.As(err, &target) {
		t.Fatalf("%v is no %T", err, target)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), testKey) {
		t.Fatalf("the error shows the key: %v", err)
	}
	return target
}

func TestIdsCannotLeaveTheirPlace(t *testing.T) {
	server, client := start(t, []reply{ok(`{"id": "x"}`), ok(`{"id": "x"}`)})
	for _, id := range []string{"", ".", "..", "\xff"} {
		_, err := client.GetMemory(ctx, id)
		is[*dakera.UsageError](t, err)
	}
	for _, id := range []string{"../keys?x=1", "a/../../b#c"} {
		if _, err := client.GetMemory(ctx, id); err != nil {
			t.Error(err)
		}
	}
	equal(t, server.requests()[0].path, "/v1/memory/get/..%2Fkeys%3Fx=1", "path")
	equal(t, server.requests()[1].path, "/v1/memory/get/a%2F..%2F..%2Fb%23c", "path")
	equal(t, server.requests()[0].query, map[string]any{}, "query")
}

func TestWhatIsNoTextOrNoJSONIsRefusedBeforeItIsSent(t *testing.T) {
	server, client := start(t, nil)
	circular := map[string]any{}
	circular["again"] = []any{circular}
	for _, memory := range []dakera.StoreMemoryRequest{
		{Content: "x", Metadata: circular},
		{Content: "x", Metadata: map[string]any{"x": []any{math.NaN()}}},
		{Content: "x", Metadata: map[string]any{"x": math.Inf(-1)}},
		{Content: "x", Importance: math.NaN()},
		{Content: "x", Embedding: []float64{0, math.Inf(1)}},
		{Content: "cut \xe6\xbc"},
		{Content: "x", Tags: []string{"\xff"}},
		{Content: "x", Metadata: map[string]any{"deep": []any{map[string]string{"\xff": "x"}}}},
		{Content: "x", Metadata: map[string]any{"function": func() {}}},
	} {
		_, err := client.StoreMemory(ctx, "n", memory)
		is[*dakera.UsageError](t, err)
	}
	equal(t, len(server.requests()), 0, "requests")
}

func TestAServerThatCannotBeReachedIsAConnectionError(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, err = dakera.NewClient("http://"+address, testKey, dakera.WithMaxRetries(0)).GetMemory(ctx, "mem_1")
	failed := is[*dakera.ConnectionError](t, err)
	equal(t, failed.Code, dakera.CodeConnectionFailed, "code")
	var inner *net.OpError
	message := err.Error()
	if !errors.As(err, &inner) || !strings.Contains(message, address) || !strings.Contains(message, "memories.get") {
		t.Errorf("the message or the cause says too little: %v", err)
	}
}

func TestAServerThatSpeaksNoHTTPIsAConnectionErrorWithoutTheKeyItEchoes(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Read(make([]byte, 4096))
			_, _ = fmt.Fprintf(connection, "HTTP/1.1 %s no\r\n\r\n", testKey)
			_ = connection.Close()
		}
	}()
	address := listener.Addr().String()
	_, err = dakera.NewClient("http://"+address, testKey, dakera.WithMaxRetries(0)).GetMemory(ctx, "mem_1")
	failed := is[*dakera.ConnectionError](t, err)
	for cause := error(failed); cause != nil; cause = errors.Unwrap(cause) {
		if strings.Contains(cause.Error(), testKey) {
			t.Errorf("the cause shows the key: %v", cause)
		}
	}
}

func TestAnAnswerThatIsTooLargeIsRefused(t *testing.T) {
	large := ok(`{"id": "` + strings.Repeat("x", 5000) + `"}`)
	server, client := start(t, []reply{large}, dakera.WithMaxResponseBytes(1000))
	_, err := client.GetMemory(ctx, "mem_1")
	failed := is[*dakera.ResponseError](t, err)
	if failed.Status != 200 || !strings.Contains(err.Error(), "1000 bytes") {
		t.Error(err)
	}
	equal(t, len(server.requests()), 1, "requests")
}

func TestAnAnswerThatNoDakeraServerGivesIsAnError(t *testing.T) {
	for _, answer := range []reply{
		text(200, "<h1>Sign in</h1>"), text(200, ""), text(200, "null"), text(200, `"text"`), text(200, "[]"),
		text(200, `{"id": 5}`), text(200, `{"hello": "world"}`), text(200, "{}"), text(302, ""),
	} {
		_, client := start(t, []reply{answer})
		_, err := client.GetMemory(ctx, "mem_1")
		if failed := is[*dakera.ResponseError](t, err); failed.Status != answer.Status || failed.RequestID != "req_5" {
			t.Errorf("%q: %v", *answer.Text, err)
		}
	}
	for _, answer := range []string{`{"memory": null, "embedding_time_ms": 1}`, `{"embedding_time_ms": 1}`} {
		_, client := start(t, []reply{ok(answer)})
		_, err := client.StoreMemory(ctx, "n", dakera.StoreMemoryRequest{Content: "x"})
		is[*dakera.ResponseError](t, err)
	}
	_, client := start(t, []reply{
		ok(`{"total_found": 1}`), ok(`{"memories": [{"score": 1}]}`),
		ok(`{"total": 1}`), ok(`{"memory_count": 1}`), ok("{}"),
	})
	_, err := client.Recall(ctx, "n", dakera.RecallRequest{Query: "q"})
	is[*dakera.ResponseError](t, err)
	_, err = client.Recall(ctx, "n", dakera.RecallRequest{Query: "q"})
	is[*dakera.ResponseError](t, err)
	_, err = client.ListMemories(ctx, "n", nil)
	is[*dakera.ResponseError](t, err)
	_, err = client.EndSession(ctx, "s", nil)
	is[*dakera.ResponseError](t, err)
	_, err = client.ListAgents(ctx)
	is[*dakera.ResponseError](t, err)
}

func TestAKeyThatAProxyEchoesIsTakenOut(t *testing.T) {
	echo := text(502, "no way with "+testKey)
	echo.Headers["x-request-id"] = testKey
	_, client := start(t, []reply{echo}, dakera.WithMaxRetries(0))
	_, err := client.GetMemory(ctx, "mem_1")
	failed := is[*dakera.ServerError](t, err)
	equal(t, failed.Body, any("no way with [key]"), "body")
	equal(t, failed.RequestID, "[key]", "request id")
}

func TestA429WithoutRetryAfterIsRepeatedAfterAShortWait(t *testing.T) {
	server, client := start(t, []reply{failing(429, nil), ok(`{"id": "x"}`)})
	startedAt := time.Now()
	if _, err := client.GetMemory(ctx, "mem_1"); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(startedAt); waited < 200*time.Millisecond || waited > 40*time.Second {
		t.Errorf("waited %v", waited)
	}
	equal(t, len(server.requests()), 2, "requests")
}

func TestARedirectToAnotherHostIsNotFollowedNorWithAClientOfOnesOwn(t *testing.T) {
	elsewhere := play(t)
	redirect := reply{Status: 307, Headers: map[string]string{"location": "$elsewhere"}}
	server, client := start(t, []reply{redirect}, dakera.WithHTTPClient(&http.Client{}))
	server.elsewhere = elsewhere.URL
	_, err := client.GetMemory(ctx, "mem_1")
	is[*dakera.ResponseError](t, err)
	equal(t, len(elsewhere.requests()), 0, "requests")
}

func TestATimeoutIsOneOfATryAndHasTheNameOfTheCall(t *testing.T) {
	slow := ok(`{"id": "x"}`)
	slow.DelayMs = 3000
	server, client := start(t, []reply{slow}, dakera.WithTimeout(50*time.Millisecond))
	_, err := client.GetMemory(ctx, "mem_1", dakera.WithMaxRetries(0))
	failed := is[*dakera.TimeoutError](t, err)
	if !failed.Timeout() || !strings.Contains(err.Error(), "memories.get") {
		t.Error(err)
	}
	equal(t, len(server.requests()), 1, "requests")
}

func TestACancelledCallEndsAtOnce(t *testing.T) {
	slow := ok(`{"id": "x"}`)
	slow.DelayMs = 30_000
	why := errors.New("the user left")
	wait := failing(503, map[string]string{"retry-after": "30"})
	for name, answer := range map[string]reply{"in a request": slow, "in a wait": wait} {
		server, client := start(t, []reply{answer})
		during, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(100*time.Millisecond, func() { cancel(why) })
		startedAt := time.Now()
		_, err := client.GetMemory(during, "mem_1")
		if !errors.Is(err, context.Canceled) || !errors.Is(err, why) || time.Since(startedAt) > 20*time.Second {
			t.Errorf("%s: %v", name, err)
		}
		var refused *dakera.ServerError
		equal(t, errors.As(err, &refused), name == "in a wait", "tells why it waited")
		equal(t, len(server.requests()), 1, "requests")
	}
	server, client := start(t, nil)
	before, cancel := context.WithCancel(ctx)
	cancel()
	_, err := client.GetMemory(before, "mem_1")
	if !errors.Is(err, context.Canceled) || len(server.requests()) != 0 {
		t.Error(err)
	}
	late, cancel := context.WithTimeout(ctx, time.Nanosecond)
	defer cancel()
	_, err = client.GetMemory(late, "mem_1")
	var ours *dakera.Failure
	if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ours) {
		t.Error(err)
	}
}
