package dakera_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSnippets keeps documents and programs together: what is shown as Go is a part of the examples, which run.
func TestSnippets(t *testing.T) {
	var programs []string
	for _, file := range []string{"example_test.go", inRepository(t, "examples", "shared-memory", "main.go")} {
		programs = append(programs, dedent(string(read(t, file))))
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```")
	for _, document := range []string{"README.md", inRepository(t, "docs", "sdks", "go.md")} {
		snippets := block.FindAllStringSubmatch(string(read(t, document)), -1)
		if len(snippets) == 0 {
			t.Errorf("%s shows no Go", document)
		}
		for i, snippet := range snippets {
			if i == 0 {
				continue // a whole program, which TestFirstPrograms runs
			}
			t.Run(fmt.Sprintf("%s %d", filepath.Base(document), i+1), func(t *testing.T) {
				for _, program := range programs {
					if strings.Contains(program, dedent(snippet[1])) {
						return
					}
				}
				t.Errorf("this stands in no example:\n%s", snippet[1])
			})
		}
	}
}

// TestFirstPrograms takes the first program out of each document, as a reader would, and runs it.
func TestFirstPrograms(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(answerTeam))
	defer server.Close()
	for _, document := range []string{"README.md", inRepository(t, "docs", "sdks", "go.md")} {
		t.Run(filepath.Base(document), func(t *testing.T) {
			_, rest, _ := strings.Cut(string(read(t, document)), "```go\n")
			program, _, _ := strings.Cut(rest, "```")
			file := filepath.Join(t.TempDir(), "main.go")
			program = strings.ReplaceAll(program, "http://localhost:3300", server.URL)
			if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
				t.Fatal(err)
			}
			said, err := exec.Command("go", "run", file).CombinedOutput()
			expected := "0.92 HNSW answers in 5 ms at 10M vectors (ef=200, M=32).\n"
			equal(t, string(said), expected, fmt.Sprint("printed: ", err))
		})
	}
}

// dedent takes the indentation away, which differs inside of a function.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
