package pdf

import (
	"fmt"
	"math/bits"
)

// matrix is a square of modules, up to 64 a side: bit x of row y is set where it is dark.
type matrix struct {
	side int
	rows [64]uint64
}

func (m *matrix) dark(x, y int) bool { return m.rows[y]>>x&1 == 1 }

func (m *matrix) set(x, y int, dark bool) {
	m.rows[y] &^= 1 << x
	if dark {
		m.rows[y] |= 1 << x
	}
}

// blocks says how a QR code of error correction level M (15 % may be damaged) is divided, by version:
// correction bytes of each block, then blocks and data bytes of the two groups (ISO/IEC 18004, table 9).
var blocks = [...]struct{ correction, blocks1, data1, blocks2, data2 int }{
	1: {10, 1, 16, 0, 0}, 2: {16, 1, 28, 0, 0}, 3: {26, 1, 44, 0, 0}, 4: {18, 2, 32, 0, 0}, 5: {24, 2, 43, 0, 0},
	6: {16, 4, 27, 0, 0}, 7: {18, 4, 31, 0, 0}, 8: {22, 2, 38, 2, 39}, 9: {22, 3, 36, 2, 37}, 10: {26, 4, 43, 1, 44},
}

// alignment lists the centres of the alignment patterns by version.
var alignment = [...][]int{
	2: {6, 18}, 3: {6, 22}, 4: {6, 26}, 5: {6, 30}, 6: {6, 34},
	7: {6, 22, 38}, 8: {6, 24, 42}, 9: {6, 26, 46}, 10: {6, 28, 50},
}

// qrLimit is how many bytes fit into the largest code that is still read from a printed paper of 22 mm.
const qrLimit = 213

// qrCode draws text as a QR code of level M in byte mode, version 1 to 10, with the mask of the lowest penalty.
// boombuler's encoder sends every module through two channels and takes 2-3 ms for a link, more than
// the rest of the paper; it serves as the referee in the tests.
func qrCode(text string) (*matrix, error) {
	if len(text) > qrLimit {
		return nil, fmt.Errorf("a link of %d bytes does not fit into a QR code of at most %d", len(text), qrLimit)
	}
	version := 1
	for capacity(version) < len(text) {
		version++
	}
	m, free := patterns(version)
	place(m, free, codewords(text, version))
	best, lowest := matrix{}, -1
	for mask := range 8 {
		candidate := masked(m, free, mask)
		if p := penalty(&candidate); lowest < 0 || p < lowest {
			best, lowest = candidate, p
		}
	}
	return &best, nil
}

func dataBytes(version int) int {
	b := blocks[version]
	return b.blocks1*b.data1 + b.blocks2*b.data2
}

// capacity is what is left for text beside the mode (4 bits) and its length (8 bits, from version 10 on 16).
func capacity(version int) int {
	if version >= 10 {
		return dataBytes(version) - 3
	}
	return dataBytes(version) - 2
}

// codewords are the bytes in the order in which they are drawn: data of all blocks in turn, then correction.
func codewords(text string, version int) []byte {
	data := make([]byte, 0, dataBytes(version)+1)
	if version >= 10 {
		data = append(data, 0x40|byte(len(text)>>12), byte(len(text)>>4), byte(len(text)<<4))
	} else {
		data = append(data, 0x40|byte(len(text)>>4), byte(len(text)<<4))
	}
	for _, b := range []byte(text) {
		data[len(data)-1] |= b >> 4
		data = append(data, b<<4)
	}
	for pad := byte(0xEC); len(data) < dataBytes(version); pad ^= 0xEC ^ 0x11 {
		data = append(data, pad)
	}
	shape := blocks[version]
	divisor := generator(shape.correction)
	var parts, checks [][]byte
	for i := range shape.blocks1 + shape.blocks2 {
		size := shape.data1
		if i >= shape.blocks1 {
			size = shape.data2
		}
		parts, checks = append(parts, data[:size]), append(checks, remainder(data[:size], divisor))
		data = data[size:]
	}
	out := make([]byte, 0, dataBytes(version)+shape.correction*len(parts))
	for i := range max(shape.data1, shape.data2) {
		for _, part := range parts {
			if i < len(part) {
				out = append(out, part[i])
			}
		}
	}
	for i := range shape.correction {
		for _, check := range checks {
			out = append(out, check[i])
		}
	}
	return out
}

// powers and logs of 2 in the field of 256 elements over x⁸+x⁴+x³+x²+1 turn products into sums.
var powers, logs = func() (powers [510]byte, logs [256]int) {
	for i, v := 0, 1; i < 255; i++ {
		powers[i], powers[i+255], logs[v] = byte(v), byte(v), i
		if v <<= 1; v > 255 {
			v ^= 0x11D
		}
	}
	return powers, logs
}()

func times(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return powers[logs[a]+logs[b]]
}

// generator is the Reed-Solomon divisor of a degree, without its leading 1.
func generator(degree int) []byte {
	out := make([]byte, degree)
	out[degree-1] = 1
	root := byte(1)
	for range degree {
		for i := range out {
			out[i] = times(out[i], root)
			if i+1 < degree {
				out[i] ^= out[i+1]
			}
		}
		root = times(root, 2)
	}
	return out
}

func remainder(data, divisor []byte) []byte {
	out := make([]byte, len(divisor))
	for _, b := range data {
		factor := b ^ out[0]
		copy(out, out[1:])
		out[len(out)-1] = 0
		for i, d := range divisor {
			out[i] ^= times(d, factor)
		}
	}
	return out
}

