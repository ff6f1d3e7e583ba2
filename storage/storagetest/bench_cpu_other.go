//go:build !unix

package storagetest

import "time"

// cpu is not known here.
func cpu() time.Duration { return 0 }
