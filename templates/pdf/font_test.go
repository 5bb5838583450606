package pdf

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

func noto(t testing.TB) *face {
	t.Helper()
	f, err := notoSansSC()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheFontIsTheOneItsReadmeNames(t *testing.T) {
	r, err := gzip.NewReader(bytes.NewReader(packedFont))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	readme, err := os.ReadFile("font/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("the embedded font has SHA-256 %x, font/README.md says otherwise", sum)
	}
}

func TestTheFontCoversWhatChinaWrites(t *testing.T) {
	f := noto(t)
	for _, s := range []string{"ABCXYZabcxyz0189.,:;-_/\\()[]{}<>@#$%&*+=?!'\"|~^`", "，。、；：？！“”‘’（）【】《》…—·￥¥", "㎡℃Ωµ×÷±≤≥→√", "龘犇喆堃淼玥垚赟翀", "éüñçøß"} {
		for _, r := range s {
			if !f.has(r) {
				t.Errorf("no glyph for %c", r)
			}
		}
	}
	hanzi := 0
	for r := rune(0x4E00); r <= 0x9FA5; r++ {
		if f.has(r) {
			hanzi++
		}
	}
	if hanzi < 20_900 {
		t.Errorf("%d of the 20,902 unified hanzi", hanzi)
	}
}

func TestACutKeepsTheOutlinesAndWidthsOfItsCharacters(t *testing.T) {
	f := noto(t)
	text := []rune("□ 派工单 Work order №1284 龘 é ½ ㎡ ￥¥ ①②")
	var composite []rune // characters whose glyph is put together from others
	for r := range rune(0xFFFF) {
		if g := f.outline(f.glyphs[r]); len(g) > 10 && int16(binary.BigEndian.Uint16(g)) < 0 && len(composite) < 40 {
			composite = append(composite, r)
		}
	}
	text = append(text, composite...)
	data := f.cut(text)
	if len(data) > 60_000 {
		t.Errorf("a cut of %d characters has %d bytes", len(text), len(data))
	}
	small, err := parseFace(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range text {
		if !f.has(r) {
			continue
		}
		if !small.has(r) || small.widths[r] != f.widths[r] {
			t.Errorf("%c: width %d, was %d", r, small.widths[r], f.widths[r])
		}
		if !sameOutline(t, f, small, f.glyphs[r], small.glyphs[r], 0) {
			t.Errorf("%c looks different", r)
		}
	}
	if small.has('乙') {
		t.Error("the cut has a character nobody asked for")
	}
	if checksum(data) != 0xB1B0AFBA {
		t.Errorf("the whole file adds up to %X", checksum(data))
	}
}

// sameOutline compares two glyphs point by point, and the parts of composites likewise.
func sameOutline(t *testing.T, a, b *face, ga, gb uint16, depth int) bool {
	t.Helper()
	if depth > 6 {
		t.Fatal("a composite contains itself")
	}
	one, other := slices.Clone(a.outline(ga)), slices.Clone(b.outline(gb))
	var partsA, partsB []uint16
	take := func(parts *[]uint16) func([]byte) {
		return func(number []byte) {
			*parts = append(*parts, binary.BigEndian.Uint16(number))
			number[0], number[1] = 0, 0
		}
	}
	components(one, take(&partsA))
	components(other, take(&partsB))
	if len(partsA) != len(partsB) || !bytes.Equal(one, other[:min(len(one), len(other))]) {
		return false
	}
	for i := range partsA {
		if !sameOutline(t, a, b, partsA[i], partsB[i], depth+1) {
			return false
		}
	}
	return true
}

func TestCompositeGlyphsBringTheirPartsAlong(t *testing.T) {
	square := []byte{0, 1, 0, 0, 0, 0, 0, 10, 0, 10, 0, 3, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0} // stands for any outline
	part := func(flags, glyph uint16, rest ...byte) []byte {
		out := binary.BigEndian.AppendUint16(nil, flags)
		return append(binary.BigEndian.AppendUint16(out, glyph), rest...)
	}
	frame := append([]byte{0xFF, 0xFF}, make([]byte, 8)...)
	// 5 = 4 twice, once moved by words and scaled, once by bytes; 6 = 5 turned by a matrix.
	five := slices.Concat(frame, part(1|1<<5|1<<3, 4, 0, 0, 0, 0, 0x40, 0), part(0, 4, 1, 1))
	six := slices.Concat(frame, part(1<<7, 5, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8))
	f := &face{tables: noto(t).tables, advances: make([]uint16, 7), bearings: make([]int16, 7), unit: 1000}
	for _, glyph := range [][]byte{nil, square, square, square, square, five, six} {
		f.loca = append(f.loca, uint32(len(f.glyf)))
		f.glyf = append(f.glyf, glyph...)
	}
	f.loca = append(f.loca, uint32(len(f.glyf)))
	f.glyphs[' '], f.glyphs[missing], f.glyphs['六'] = 1, 2, 6
	for g := range f.advances {
		f.advances[g] = uint16(100 * g)
	}
	small, err := parseFace(f.cut([]rune{' ', missing, '六'}))
	if err != nil {
		t.Fatal(err)
	}
	if small.count() != 6 { // .notdef, three characters, two parts
		t.Errorf("%d glyphs", small.count())
	}
	if !sameOutline(t, f, small, 6, small.glyphs['六'], 0) {
		t.Error("the parts were mixed up")
	}
}

func TestBrokenFontsAreRefused(t *testing.T) {
	whole := noto(t).cut([]rune("□ 派工"))
	if _, err := parseFace(whole); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		broken := slices.Clone(whole)[:12+random.IntN(len(whole)-12)]
		for range 6 {
			broken[random.IntN(min(len(broken), 400))] = byte(random.IntN(256))
		}
		_, _ = parseFace(broken) // must come back, with or without a font
	}
	for n := range len(whole) - 4 {
		if _, err := parseFace(whole[:n]); err == nil {
			t.Fatalf("a font cut off after %d of %d bytes was taken", n, len(whole))
		}
	}
}

func TestTextIsCleaned(t *testing.T) {
	f := noto(t)
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"派工单 A012", "派工单 A012"}, {"𠮷野家", "□野家"}, {"🚗坏", "□坏"}, {"a\xffb", "a□b"}, {"a\x00b\x1bc", "abc"},
		{"\u202e倒", "倒"}, {"e\u0301", "é"}, {"一\r\n二\r三", "一\n二\n三"}, {" 边 ", "边"}, {"不\u00a0换", "不 换"}, {"零\u200b宽\ufeff", "零宽"},
		{"नम", "□□"}, {"12345678901", "1234567890…"}, {"\ufffd", "□"},
	} {
		if got := f.clean(c.in, 10); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		}
	}
}

