package dakera

import "iter"

// ListOptions are the size and the start of a page.
type ListOptions struct {
	// Default: all.
	Limit int `json:"limit"`
	// NextCursor of the page before.
	Cursor string `json:"cursor"`
}

// OffsetOptions are the size and the start of a page, counted from the beginning of the list.
type OffsetOptions struct {
	// Default: 100.
	Limit int `json:"limit"`
	// The number of items to skip.
	Offset int `json:"offset"`
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T `json:"items"`
	// The start of the next page; empty on the last one, and in lists by offset.
	NextCursor string `json:"next_cursor,omitempty"`
	// The total number; nil if the API does not count it.
	Total *int64 `json:"total,omitempty"`
	// The number that match the filter; nil if there is none.
	Filtered *int64 `json:"filtered,omitempty"`
}

// byCursor yields the items of every page. An error is yielded once and ends the list.
func byCursor[T any](from string, fetch func(cursor string) (*Page[T], error)) iter.Seq2[T, error] {
	return walk(from, fetch, func(page *Page[T], _ string) (string, bool) {
		return page.NextCursor, page.NextCursor == ""
	})
}

// byOffset does the same without cursors: the list ends at its total or, if the API counts none, with an empty page.
func byOffset[T any](from int, fetch func(offset int) (*Page[T], error)) iter.Seq2[T, error] {
	return walk(from, fetch, func(page *Page[T], offset int) (int, bool) {
		offset += len(page.Items)
		return offset, len(page.Items) == 0 || page.Total != nil && int64(offset) >= *page.Total
	})
}

func walk[T, P any](
	from P,
	fetch func(P) (*Page[T], error),
	after func(*Page[T], P) (next P, isLast bool),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for place, isLast := from, false; !isLast; {
			page, err := fetch(place)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			place, isLast = after(page, place)
		}
	}
}

// valueOf returns the options themselves; nil are empty ones.
func valueOf[T any](options *T) T {
	if options == nil {
		options = new(T)
	}
	return *options
}
