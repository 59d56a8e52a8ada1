package templates

import "embed"

// FS holds pages/*.html and parts/*.html.
//
//go:embed pages parts
var FS embed.FS

// Mail holds mail/*.json, the mails to begin with, which package block reads.
//
//go:embed mail
var Mail embed.FS
