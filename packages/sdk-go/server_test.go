package dakera_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// reply is what the server plays for one request.
type reply struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	Text    *string           `json:"text"`
	Drop    bool              `json:"drop"`
	Cut     bool              `json:"cut"`
	DelayMs int               `json:"delay_ms"`
}

// seen is a request as it arrived.
type seen struct {
	method, path string
	query        map[string]any
	header       http.Header
	body         any
}

// player is a real server that plays replies in order and keeps what it saw.
type player struct {
	*httptest.Server
	elsewhere string
	mutex     sync.Mutex
	replies   []reply
	seen      []seen
}

func play(t testing.TB, replies ...reply) *player {
	p := &player{replies: replies}
	p.Server = httptest.NewServer(http.HandlerFunc(p.answer))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

// ok is a reply of JSON.
func ok(body string) reply {
	headers := map[string]string{"content-type": "application/json", "x-request-id": "req_1"}
	return reply{Status: 200, Headers: headers, Body: json.RawMessage(body)}
}

func (p *player) requests() []seen {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.seen
}

func (p *player) answer(w http.ResponseWriter, r *http.Request) {
	next := p.record(r)
	if next == nil || next.Drop {
		panic(http.ErrAbortHandler)
	}
	select {
	case <-time.After(time.Duration(next.DelayMs) * time.Millisecond):
	case <-r.Context().Done():
	}
	content := string(next.Body)
	if next.Text != nil {
		content = *next.Text
	}
	// net/http repeats by itself what a used connection loses; here a try is one request
	w.Header().Set("Connection", "close")
	for name, value := range next.Headers {
		if value == "$elsewhere" {
			value = p.elsewhere
		}
		w.Header().Set(name, value)
	}
	if next.Status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	}
	w.WriteHeader(next.Status)
	if next.Cut {
		_, _ = io.WriteString(w, content[:len(content)/2])
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, content)
}

func (p *player) record(r *http.Request) *reply {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	query := map[string]any{}
	for name, values := range r.URL.Query() {
		query[name] = values[len(values)-1]
	}
	content, _ := io.ReadAll(r.Body)
	var body any
	_ = json.Unmarshal(content, &body)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.seen = append(p.seen, seen{r.Method, path, query, r.Header, body})
	if len(p.seen) > len(p.replies) {
		return nil
	}
	return &p.replies[len(p.seen)-1]
}
