package pdf

// Roh leaves streams uncompressed.
func Roh(r *Renderer) { r.roh = true }
