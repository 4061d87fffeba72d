package dakera_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

type scenario struct {
	Name  string `json:"name"`
	Steps []any  `json:"steps"`
}

// step is explained in packages/protocol/conformance/README.md.
type step struct {
	Key            string            `json:"key"`
	Operation      string            `json:"operation"`
	Call           args              `json:"call"`
	Iterate        bool              `json:"iterate"`
	IdempotencyKey string            `json:"idempotency_key"`
	Result         any               `json:"result"`
	Error          *expectedError    `json:"error"`
	Keep           map[string]string `json:"keep"`
}

// TestLive plays the scenarios against a real server that was started with --demo.
func TestLive(t *testing.T) {
	address := os.Getenv("DAKERA_LIVE_URL")
	if address == "" {
		t.Skip("DAKERA_LIVE_URL names no server")
	}
	files, _ := filepath.Glob(inRepository(t, "packages", "protocol", "conformance", "live", "*.json"))
	if len(files) == 0 {
		t.Fatal("there are no scenarios")
	}
	id := make([]byte, 6)
	_, _ = rand.Read(id)
	for _, file := range files {
		var scenarios []scenario
		if err := json.Unmarshal(read(t, file), &scenarios); err != nil {
			t.Fatal(err)
		}
		for _, one := range scenarios {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+": "+one.Name, func(t *testing.T) {
				t.Parallel()
				kept := map[string]any{"run": hex.EncodeToString(id)}
				for i, raw := range one.Steps {
					content, _ := json.Marshal(fill(raw, kept))
					var s step
					if err := json.Unmarshal(content, &s); err != nil {
						t.Fatal(err)
					}
					if s.run(t, address, kept); t.Failed() {
						t.Fatalf("in step %d: %s %s", i+1, s.Operation, content)
					}
				}
			})
		}
	}
}

func (s step) run(t *testing.T, address string, kept map[string]any) {
	call := operations[s.Operation]
	if s.Iterate {
		call = iterations[s.Operation]
	}
	if call == nil {
		t.Fatalf("the Go client has no %s", s.Operation)
	}
	var options []dakera.RequestOption
	if s.IdempotencyKey != "" {
		options = append(options, dakera.WithIdempotencyKey(s.IdempotencyKey))
	}
	result, err := call(context.Background(), dakera.NewClient(address, s.Key), s.Call, options...)
	if s.Error != nil {
		s.Error.check(t, s.Operation, s.Key, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	plain := neutral(result)
	if s.Result != nil {
		matches(t, plain, s.Result, "result")
	}
	for name, path := range s.Keep {
		kept[name] = part(plain, strings.Split(path, "."))
		if kept[name] == nil {
			t.Errorf("there is no %s to keep", path)
		}
	}
}

var variable = regexp.MustCompile(`\$[A-Za-z]\w*`)

// fill puts what was kept into every string, names of fields included.
func fill(value any, kept map[string]any) any {
	switch value := value.(type) {
	case string:
		if whole, isKept := kept[strings.TrimPrefix(value, "$")]; isKept && strings.HasPrefix(value, "$") {
			return whole
		}
		return fillText(value, kept)
	case []any:
		filled := make([]any, len(value))
		for i, item := range value {
			filled[i] = fill(item, kept)
		}
		return filled
	case map[string]any:
		filled := map[string]any{}
		for name, item := range value {
			filled[fillText(name, kept)] = fill(item, kept)
		}
		return filled
	}
	return value
}

func fillText(text string, kept map[string]any) string {
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		if value, isKept := kept[name[1:]]; isKept {
			return fmt.Sprint(value)
		}
		return name
	})
}

func part(value any, path []string) any {
	for _, name := range path {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(inner) {
				return nil
			}
			value = inner[i]
		default:
			return nil
		}
	}
	return value
}
