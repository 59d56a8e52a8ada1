// Package insight TODO.
package insight
