package dakera_test

import (
	"fmt"
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

// dedent takes the indentation away, which differs inside of a function.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
