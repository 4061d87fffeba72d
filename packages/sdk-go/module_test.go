package dakera_test

import (
	"archive/zip"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	modulePath = "github.com/dakera-ai/dakera/packages/sdk-go"
	consumer   = `package main

import (
	"context"
	"fmt"
	"log"
	"os"

	dakera "` + modulePath + `"
)

func main() {
	client := dakera.NewClient(os.Args[1], "dk-test-key")
	memory := dakera.StoreMemoryRequest{Content: "It works."}
	stored, err := client.StoreMemory(context.Background(), "team-shared", memory)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored.ID)
}
`
)

// TestModule publishes the module to a proxy of its own, a folder, and uses it from there in a clean place: with an
// empty module cache, and with nothing else to be had from anywhere.
func TestModule(t *testing.T) {
	inRepository(t)
	version := publish(t, t.TempDir())
	home := t.TempDir()
	program := filepath.Join(home, "program")
	write(t, filepath.Join(program, "main.go"), consumer)
	run := func(arguments ...string) string {
		t.Helper()
		command := exec.Command("go", arguments...)
		command.Dir = program
		command.Env = append(os.Environ(),
			"GOPROXY=file://"+version.proxy, "GONOPROXY=none", "GOPRIVATE=", "GOSUMDB=off", "GONOSUMDB=*",
			"GOFLAGS=-mod=mod -modcacherw", "GOWORK=off", "GOTOOLCHAIN=local",
			"GOMODCACHE="+filepath.Join(home, "cache"))
		said, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, said)
		}
		return strings.TrimSpace(string(said))
	}
	run("mod", "init", "example.com/program")
	run("get", modulePath+"@"+version.name)
	run("mod", "tidy")
	run("vet", "./...", modulePath)

	server := play(t, ok(`{"memory": `+memory("mem_1")+`}`))
	equal(t, run("run", ".", server.URL), "mem_1", "the program prints")
	equal(t, run("list", "-m", "-f", "{{.Path}}", "all"), "example.com/program\n"+modulePath, "modules")
	sentBy := server.requests()[0].header.Get("X-Dakera-Client")
	equal(t, sentBy, "sdk-go/"+strings.TrimPrefix(version.name, "v"), "client")

	// What was published can be checked by itself, with its tests, from the cache.
	program = filepath.Join(home, "cache", filepath.FromSlash(modulePath)+"@"+version.name)
	run("vet", "./...")
}

type published struct{ proxy, name string }

// publish lays out a proxy: a list, a version, its go.mod and its files.
func publish(t *testing.T, proxy string) published {
	var manifest struct{ Version string }
	if err := json.Unmarshal(read(t, "package.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	name := "v" + manifest.Version
	folder := filepath.Join(proxy, filepath.FromSlash(modulePath), "@v")
	write(t, filepath.Join(folder, "list"), name+"\n")
	write(t, filepath.Join(folder, name+".info"), `{"Version": "`+name+`", "Time": "2026-01-01T00:00:00Z"}`)
	write(t, filepath.Join(folder, name+".mod"), string(read(t, "go.mod")))
	file, err := os.Create(filepath.Join(folder, name+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(file)
	for _, path := range moduleFiles(t) {
		entry, err := archive.Create(modulePath + "@" + name + "/" + filepath.ToSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = entry.Write(read(t, path)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return published{proxy, name}
}

// moduleFiles are those that belong to the module: neither what is ignored nor the modules inside of it.
func moduleFiles(t *testing.T) []string {
	var files []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			files = append(files, path)
			return nil
		}
		_, isModule := os.Stat(filepath.Join(path, "go.mod"))
		if path != "." && (isModule == nil || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".")) {
			return filepath.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
