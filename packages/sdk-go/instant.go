package dakera

import (
	"encoding/json"
	"time"
)

// Instant is a moment in a request. The zero Instant is not sent. Make one with [At], [Unix], [Date] or [Never].
type Instant struct{ literal string }

// At returns a time of Go as a moment. The zero time is not sent.
func At(moment time.Time) Instant {
	if moment.IsZero() {
		return Instant{}
	}
	return Date(moment.UTC().Format(time.RFC3339Nano))
}

// Unix returns a moment in seconds since 1970.
func Unix(seconds int64) Instant { return encodeInstant(seconds) }

// Date returns a moment in ISO-8601: 2027-01-01, or 2027-01-01T12:00:00Z. It is UTC unless it has a time zone.
func Date(iso string) Instant { return encodeInstant(iso) }

// Never means no moment. As ExpiresAt of an update it removes the present one.
func Never() Instant { return Instant{"null"} }

// String returns the moment as it is sent.
func (i Instant) String() string { return i.literal }

// MarshalJSON writes the moment in its own form: seconds, text or null.
func (i Instant) MarshalJSON() ([]byte, error) {
	if i.literal == "" {
		return []byte("null"), nil
	}
	return []byte(i.literal), nil
}

// UnmarshalJSON reads seconds, text or null.
func (i *Instant) UnmarshalJSON(data []byte) error {
	i.literal = string(data)
	return nil
}

func encodeInstant(value any) Instant {
	literal, _ := json.Marshal(value)
	return Instant{string(literal)}
}

// inUTC returns a moment of a reply as a time.
func inUTC(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func orZero(seconds *int64) time.Time {
	if seconds == nil {
		return time.Time{}
	}
	return inUTC(*seconds)
}
