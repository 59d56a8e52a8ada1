package store

import (
	"context"
	"database/sql"
	"errors"

	"kaveri/crm"
)

// NextUID gives the next UID of a folder that no server numbers: what is
// dropped has none of its own. It only grows, whatever becomes of the mail.
func (s *Store) NextUID(ctx context.Context, folder crm.FolderID) (uid uint32, err error) {
	err = s.write(ctx, func(x *tx) error {
		err := x.row(`UPDATE folders SET high = high + 1, present = present + 1, low = 1 WHERE id = $1 RETURNING high`, int64(folder)).Scan(&uid)
		if errors.Is(err, sql.ErrNoRows) {
			err = crm.Of("folder", crm.NotFound("no folder has the number %d", folder))
		}
		return err
	})
	return uid, err
}

// ForgetUID forgets a UID whose mail is not kept and can never be fetched.
func (s *Store) ForgetUID(ctx context.Context, folder crm.FolderID, epoch, uid uint32) error {
	return s.write(ctx, func(x *tx) error {
		for _, table := range []string{"uids", "uid_keys"} {
			if err := x.exec(`DELETE FROM `+table+` WHERE folder_id = $1 AND uidvalidity = $2 AND uid = $3`, int64(folder), int64(epoch), int64(uid)); err != nil {
				return err
			}
		}
		return nil
	})
}
