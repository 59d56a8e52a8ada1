package outbound

// AtPoints has f called at each point at which a crash leaves a state of its
// own.
func AtPoints(f func(where string)) { point = f }
