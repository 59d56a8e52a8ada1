package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/store"
)

// capture is the measured part: a fresh store, one mailbox a user folder, and
// the ingester until nothing is left to fetch.
func capture(dir string, o options) error {
	ctx := context.Background()
	ingest.Tune() // as the program does
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	dsn := o.dsn
	if dsn == "" {
		dsn = "sqlite://" + filepath.Join(dir, "kaveri.db")
	}
	s, err := store.Open(ctx, dsn, store.Options{Key: make([]byte, store.KeySize)})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := prepare(ctx, s, o); err != nil {
		return err
	}
	sum, err := ingest.New(ingest.Options{Store: s}).Sync(ctx, nil, nil)
	if err != nil {
		return err
	}
	fmt.Printf("%d %d %d %.3f\n", sum.Stored, sum.Withheld, sum.Bytes, sum.Elapsed.Seconds())
	return nil
}

func prepare(ctx context.Context, s *store.Store, o options) error {
	firm, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	firm.Name, firm.Domains, firm.Policy = "Kaveri", []string{"kaveri.test"}, crm.Policy(o.policy)
	if err := s.SaveFirm(ctx, crm.SystemViewer, firm); err != nil {
		return err
	}
	dirs, err := filepath.Glob(filepath.Join(o.users, "*", "Maildir"))
	if err != nil {
		return err
	}
	st, err := s.AddStaff(ctx, crm.SystemViewer, crm.Staff{Name: "bench", Address: "bench@kaveri.test", Role: crm.StaffMember}, "password for the bench")
	if err != nil {
		return err
	}
	for _, d := range dirs {
		user := filepath.Base(filepath.Dir(d))
		if _, err := s.AddMailbox(ctx, crm.SystemViewer, crm.Mailbox{Staff: st.ID, Address: crm.Address(user + "@kaveri.test"), Label: user,
			Host: "127.0.0.1", Port: o.port, Security: crm.SecurityNone, Username: user, Password: "secret"}); err != nil {
			return err
		}
	}
	return nil
}
