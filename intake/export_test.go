package intake

// SafeName is tested on its own: it stands between names of strangers and disks.
var SafeName = safeName
