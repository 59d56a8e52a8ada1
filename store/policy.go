package store

import (
	"context"
	"database/sql"
	"strconv"

	"kaveri/crm"
)

// visible is the SQL form of [crm.Viewer.MaySee], the one policy: a condition
// on the messages row m that holds for the mails the viewer may see. Its
// arguments are appended to args, whose values are $1 and on. A test holds it
// against the Go form.
//
// Who holds a copy: the owners of the mailboxes in which the mail was ever
// seen, also when it has left there or the mailbox is no longer followed.
func visible(v crm.Viewer, args []any) (condition string, all []any) {
	switch {
	case v.System:
		return `TRUE`, args
	case v.Staff == 0:
		return `FALSE`, args
	}
	args = append(args, int64(v.Staff))
	return `(m.private = 0 OR EXISTS (SELECT 1 FROM sightings hs JOIN folders hf ON hf.id = hs.folder_id JOIN mailboxes hb ON hb.id = hf.mailbox_id
WHERE hs.message_id = m.id AND hb.staff_id = $` + strconv.Itoa(len(args)) + `))`, args
}

// mayRead reports whether the viewer is anybody: what is not mail (customers,
// notes, the state of mailboxes) is seen by every colleague.
func mayRead(v crm.Viewer) bool { return v.System || v.Staff != 0 }

// view runs f in one read transaction, so that what it reads belongs together.
// It never waits for the writer, nor the writer for it.
func (s *Store) view(ctx context.Context, f func(*tx) error) error {
	t, err := s.r.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return passing(err)
	}
	defer t.Rollback() // nothing was written
	if err := f(&tx{s: s, t: t}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return passing(err)
	}
	return nil
}

// pageLimit gives the rows of a page: what is asked for, within bounds.
func pageLimit(asked, usual int) int {
	if asked <= 0 {
		return usual
	}
	return min(asked, 500)
}

// paged cuts a list, of which one more was read than a page holds, to a page. next
// is the key of its last entry, zero when nothing follows.
func paged[T any](list []T, limit int, key func(*T) crm.PageKey) (page []T, next crm.PageKey) {
	if len(list) <= limit {
		return list, next
	}
	return list[:limit], key(&list[limit-1])
}
