package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// static serves the embedded files under addresses that hold the hash of their
// content, so that a browser may keep them for ever.
type static struct{ byName map[string]asset }

type asset struct {
	hash, path string
	data       []byte
}

func newStatic() (*static, error) {
	s := &static{byName: map[string]asset{}}
	err := fs.WalkDir(staticFiles, "static", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := staticFiles.ReadFile(p)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		s.byName[path.Base(p)] = asset{hash: hex.EncodeToString(sum[:6]), path: strings.TrimPrefix(p, "static/"), data: data}
		return nil
	})
	return s, err
}

// has reports whether a file is built in: the browser libraries are not when
// Kaveri was built without make, and the pages do without them.
func (s *static) has(name string) bool { _, ok := s.byName[name]; return ok }

func (s *static) url(name string) (string, error) {
	a, ok := s.byName[name]
	if !ok {
		return "", fmt.Errorf("web: no static file %q", name)
	}
	return "/static/" + a.hash + "/" + a.path, nil
}

// ServeHTTP answers with a file when the hash in its address is the present one.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := s.byName[path.Base(r.PathValue("path"))]
	if !ok || a.path != r.PathValue("path") || a.hash != r.PathValue("hash") {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaType(a.path))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(a.data)))
	w.Write(a.data)
}

// mediaType: the few kinds we have, so that no table of the machine decides.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
