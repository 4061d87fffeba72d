// Package dakera is the Go client of Dakera, shared memory for teams of AI agents: each agent keeps its own notes
// private, publishes findings to a shared namespace, and recalls what the others published.
//
// One [Client] holds one key. Give each agent its own: what a key may read and write is decided by the server. A
// client may be used by many goroutines at once.
//
// # What is left out of a request
//
// A field of a request that has Go's zero value says nothing: it is not sent, and the server's default holds. An empty
// slice or map that is not nil is sent. Where zero itself is meant, say so: [Exactly] for numbers, [Empty] for text,
// [Never] for a moment.
//
//	dakera.StoreMemoryRequest{Content: "…"}                                  // importance 0.5, the server's default
//	dakera.StoreMemoryRequest{Content: "…", Importance: dakera.Exactly(0)}   // importance 0
//
// # What is in a reply
//
// Names are the API's own. A field that may be null is a pointer, and so is a number that may be absent. Moments are
// unix seconds; memory.CreatedAtTime() makes a [time.Time]. Fields of a newer server are kept in Extra. A reply prints
// with what its pointers lead to, and without the secret of a new key; JSON has it, as that is how it is saved.
//
// # Errors
//
// Every failure has its own type for [errors.As], from [Failure] down, and a code for [errors.Is]:
//
//	var limited *dakera.RateLimitError
//	switch {
//	case errors.As(err, &limited):
//		time.Sleep(limited.RetryAfter)
//	case errors.Is(err, dakera.CodeNamespaceAccessDenied):
//		// this key has no grant there
//	}
package dakera
