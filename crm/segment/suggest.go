package segment

import "strings"

// nearest gives the word that somebody may have meant, "" when none is near.
func nearest(word string, among []string) string {
	word = strings.ToLower(word)
	best, least := "", len([]rune(word))/3+1
	for _, w := range among {
		if d := distance([]rune(word), []rune(w), least); d < least || d == least && best == "" {
			best, least = w, d
		}
	}
	return best
}

// distance counts how many letters must be added, dropped, changed or swapped
// with their neighbour to turn one word into the other; limit + 1 when it is
// more than limit.
func distance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > 100 || len(b) > 100 {
		return limit + 1
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return min(row[len(b)], limit+1)
}
