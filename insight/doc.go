// Package insight says what the history of a firm's customers tells: pure
// functions over slices, without any input or output.
package insight
