package s3test

import (
	"context"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m, Stop) }

func TestServers(t *testing.T) {
	ctx := context.Background()
	shared, own := Shared(t), Start(t)
	require.NotEqual(t, shared.Addr, own.Addr)
	require.NotEqual(t, shared.Bucket(t), shared.Bucket(t))
	bucket := own.Bucket(t)
	_, err := own.Client(t).PutObject(ctx, bucket, "a/b", strings.NewReader("abc"), 3, "", "", minio.PutObjectOptions{})
	require.NoError(t, err)
	require.FileExists(t, own.File(bucket, "a/b"))
	own.Kill()
	require.NoFileExists(t, own.File(bucket, "a/b"))
}
