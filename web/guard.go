package web

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// pagePolicy is the content security policy of every page: all from here, no
// inline script or style, no frame around us.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm bounds the body of a form: ours are small, but for files.
const maxForm = 1 << 20

// maxBody bounds the body of a request by its path.
func maxBody(r *http.Request) int64 {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/drafts/"):
		return maxUpload
	case strings.HasPrefix(path, "/api/"), strings.HasPrefix(path, "/hooks/"):
		return maxAPIBody
	case path == "/orders/import":
		return maxOrderFile + maxForm
	}
	return maxForm
}

// guard surrounds all routes: request id, security headers, refusal of
// cross-origin writes, a bounded body, the log, and the net beneath a panic.
func (s *Server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(s.open(func(w http.ResponseWriter, r *http.Request, c *call) error {
		return errCrossOrigin
	}))
	// Programs prove themselves with each request; a browser adds nothing to it.
	cross.AddInsecureBypassPattern("/api/")
	cross.AddInsecureBypassPattern("/hooks/")
	next = cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, begin := newRequestID(), time.Now()
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Set("X-Request-Id", id)
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
		r.Body = http.MaxBytesReader(w, r.Body, maxBody(r))
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				s.Log.ErrorContext(r.Context(), "panic", "request", id, "path", r.URL.Path, "error", fmt.Sprint(p), "stack", string(debug.Stack()))
				if rec.status == 0 {
					http.Error(rec, "Kaveri: "+id, http.StatusInternalServerError)
				}
			}
			// The query may hold what somebody searched for, or a token: not logged.
			s.Log.DebugContext(r.Context(), "request", "request", id, "method", r.Method, "path", r.URL.Path, "status", rec.status, "took", time.Since(begin))
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder remembers the status that was sent.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the header and remembers its status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write sends body bytes, and the header before the first.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap gives the writer beneath to http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
