package dakera_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

const secret = "dk-a-new-secret"

// printed gives every form in which a value can reach a terminal or a log.
func printed(value any) string {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "value", value)
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "value", value)
	verbs := fmt.Sprintf("%[1]v %+[1]v %#[1]v %[1]s %[1]q %[1]x %[1]d %[2]v", value, []any{value})
	return verbs + fmt.Sprint(value) + log.String()
}

func TestASecretIsInTheReplyAndInNothingThatIsPrinted(t *testing.T) {
	body := ok(fmt.Sprintf(`{"key_id": "key_1", "id": "key_1", "name": "writer", "key": %q}`, secret))
	renewed := ok(fmt.Sprintf(`{"key_id": "key_1", "key": %q, "new_key": %q}`, secret, secret))
	_, client := start(t, []reply{body, body, renewed})
	created, err := client.CreateKey(ctx, dakera.CreateKeyRequest{Name: "writer"})
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := client.CreateNamespaceKey(ctx, "n", dakera.CreateNamespaceKeyRequest{Name: "writer"})
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := client.RotateKey(ctx, "key_1", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{created.Key, narrow.Key, rotated.Key, rotated.NewKey} {
		equal(t, key, secret, "the field")
	}
	shown := fmt.Sprint(created)
	equal(t, strings.HasPrefix(shown, `CreatedKey{KeyID:"key_1" ID:"key_1" Name:"writer"`), true, shown)
	request := dakera.CreateKeyRequest{Name: "writer", Secret: secret}
	for _, value := range []any{created, *created, narrow, *narrow, rotated, *rotated, request, &request} {
		text := printed(value)
		inHex := fmt.Sprintf("%x", secret)
		if strings.Contains(text, secret) || strings.Contains(text, inHex) || !strings.Contains(text, "<secret>") {
			t.Errorf("%T: %s", value, text)
		}
	}
	saved, err := json.Marshal(created)
	equal(t, strings.Contains(string(saved), secret), true, fmt.Sprint("JSON is how it is saved: ", err))
}

func TestAMemoryPrintsForAPerson(t *testing.T) {
	_, client := start(t, []reply{ok(`{"id": "a", "content": "Two words", "session_id": "s", "expires_at": null,
		"created_at": 1767225600, "tomorrow": 1}`)})
	memory, err := client.GetMemory(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`Memory{ID:"a"`, `Content:"Two words"`, `SessionID:"s"`, "ExpiresAt:<nil>", "CreatedAt:1767225600",
		"Extra:map[tomorrow:1]}",
	} {
		if text := fmt.Sprint(memory); !strings.Contains(text, part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
	equal(t, memory.CreatedAtTime(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "created")
	equal(t, memory.ExpiresAtTime().IsZero(), true, "expires")
	found := dakera.RecalledMemory{Memory: *memory, Score: 0.5}
	equal(t, strings.HasPrefix(found.String(), `RecalledMemory{ID:"a"`), true, found.String())
	equal(t, strings.Contains(found.String(), "Score:0.5"), true, found.String())
}
