// Command bench measures the cost of a client's call over plain net/http: pnpm bench:sdk.
// Address and key come from DAKERA_URL and DAKERA_API_KEY.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"time"

	dakera "github.com/dakera-ai/dakera/packages/sdk-go"
)

const (
	calls  = 2000
	warmUp = 200
)

func main() {
	ctx := context.Background()
	url, key := os.Getenv("DAKERA_URL"), os.Getenv("DAKERA_API_KEY")
	client := dakera.NewClient(url, key)
	ways := []struct {
		name string
		call func() error
	}{
		{"sdk", func() error { _, err := client.Whoami(ctx); return err }},
		{"raw", func() error { return whoami(ctx, url, key) }},
	}
	times := map[string][]float64{}
	for i := -warmUp; i < calls; i++ {
		for _, way := range ways {
			started := time.Now()
			if err := way.call(); err != nil {
				log.Fatal(err)
			}
			if i >= 0 {
				times[way.name] = append(times[way.name], time.Since(started).Seconds()*1000)
			}
		}
	}
	summaries := map[string]map[string]float64{}
	for name, values := range times {
		slices.Sort(values)
		at := func(percent int) float64 { return values[(len(values)*percent+99)/100-1] }
		summaries[name] = map[string]float64{"p50": at(50), "p95": at(95), "p99": at(99)}
	}
	text, err := json.Marshal(summaries)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}

func whoami(ctx context.Context, url, key string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/auth/whoami", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var reply map[string]any
	return json.NewDecoder(response.Body).Decode(&reply)
}