// patterns draws what is the same in every code of a version, and marks in free the modules left for data.
func patterns(version int) (m, free *matrix) {
	side := 17 + 4*version
	m, free = &matrix{side: side}, &matrix{side: side}
	for y := range side {
		free.rows[y] = 1<<side - 1
	}
	fix := func(x, y int, dark bool) {
		if x >= 0 && y >= 0 && x < side && y < side {
			m.set(x, y, dark)
			free.set(x, y, false)
		}
	}
	for i := range side {
		fix(i, 6, i%2 == 0)
		fix(6, i, i%2 == 0)
	}
	for _, corner := range [][2]int{{3, 3}, {side - 4, 3}, {3, side - 4}} {
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				ring := max(dx, -dx, dy, -dy)
				fix(corner[0]+dx, corner[1]+dy, ring != 2 && ring != 4)
			}
		}
	}
	centres := alignment[version]
	for i, cy := range centres {
		for j, cx := range centres {
			last := len(centres) - 1
			if i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0 {
				continue // a finder pattern lies there
			}
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					fix(cx+dx, cy+dy, max(dx, -dx, dy, -dy) != 1)
				}
			}
		}
	}
	format(fix, side, 0)
	if version >= 7 {
		rest := version
		for range 12 {
			rest = rest<<1 ^ rest>>11*0x1F25
		}
		for i := range 18 {
			dark := (version<<12|rest)>>i&1 == 1
			fix(side-11+i%3, i/3, dark)
			fix(i/3, side-11+i%3, dark)
		}
	}
	return m, free
}

// format writes level M and the mask, with their check bits, in both places.
func format(fix func(x, y int, dark bool), side, mask int) {
	rest := mask // the two bits of level M are 00
	for range 10 {
		rest = rest<<1 ^ rest>>9*0x537
	}
	word := (mask<<10 | rest) ^ 0x5412
	bit := func(i int) bool { return word>>i&1 == 1 }
	for i := range 6 {
		fix(8, i, bit(i))
		fix(14-i-9, 8, bit(i+9))
	}
	fix(8, 7, bit(6))
	fix(8, 8, bit(7))
	fix(7, 8, bit(8))
	for i := range 8 {
		fix(side-1-i, 8, bit(i))
	}
	for i := 8; i < 15; i++ {
		fix(8, side-15+i, bit(i))
	}
	fix(8, side-8, true)
}

// place draws the bytes in columns of two, upwards and downwards in turn from the right.
func place(m, free *matrix, data []byte) {
	n, up := 0, true
	for right := m.side - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range m.side {
			y := i
			if up {
				y = m.side - 1 - i
			}
			for x := right; x >= right-1; x-- {
				if free.dark(x, y) && n < 8*len(data) {
					m.set(x, y, data[n/8]>>(7-n%8)&1 == 1)
					n++
				}
			}
		}
		up = !up
	}
}

// masks are the eight rules by which data modules are turned over; each repeats after twelve rows.
var masks = func() (rows [8][12]uint64) {
	for y := range 12 {
		for x := range 64 {
			for mask, flip := range []bool{
				(x+y)%2 == 0, y%2 == 0, x%3 == 0, (x+y)%3 == 0, (x/3+y/2)%2 == 0,
				x*y%2+x*y%3 == 0, (x*y%2+x*y%3)%2 == 0, ((x+y)%2+x*y%3)%2 == 0,
			} {
				if flip {
					rows[mask][y] |= 1 << x
				}
			}
		}
	}
	return rows
}()

// masked turns the data modules over by one of the eight rules and writes which one.
func masked(m, free *matrix, mask int) matrix {
	out := *m
	for y := range m.side {
		out.rows[y] ^= masks[mask][y%12] & free.rows[y]
	}
	format(out.set, m.side, mask)
	return out
}

// penalty counts what makes a code hard to read: long runs, squares, false finders, uneven darkness.
func penalty(m *matrix) int {
	sum, dark := 0, 0
	columns := matrix{side: m.side}
	for y := range m.side {
		dark += bits.OnesCount64(m.rows[y])
		for x := range m.side {
			columns.rows[x] |= (m.rows[y] >> x & 1) << y
		}
	}
	full := uint64(1)<<m.side - 1
	for i := range m.side {
		sum += lines(m.rows[i], m.side) + lines(columns.rows[i], m.side)
		if i > 0 {
			vertical := ^(m.rows[i] ^ m.rows[i-1])
			horizontal := ^(m.rows[i] ^ m.rows[i]>>1)
			above := ^(m.rows[i-1] ^ m.rows[i-1]>>1)
			sum += 3 * bits.OnesCount64(vertical&horizontal&above&(full>>1))
		}
	}
	total := m.side * m.side
	away := 20*dark - 10*total
	if away < 0 {
		away = -away
	}
	return sum + 10*max(0, (away+total-1)/total-1)
}

// lines counts the runs of five and more and the false finders (1011101 beside four light modules) of a line,
// for all places of the line at once.
func lines(row uint64, side int) int {
	equal := ^(row ^ row>>1) & (1<<(side-1) - 1)
	fives := equal & (equal >> 1) & (equal >> 2) & (equal >> 3) // a run of n has n-4 of them and costs n-2
	sum := bits.OnesCount64(fives) + 2*bits.OnesCount64(fives&^(fives<<1))

	core := row & (row >> 2) & (row >> 3) & (row >> 4) & (row >> 6) &^ (row >> 1) &^ (row >> 5)
	light := ^row & (^row >> 1) & (^row >> 2) & (^row >> 3)
	inside := uint64(1)<<(side-10) - 1
	return sum + 40*bits.OnesCount64(core&(light>>7)&inside) + 40*bits.OnesCount64((core>>4)&light&inside)
}
