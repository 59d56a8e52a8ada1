package templates

import "embed"

// FS holds pages/*.html and parts/*.html.
//
//go:embed pages parts
var FS embed.FS
