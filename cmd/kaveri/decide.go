package main

import (
	"context"
	"strings"

	"kaveri/crm"
	"kaveri/store"
)

// decision is what one verb decides about each of several things.
type decision[T ~int64] struct {
	one, many string // "question", "questions"; one is also the field of a number
	done      string // "answered"
	do        func(s *store.Store, v crm.Viewer, id T) (said string, err error)
}

// decideEach decides about each of the numbers; one that cannot be decided does
// not hold up the others.
func decideEach[T ~int64](ctx context.Context, p *program, args []string, as string, d decision[T]) error {
	ids := make([]T, len(args))
	for i, a := range args {
		id, err := crm.ParseID[T](d.one, a)
		if err != nil {
			return err
		}
		ids[i] = id
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	failed := 0
	for _, id := range ids {
		said, err := d.do(s, v, id)
		switch {
		case err != nil && len(ids) == 1:
			return err
		case err != nil:
			p.notef("kaveri: %s %d: %s\n", d.one, id, strings.TrimPrefix(sentence(err), d.one+": "))
			failed++
		default:
			p.printf("%d: %s\n", id, said)
		}
	}
	switch failed {
	case 0:
		return nil
	case len(ids):
		return failure("none of the %s could be %s", d.many, d.done)
	}
	return partly("%s could not be %s", plural(failed, d.one, d.many), d.done)
}
