// Package compose makes the bytes of a mail.
package compose