func TestLinesBreakWhereAReaderExpects(t *testing.T) {
	f := noto(t)
	for _, c := range []struct {
		in    string
		width float64
		want  string
	}{
		{"洗到一半停机，不排水。", 22, "洗到一半停|机，不排水。"},
		{"洗衣机（滚筒）", 16, "洗衣机|（滚筒）"},
		{"the pump is broken", 22, "the pump is|broken"},
		{"更换 Drain pump 一只", 22, "更换 Drain|pump 一只"},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 20, "ABCDEFGHI|JKLMNOPQ|RSTUVWXY|Z"},
		{"一\n\n二", 20, "一||二"},
	} {
		lines := f.wrap(c.in, 10, c.width)
		for _, l := range lines {
			if w := f.width(l, 10*point); w > c.width+0.01 {
				t.Errorf("%q is %.1f mm wide, more than %.0f", l, w, c.width)
			}
			if l != "" && strings.ContainsAny(string([]rune(l)[:1]), "，。）") {
				t.Errorf("the line %q begins with closing punctuation", l)
			}
		}
		if got := strings.Join(lines, "|"); got != c.want {
			t.Errorf("%q broke into %q, want %q", c.in, got, c.want)
		}
	}
}

func TestMaskedNumbers(t *testing.T) {
	for in, want := range map[string]string{"13800005678": "138****5678", "138 0000 5678": "138 **** 5678", "0571-88001234": "057*-****1234", "12345": "12*45", "110": "***", "": ""} {
		if got := mask(in); got != want {
			t.Errorf("%q masked as %q, want %q", in, got, want)
		}
	}
}

func TestPenaltiesOfALineAreThoseCountedByHand(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		side := 21 + 4*random.IntN(10)
		row := random.Uint64() & random.Uint64() & (1<<side - 1)
		if random.IntN(2) == 0 {
			row |= 0b1011101 << random.IntN(side-7)
		}
		want, text := 0, ""
		for i := range side {
			text += string(rune('0' + row>>i&1))
		}
		for i := 0; i < side; {
			j := i
			for j < side && text[j] == text[i] {
				j++
			}
			if j-i >= 5 {
				want += j - i - 2
			}
			i = j
		}
		for i := 0; i+11 <= side; i++ {
			if s := text[i : i+11]; s == "10111010000" || s == "00001011101" {
				want += 40
			}
		}
		if got := lines(row, side); got != want {
			t.Fatalf("%s (%d dark) costs %d, want %d", text, bits.OnesCount64(row), got, want)
		}
	}
}
