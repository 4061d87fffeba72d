package dakera_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the surroundings say of a server must not reach a test; DAKERA_LIVE_URL is meant for them.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "DAKERA_") && name != "DAKERA_LIVE_URL" {
			_ = os.Unsetenv(name)
		}
	}
	http.DefaultTransport = teamTransport{http.DefaultTransport}
	os.Exit(m.Run())
}

// inRepository gives a path of the repository. The module alone, as it is published, has no such folder.
func inRepository(t testing.TB, path ...string) string {
	t.Helper()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "pnpm-workspace.yaml")); err != nil {
		t.Skip("outside of the repository")
	}
	return filepath.Join(append([]string{root}, path...)...)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// show prints what a request sends.
func show(request any) {
	content, err := json.Marshal(request)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(content))
}
