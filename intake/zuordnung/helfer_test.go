package zuordnung

import "context"

var ctx = context.Background()
