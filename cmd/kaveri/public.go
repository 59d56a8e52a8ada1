package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

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
	h, err := web.NewPublic(web.PublicOptions{Store: st, Keys: st.Keyring(), Now: s.now, Log: s.log})
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

var _ web.PublicStore = (*store.Store)(nil)
