package pdf

import (
	"encoding/binary"
	"slices"
	"strings"
)

// cut makes a small TrueType font with the given characters and nothing else: 40 to 70 KB instead of
// 10 MB. fpdf reads a font completely at every document, so a paper made with the cut costs a fifth of
// one made with the whole font.
//
// Every character gets a glyph of its own, in the order of the characters, so that a run of neighbouring
// characters is one segment of the character map. Composite glyphs keep their structure; their parts
// follow behind. Layout tables (kerning, vertical metrics) are left out, since papers do not use them.
// The same characters give the same bytes, whatever their order.
func (f *face) cut(runes []rune) []byte {
	runes = slices.Clone(runes)
	slices.Sort(runes)
	runes = slices.DeleteFunc(slices.Compact(runes), func(r rune) bool { return !f.has(r) })

	old := make([]uint16, 1, len(runes)+8) // glyph numbers in the whole font; the first is .notdef
	for _, r := range runes {
		old = append(old, f.glyphs[r])
	}
	part := map[uint16]uint16{} // parts of composites: number in the whole font → number in the cut
	outline := make([]byte, 0, 96*len(old))
	var places []uint32
	for i := 0; i < len(old); i++ { // old grows while composites are met
		places = append(places, uint32(len(outline)))
		glyph := f.outline(old[i])
		start := len(outline)
		outline = append(outline, glyph...)
		components(outline[start:], func(number []byte) {
			whole := binary.BigEndian.Uint16(number)
			small, known := part[whole]
			if !known {
				small = uint16(len(old))
				part[whole] = small
				old = append(old, whole)
			}
			binary.BigEndian.PutUint16(number, small)
		})
		for len(outline)%4 != 0 {
			outline = append(outline, 0)
		}
	}
	places = append(places, uint32(len(outline)))

	metrics := make([]byte, 0, 4*len(old))
	for _, g := range old {
		metrics = binary.BigEndian.AppendUint16(metrics, f.advances[g])
		metrics = binary.BigEndian.AppendUint16(metrics, uint16(f.bearings[g]))
	}
	locations := make([]byte, 0, 4*len(places))
	for _, p := range places {
		locations = binary.BigEndian.AppendUint32(locations, p)
	}
	head := slices.Clone(f.tables["head"])
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1)
	hhea := slices.Clone(f.tables["hhea"])
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(old)))
	maxp := slices.Clone(f.tables["maxp"])
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(old)))

	tables := []table{
		{"OS/2", f.tables["OS/2"]},
		{"cmap", characterMap(runes)},
		{"glyf", outline},
		{"head", head},
		{"hhea", hhea},
		{"hmtx", metrics},
		{"loca", locations},
		{"maxp", maxp},
		{"name", []byte{0, 0, 0, 0, 0, 6}},
		{"post", append([]byte{0, 3, 0, 0}, f.tables["post"][4:32]...)},
	}
	for _, hints := range []string{"cvt ", "fpgm", "prep"} {
		if data, ok := f.tables[hints]; ok {
			tables = append(tables, table{hints, data})
		}
	}
	// The format asks for the order of the names.
	slices.SortFunc(tables, func(a, b table) int { return strings.Compare(a.name, b.name) })
	return assemble(tables)
}

// outline is one glyph's description; empty for a space.
func (f *face) outline(g uint16) []byte { return f.glyf[f.loca[g]:f.loca[g+1]] }

// components shows each part number of a composite glyph to visit, which may overwrite it in place.
func components(glyph []byte, visit func(number []byte)) {
	const words, more, scale, scales, matrix = 1, 1 << 5, 1 << 3, 1 << 6, 1 << 7
	if len(glyph) < 10 || int16(binary.BigEndian.Uint16(glyph)) >= 0 {
		return
	}
	for at := 10; at+4 <= len(glyph); {
		flags := binary.BigEndian.Uint16(glyph[at:])
		visit(glyph[at+2 : at+4])
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&scales != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
		if flags&more == 0 {
			return
		}
	}
}

// characterMap writes a cmap table of format 4 for characters whose glyphs are numbered from 1 in order.
func characterMap(runes []rune) []byte {
	type run struct{ first, last, delta uint16 }
	var runs []run
	for i, r := range runes {
		if n := len(runs); n > 0 && rune(runs[n-1].last)+1 == r {
			runs[n-1].last++
			continue
		}
		runs = append(runs, run{uint16(r), uint16(r), uint16(i+1) - uint16(r)})
	}
	runs = append(runs, run{0xFFFF, 0xFFFF, 1})
	n := len(runs)
	power, log := 1, 0
	for power*2 <= n {
		power, log = power*2, log+1
	}
	out := []byte{0, 0, 0, 1, 0, 3, 0, 1, 0, 0, 0, 12}
	for _, v := range []int{4, 16 + 8*n, 0, 2 * n, 2 * power, log, 2 * (n - power)} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	for _, r := range runs {
		out = binary.BigEndian.AppendUint16(out, r.last)
	}
	out = append(out, 0, 0)
	for _, r := range runs {
		out = binary.BigEndian.AppendUint16(out, r.first)
	}
	for _, r := range runs {
		out = binary.BigEndian.AppendUint16(out, r.delta)
	}
	return append(out, make([]byte, 2*n)...)
}

type table struct {
	name string
	data []byte
}

// assemble writes the directory and the tables with their checksums.
func assemble(tables []table) []byte {
	n := len(tables)
	power, log := 1, 0
	for power*2 <= n {
		power, log = power*2, log+1
	}
	size := 12 + 16*n
	for _, t := range tables {
		size += (len(t.data) + 3) &^ 3
	}
	out := make([]byte, 12+16*n, size)
	binary.BigEndian.PutUint32(out, 0x00010000)
	for i, v := range []int{n, 16 * power, log, 16 * (n - power)} {
		binary.BigEndian.PutUint16(out[4+2*i:], uint16(v))
	}
	headAt := 0
	for i, t := range tables {
		at := len(out)
		if t.name == "head" {
			headAt = at
		}
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
		entry := out[12+16*i:]
		copy(entry, t.name)
		binary.BigEndian.PutUint32(entry[4:], checksum(out[at:]))
		binary.BigEndian.PutUint32(entry[8:], uint32(at))
		binary.BigEndian.PutUint32(entry[12:], uint32(len(t.data)))
	}
	binary.BigEndian.PutUint32(out[headAt+8:], 0xB1B0AFBA-checksum(out))
	return out
}

// checksum adds up big-endian words; the length is a multiple of four.
func checksum(data []byte) (sum uint32) {
	for ; len(data) >= 4; data = data[4:] {
		sum += binary.BigEndian.Uint32(data)
	}
	return sum
}
