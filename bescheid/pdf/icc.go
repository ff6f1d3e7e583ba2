package pdf

import (
	"encoding/binary"
	"math"
	"sync"
)

// srgb is an ICC profile of version 2.1 for sRGB (IEC 61966-2-1), made here so
// that no profile of anybody else's has to be embedded: three colorants,
// adapted to D50 (Bradford), and one transfer curve of 1024 points.
var srgb = sync.OnceValue(func() []byte {
	be := binary.BigEndian
	xyz := func(x, y, z float64) []byte {
		b := append([]byte("XYZ "), 0, 0, 0, 0)
		for _, v := range []float64{x, y, z} {
			b = be.AppendUint32(b, uint32(int32(math.Round(v*65536)))) // s15Fixed16
		}
		return b
	}
	// textDescriptionType: ASCII text, then empty Unicode and ScriptCode parts.
	const name = "sRGB IEC61966-2-1"
	desc := append([]byte("desc"), 0, 0, 0, 0)
	desc = be.AppendUint32(desc, uint32(len(name)+1))
	desc = append(append(desc, name...), 0)
	desc = append(desc, make([]byte, 4+4+2+1+67)...)
	cprt := append([]byte("text\x00\x00\x00\x00"), "No copyright, use freely\x00"...)

	const punkte = 1024
	curv := append([]byte("curv"), 0, 0, 0, 0)
	curv = be.AppendUint32(curv, punkte)
	for i := range punkte {
		v := float64(i) / (punkte - 1)
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curv = be.AppendUint16(curv, uint16(math.Round(v*65535)))
	}

	type tag struct {
		sig  string
		data []byte
	}
	tags := []tag{
		{"desc", desc},
		{"cprt", cprt},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.43607, 0.22249, 0.01392)},
		{"gXYZ", xyz(0.38515, 0.71687, 0.09708)},
		{"bXYZ", xyz(0.14307, 0.06061, 0.71410)},
		{"rTRC", curv},
		{"gTRC", nil}, // the same curve
		{"bTRC", nil},
	}
	var dir, data []byte
	dir = be.AppendUint32(dir, uint32(len(tags)))
	first := 128 + 4 + 12*len(tags)
	off, size := 0, 0
	for _, t := range tags {
		if t.data != nil {
			for len(data)%4 != 0 {
				data = append(data, 0)
			}
			off, size = first+len(data), len(t.data)
			data = append(data, t.data...)
		}
		dir = append(dir, t.sig...)
		dir = be.AppendUint32(dir, uint32(off))
		dir = be.AppendUint32(dir, uint32(size))
	}
	for len(data)%4 != 0 {
		data = append(data, 0)
	}

	kopf := make([]byte, 128)
	be.PutUint32(kopf[0:], uint32(first+len(data)))
	be.PutUint32(kopf[8:], 0x02100000)
	copy(kopf[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1, 0, 0, 0} { // a fixed date keeps files reproducible
		be.PutUint16(kopf[24+2*i:], v)
	}
	copy(kopf[36:], "acsp")
	copy(kopf[68:], xyz(0.9642, 1, 0.8249)[8:]) // D50, the illuminant of the connection space
	return append(append(kopf, dir...), data...)
})
