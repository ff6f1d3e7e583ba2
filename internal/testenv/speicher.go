package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// GrossEnv asks for the size in bytes of a large file in the tests of bounded memory,
// instead of that of their short form.
const GrossEnv = "FACHWERK_GROSS"

// Gross is the size of the large file: short, or what [GrossEnv] asks for.
func Gross(short int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(GrossEnv), 10, 64); err == nil && n > 0 {
		return n
	}
	return short
}

// Speicher gives the memory of this process that is resident now and was at most since
// [SpeicherNeu], in bytes. Only Linux tells.
func Speicher() (now, most int64, err error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, rest, _ := strings.Cut(s.Text(), ":")
		var kb int64
		switch name {
		case "VmRSS", "VmHWM":
			if _, err := fmt.Sscanf(rest, "%d kB", &kb); err != nil {
				return 0, 0, err
			}
		}
		switch name {
		case "VmRSS":
			now = kb << 10
		case "VmHWM":
			most = kb << 10
		}
	}
	if now == 0 || most == 0 {
		return 0, 0, errors.New("testenv: the system does not tell the resident memory")
	}
	return now, most, nil
}

// SpeicherNeu begins the greatest memory anew.
func SpeicherNeu() error { return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
