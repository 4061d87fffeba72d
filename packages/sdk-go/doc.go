// Package dakera is the Go client of Dakera, shared memory for teams of AI agents: each agent keeps its own notes
// private, publishes findings to a shared namespace, and recalls what the others published.
//
// One [Client] has one key. Give each agent its own key: the server decides what a key may read and write. A client may
// be used by many goroutines at once.
//
// # Omitted fields of a request
//
// A field of a request with Go's zero value is not sent, and the server's default applies. An empty slice or map that
// is not nil is sent. To send the zero value itself, use [Exactly] for numbers, [Empty] for text and [Never] for a
// moment.
//
//	dakera.StoreMemoryRequest{Content: "…"}                                  // importance 0.5, the server's default
//	dakera.StoreMemoryRequest{Content: "…", Importance: dakera.Exactly(0)}   // importance 0
//
// # Fields of a reply
//
// Names are those of the API. A field that may be null is a pointer, and so is a number that may be absent. Moments are
// unix seconds; memory.CreatedAtTime() returns a [time.Time]. Fields of a newer server are kept in Extra. A reply
// prints the values behind its pointers, and not the secret of a new key; its JSON contains the secret, so that it can
// be saved.
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
