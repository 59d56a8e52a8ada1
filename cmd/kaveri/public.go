package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"kaveri/crm"
	"kaveri/store"
	"kaveri/web"
)

// publicSite answers the links that stand in mail, on a listener of its own: a
// firm opens it to the world, and keeps the pages of colleagues inside.
type publicSite struct {
	listener net.Listener
	server   *http.Server
}

// openPublic opens the listener of the public links.
func (s *site) openPublic(ctx context.Context, st *store.Store, address string) error {
	renderer, err := newRenderer(ctx, st)
	if err != nil {
		return err
	}
	h, err := web.NewPublic(web.PublicOptions{Store: st, Letters: letters{st, renderer}, Keys: st.Keyring(), Now: s.now, Log: s.log})
	if err != nil {
		return err
	}
	l, err := listen(ctx, "public", address)
	if err != nil {
		return err
	}
	s.public = &publicSite{l, &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}}
	return nil
}

// serve answers until ctx ends.
func (p *publicSite) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- p.server.Serve(p.listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := p.server.Shutdown(end); err != nil {
		p.server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// letters shows mailings again as they went out, without what they hide.
type letters struct {
	s *store.Store
	r *liveRenderer
}

// Letter gives the mail of a dispatch. What a colleague wrote to one person, and
// what cannot be rendered any more, is not shown.
func (l letters) Letter(ctx context.Context, id crm.DispatchID) (*crm.Draft, error) {
	d, err := l.s.Dispatch(ctx, crm.SystemViewer, id)
	if err != nil {
		return nil, err
	}
	m, err := l.s.Mailing(ctx, d.Mailing)
	if err != nil {
		return nil, err
	}
	if !m.Kind.Bulk() {
		return nil, crm.NotFound("this mail is not shown")
	}
	draft, err := l.r.Copy(ctx, &m, &d)
	if crm.KindOf(err) == crm.KindInvalid {
		err = crm.NotFound("this mail cannot be rendered: %v", err)
	}
	return draft, err
}

var _ web.PublicStore = (*store.Store)(nil)
