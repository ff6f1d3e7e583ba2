package fitconnect_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// The relay finds the pause a service asked for without knowing this package.
func TestRetryAfterIsFound(t *testing.T) {
	t.Parallel()
	var named interface{ RetryAfter() time.Duration }
	err := error(&fitconnect.APIError{Status: 429, RetryAfter: 90 * time.Second})
	require.True(t, errors.As(fmt.Errorf("x: %w", err), &named))
	require.Equal(t, 90*time.Second, named.RetryAfter())
	require.False(t, errors.As(error(&fitconnect.APIError{Status: 503}), &named), "it did not say")
	_, isAPI := errors.AsType[*fitconnect.APIError](fmt.Errorf("x: %w", err))
	require.True(t, isAPI)
}
