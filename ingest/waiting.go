package ingest

import (
	"context"
	"io"
	"os"
)

// OpenFile opens a file for reading. A named pipe has its opening and its reading
// wait for somebody who writes; both end with ctx, whose error they then give.
func OpenFile(ctx context.Context, name string) (io.ReadCloser, error) {
	if info, err := os.Stat(name); err != nil || info.Mode().IsRegular() || info.IsDir() {
		return os.Open(name)
	}
	f, err := unlessDone(ctx, func() (*os.File, error) { return os.Open(name) }, func(f *os.File) { f.Close() })
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{UntilDone(ctx, f), f}, nil
}

// UntilDone gives a reader of r whose reads end with ctx, though r waits for what
// may never come: a pipe, a terminal.
func UntilDone(ctx context.Context, r io.Reader) io.Reader { return &untilDone{ctx: ctx, r: r} }

type untilDone struct {
	ctx context.Context
	r   io.Reader
	buf []byte // of r's alone: a read that was given up may still write into it
}

func (u *untilDone) Read(b []byte) (int, error) {
	if u.buf == nil {
		u.buf = make([]byte, 64<<10)
	}
	to := u.buf[:min(len(b), len(u.buf))]
	type result struct {
		n   int
		err error
	}
	got, err := unlessDone(u.ctx, func() (result, error) {
		n, err := u.r.Read(to)
		return result{n, err}, nil
	}, func(result) {})
	if err != nil {
		return 0, err
	}
	return copy(b, to[:got.n]), got.err
}

// unlessDone gives what do gives, or the error of ctx when that ends first; what
// do gives later is dropped.
func unlessDone[T any](ctx context.Context, do func() (T, error), drop func(T)) (T, error) {
	type result struct {
		v   T
		err error
	}
	if err := ctx.Err(); err != nil {
		var none T
		return none, err
	}
	done := make(chan result, 1)
	go func() {
		v, err := do()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				drop(r.v)
			}
		}()
		var none T
		return none, ctx.Err()
	}
}
