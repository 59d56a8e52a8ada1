package parse

// Trim takes a plain text apart of which nothing else is known.
func Trim(text string) Reply { return trim(text, nil, "", true) }
