package pdf

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

//go:embed font/NotoSansSC-Regular.ttf.gz
var packedFont []byte

// notoSansSC unpacks and reads the embedded font at the first paper; every later one shares it.
var notoSansSC = sync.OnceValues(func() (*face, error) {
	r, err := gzip.NewReader(bytes.NewReader(packedFont))
	if err != nil {
		return nil, fmt.Errorf("unpack font: %w", err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack font: %w", err)
	}
	return parseFace(data)
})

// missing stands for every character the font cannot draw: an emoji, 𠮷, a broken byte.
const missing = '□'

// face is a TrueType font read once: where each glyph lies, which character it draws, how wide it is.
// It is never written to after parseFace and may be shared by any number of papers.
type face struct {
	tables   map[string][]byte
	glyf     []byte
	loca     []uint32        // one more entry than glyphs
	glyphs   [1 << 16]uint16 // by character of the basic plane; 0: not in the font
	advances []uint16        // by glyph, in font units
	bearings []int16         // left side bearing by glyph, in font units
	unit     float64         // font units per em
	widths   [1 << 16]uint16 // by character, in font units; 0: not in the font
}

// parseFace reads a TrueType file with a Unicode character map of format 4.
func parseFace(data []byte) (*face, error) {
	if len(data) < 12 || binary.BigEndian.Uint32(data) != 0x00010000 {
		return nil, fmt.Errorf("font: not a TrueType file")
	}
	f := &face{tables: map[string][]byte{}}
	for i := range int(binary.BigEndian.Uint16(data[4:])) {
		at := 12 + 16*i
		if at+16 > len(data) {
			return nil, fmt.Errorf("font: directory is cut short")
		}
		offset, size := binary.BigEndian.Uint32(data[at+8:]), binary.BigEndian.Uint32(data[at+12:])
		if uint64(offset)+uint64(size) > uint64(len(data)) {
			return nil, fmt.Errorf("font: table %s reaches past the end", data[at:at+4])
		}
		f.tables[string(data[at:at+4])] = data[offset : offset+size]
	}
	for name, least := range map[string]int{"head": 54, "hhea": 36, "maxp": 6, "OS/2": 78, "post": 32, "hmtx": 4, "cmap": 12, "loca": 4, "glyf": 0} {
		if table, ok := f.tables[name]; !ok || len(table) < least {
			return nil, fmt.Errorf("font: table %s is missing or too short", name)
		}
	}
	f.glyf = f.tables["glyf"]
	f.unit = float64(binary.BigEndian.Uint16(f.tables["head"][18:]))
	if err := f.readLocations(); err != nil {
		return nil, err
	}
	if err := f.readMetrics(); err != nil {
		return nil, err
	}
	if err := f.readCharacters(); err != nil {
		return nil, err
	}
	for r, g := range f.glyphs {
		if g != 0 {
			f.widths[r] = f.advances[g]
		}
	}
	return f, nil
}

func (f *face) count() int { return int(binary.BigEndian.Uint16(f.tables["maxp"][4:])) }

func (f *face) readLocations() error {
	table, n := f.tables["loca"], f.count()
	f.loca = make([]uint32, n+1)
	long := binary.BigEndian.Uint16(f.tables["head"][50:]) == 1
	if long && len(table) < 4*(n+1) || !long && len(table) < 2*(n+1) {
		return fmt.Errorf("font: glyph locations are cut short")
	}
	for i := range f.loca {
		if long {
			f.loca[i] = binary.BigEndian.Uint32(table[4*i:])
		} else {
			f.loca[i] = 2 * uint32(binary.BigEndian.Uint16(table[2*i:]))
		}
		if int64(f.loca[i]) > int64(len(f.glyf)) || i > 0 && f.loca[i] < f.loca[i-1] {
			return fmt.Errorf("font: glyph %d lies outside the outlines", i)
		}
	}
	return nil
}

func (f *face) readMetrics() error {
	table, n := f.tables["hmtx"], f.count()
	full := int(binary.BigEndian.Uint16(f.tables["hhea"][34:]))
	if full < 1 || full > n || len(table) < 4*full+2*(n-full) {
		return fmt.Errorf("font: metrics are cut short")
	}
	f.advances, f.bearings = make([]uint16, n), make([]int16, n)
	for g := range n {
		if g < full {
			f.advances[g] = binary.BigEndian.Uint16(table[4*g:])
			f.bearings[g] = int16(binary.BigEndian.Uint16(table[4*g+2:]))
			continue
		}
		f.advances[g] = f.advances[full-1]
		f.bearings[g] = int16(binary.BigEndian.Uint16(table[4*full+2*(g-full):]))
	}
	return nil
}

// readCharacters fills the character map from the Windows Unicode sub-table of format 4, which holds
// the whole basic plane.
func (f *face) readCharacters() error {
	table := f.tables["cmap"]
	var sub []byte
	for i := range int(binary.BigEndian.Uint16(table[2:])) {
		at := 4 + 8*i
		if at+8 > len(table) {
			break
		}
		offset := int(binary.BigEndian.Uint32(table[at+4:]))
		if binary.BigEndian.Uint16(table[at:]) == 3 && offset+16 <= len(table) && binary.BigEndian.Uint16(table[offset:]) == 4 {
			sub = table[offset:]
		}
	}
	if sub == nil {
		return fmt.Errorf("font: no Unicode character map of format 4")
	}
	segments := int(binary.BigEndian.Uint16(sub[6:])) / 2
	if 16+8*segments > len(sub) {
		return fmt.Errorf("font: character map is cut short")
	}
	ends, starts := sub[14:], sub[16+2*segments:]
	deltas, offsets := sub[16+4*segments:], sub[16+6*segments:]
	for s := range segments {
		first, last := int(binary.BigEndian.Uint16(starts[2*s:])), int(binary.BigEndian.Uint16(ends[2*s:]))
		delta, offset := binary.BigEndian.Uint16(deltas[2*s:]), int(binary.BigEndian.Uint16(offsets[2*s:]))
		for r := first; r <= last && r < 0xFFFF; r++ {
			glyph := uint16(r) + delta
			if offset != 0 {
				at := 2*s + offset + 2*(r-first)
				if at+2 > len(offsets) {
					return fmt.Errorf("font: character map points past its end")
				}
				if glyph = binary.BigEndian.Uint16(offsets[at:]); glyph != 0 {
					glyph += delta
				}
			}
			if int(glyph) >= f.count() {
				return fmt.Errorf("font: character %04X has no glyph", r)
			}
			f.glyphs[r] = glyph
		}
	}
	if f.glyphs[missing] == 0 || f.glyphs[' '] == 0 {
		return fmt.Errorf("font: %c or the space is missing", missing)
	}
	return nil
}

// has says whether the font can draw r.
func (f *face) has(r rune) bool { return r >= 0 && r <= 0xFFFF && f.glyphs[r] != 0 }

// width measures clean text at a size, in the unit of the size.
func (f *face) width(s string, size float64) float64 {
	var sum int
	for _, r := range s {
		if r <= 0xFFFF {
			sum += int(f.widths[r])
		}
	}
	return float64(sum) * size / f.unit
}
