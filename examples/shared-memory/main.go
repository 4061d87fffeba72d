// Two agents, each with its own key: private notes stay private, finished work is shared.
//
//	npm start -- --demo                                                in one terminal
//	go -C packages/sdk-go run ../../examples/shared-memory/main.go     in another
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

const shared = "team-shared"

func main() {
	log.SetFlags(0)
	url := os.Getenv("DAKERA_URL")
	if url == "" {
		url = "http://localhost:3300"
	}
	if err := run(context.Background(), url); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url string) error {
	admin := dakera.NewClient(url, "dk-admin-key")
	researcher := dakera.NewClient(url, "dk-researcher-key")
	writer := dakera.NewClient(url, "dk-writer-key")

	// Once per team. An existing namespace stays unchanged, so this can run again.
	for _, name := range []string{shared, "researcher", "writer", "coordinator"} {
		if _, err := admin.CreateNamespace(ctx, name, nil); err != nil {
			return err
		}
	}
	namespaces, err := admin.ListNamespaces(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, namespace := range namespaces {
		names = append(names, namespace.Name)
	}
	fmt.Printf("Namespaces: %s\n", strings.Join(names, ", "))

	if err := research(ctx, researcher); err != nil {
		return err
	}
	if err := write(ctx, writer); err != nil {
		return err
	}

	// SearchMemories looks for the words themselves.
	search := dakera.SearchRequest{Query: "article finished", TopK: 10, Mode: "exact"}
	articles, err := researcher.SearchMemories(ctx, shared, search)
	if err != nil {
		return err
	}
	for _, article := range articles[:min(1, len(articles))] {
		fmt.Printf("The researcher sees: %s\n", article.Content)
	}

	// The database rejects a read without a grant, whatever the program asks for.
	_, err = writer.Recall(ctx, "researcher", dakera.RecallRequest{Query: "cold start"})
	var refused *dakera.AuthorizationError
	if !errors.As(err, &refused) {
		return fmt.Errorf("the writer must not read private notes: %w", err)
	}
	fmt.Printf("The writer asks for the researcher's notes: %d %s\n", refused.Status, refused.Code)
	return nil
}

func research(ctx context.Context, researcher *dakera.Client) error {
	// The researcher thinks in private ...
	_, err := researcher.StoreMemory(ctx, "researcher", dakera.StoreMemoryRequest{
		Content:    "The vendor says 40 ms per cold start. Only one region was measured; ask for the others.",
		Importance: 0.3,
		Tags:       []string{"internal-note", "needs-verification"},
	})
	if err != nil {
		return err
	}

	// ... and publishes what it has checked, saying where it comes from.
	_, err = researcher.StoreMemory(ctx, shared, dakera.StoreMemoryRequest{
		Content:    "Cold starts take 65 ms at the median, measured in four regions over a week.",
		Importance: 0.85,
		Tags:       []string{"finding", "verified", "cold-start"},
		MemoryType: "semantic",
		Metadata:   map[string]any{"source": "researcher", "regions": 4},
	})
	if err != nil {
		return err
	}
	_, err = researcher.StoreMemory(ctx, shared, dakera.StoreMemoryRequest{
		Content:    "A warm instance answers in 3 ms, and stays warm for ten minutes without traffic.",
		Importance: 0.8,
		Tags:       []string{"finding", "verified", "warm-start"},
		MemoryType: "semantic",
		Metadata:   map[string]any{"source": "researcher", "regions": 4},
	})
	return err
}

func write(ctx context.Context, writer *dakera.Client) error {
	// The writer asks the team.
	findings, err := writer.Recall(ctx, shared, dakera.RecallRequest{
		Query:  "how long does a start take, cold or warm?",
		TopK:   6,
		Filter: map[string]any{"source": "researcher"},
	})
	if err != nil {
		return err
	}
	fmt.Printf("The writer finds %d findings:\n", len(findings))
	for _, finding := range findings {
		fmt.Printf("  [%.2f] %s\n", finding.Importance, finding.Content)
	}

	_, err = writer.StoreMemory(ctx, "writer", dakera.StoreMemoryRequest{
		Content:    "Opening line: nobody waits for a cold start any more. True at 65 ms?",
		Importance: 0.25,
		Tags:       []string{"draft"},
	})
	if err != nil {
		return err
	}
	_, err = writer.StoreMemory(ctx, shared, dakera.StoreMemoryRequest{
		Content:    "Article finished: what a cold start costs in four regions, 900 words.",
		Importance: 0.9,
		Tags:       []string{"output", "article", "status:complete"},
		MemoryType: "semantic",
		Metadata:   map[string]any{"source": "writer"},
	})
	return err
}
