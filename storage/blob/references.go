package blob

import "iter"

// References finds every SHA-512 in stored bytes: exactly 128 lower-case hex
// digits with none before or behind them. It knows nothing of the format, so that
// a reference counts wherever a row keeps it; what only looks like a hash keeps a
// file alive and does no other harm. A [Ref] in JSON is always found: its hash
// stands in quotes. Repetitions are not removed.
func References(data []byte) iter.Seq[string] {
	const n = 128
	return func(yield func(string) bool) {
		// What begins at i has no digit before it.
	next:
		for i := 0; i+n <= len(data); {
			// From the end, because a byte that is no digit rules out all starts
			// up to it at once.
			for j := i + n - 1; j >= i; j-- {
				if !isHex[data[j]] {
					i = j + 1
					continue next
				}
			}
			end := i + n
			for end < len(data) && isHex[data[end]] {
				end++
			}
			if end == i+n && !yield(string(data[i:end])) {
				return
			}
			i = end
		}
	}
}

var isHex = func() (t [256]bool) {
	for _, c := range "0123456789abcdef" {
		t[c] = true
	}
	return t
}()
