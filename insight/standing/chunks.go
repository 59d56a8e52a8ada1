package standing

import (
	"context"
	"iter"

	"kaveri/crm"
)

// chunk is how many customers a pass takes at a time: few enough to be held in
// memory, so many that the indexes of what is written are not gone through
// hundreds of times.
const chunk = 10_000

// seen are the accounts of a chunk of customers, as each of some observations has
// them.
type seen struct {
	accounts [][]crm.Account
	err      error
}

// chunks gives the accounts of all customers, chunk by chunk: of each observation
// one list, of the same customers in the same order. The next chunk is read while
// the one before is worked on. It ends with the first error.
func (s *Service) chunks(ctx context.Context, as ...crm.Observation) iter.Seq2[[][]crm.Account, error] {
	return func(yield func([][]crm.Account, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		ahead := make(chan seen)
		go s.readAhead(ctx, as, ahead)
		defer func() {
			stop()
			for range ahead { // until the reader has ended
			}
		}()
		for c := range ahead {
			if !yield(c.accounts, c.err) || c.err != nil {
				return
			}
		}
	}
}

// readAhead sends chunk after chunk and closes the channel behind the last.
func (s *Service) readAhead(ctx context.Context, as []crm.Observation, to chan<- seen) {
	defer close(to)
	for last := crm.CustomerID(0); ; {
		next, err := s.o.Store.CustomersAfter(ctx, last, chunk)
		if err == nil && next == 0 {
			return
		}
		var c seen
		if c.err = err; err == nil {
			c.accounts, c.err = s.accountsOf(ctx, last, next, as)
		}
		select {
		case to <- c:
		case <-ctx.Done():
			return
		}
		if c.err != nil {
			return
		}
		last = next
	}
}

// accountsOf reads a span of customers once for each observation. Somebody who
// came or went in between is in none of the lists.
func (s *Service) accountsOf(ctx context.Context, from, to crm.CustomerID, as []crm.Observation) ([][]crm.Account, error) {
	lists := make([][]crm.Account, len(as))
	for i, o := range as {
		var err error
		if lists[i], err = s.o.Store.Accounts(ctx, from, to, o); err != nil {
			return nil, err
		}
	}
	return common(lists), nil
}

// common keeps the customers that all lists have; each list is in order.
func common(lists [][]crm.Account) [][]crm.Account {
	if len(lists) < 2 {
		return lists
	}
	in := map[crm.CustomerID]int{}
	for _, l := range lists {
		for i := range l {
			in[l[i].Customer]++
		}
	}
	for i, l := range lists {
		kept := l[:0]
		for j := range l {
			if in[l[j].Customer] == len(lists) {
				kept = append(kept, l[j])
			}
		}
		lists[i] = kept
	}
	return lists
}
