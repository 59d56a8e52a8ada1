package web

import (
	"sync"
	"time"
)

// shortly keeps what takes long to count and is the same for all who may see it:
// who moved, the orders of each week.
type shortly[K comparable, T any] struct {
	mu   sync.Mutex
	kept map[K]dated[T]
}

type dated[T any] struct {
	what T
	at   time.Time
}

// keptFor is for how long: orders of the day change it too.
const keptFor = 5 * time.Minute

// mostKept bounds how many are kept at once.
const mostKept = 16

// get gives what is kept, or counts it; two who ask at once wait for one count.
func (s *shortly[K, T]) get(key K, now time.Time, count func() (T, error)) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.kept[key]; ok && now.Sub(k.at) < keptFor {
		return k.what, nil
	}
	what, err := count()
	if err == nil {
		if len(s.kept) >= mostKept || s.kept == nil {
			s.kept = map[K]dated[T]{}
		}
		s.kept[key] = dated[T]{what, now}
	}
	return what, err
}
