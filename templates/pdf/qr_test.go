package pdf

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

// The library draws the same text; it may have chosen another of the eight masks, so it is enough
// that its drawing is one of our eight.
func TestQRCodesAreThoseOfAnotherEncoder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 14, 15, 26, 27, 42, 43, 62, 63, 84, 85, 106, 107, 122, 123, 152, 153, 180, 181, 213} {
		text := make([]byte, size)
		for i := range text {
			text[i] = byte(random.IntN(256))
		}
		theirs, err := qr.Encode(string(text), qr.M, qr.Unicode)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := qrCode(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if ours.side != theirs.Bounds().Dx() {
			t.Fatalf("%d bytes: %d modules a side, the other encoder has %d", size, ours.side, theirs.Bounds().Dx())
		}
		same := func(m *matrix) bool {
			for y := range m.side {
				for x := range m.side {
					r, _, _, _ := theirs.At(x, y).RGBA()
					if m.dark(x, y) != (r == 0) {
						return false
					}
				}
			}
			return true
		}
		version := (ours.side - 17) / 4
		m, free := patterns(version)
		place(m, free, codewords(string(text), version))
		found := false
		for mask := range 8 {
			candidate := masked(m, free, mask)
			found = found || same(&candidate)
		}
		if !found {
			t.Errorf("%d bytes: none of the eight masks gives the other encoder's code", size)
		}
	}
}

func TestQRCodeRefusesWhatDoesNotFit(t *testing.T) {
	if _, err := qrCode(strings.Repeat("x", qrLimit+1)); err == nil {
		t.Error("a link that is too long was drawn")
	}
}

func BenchmarkQRCode(b *testing.B) {
	for b.Loop() {
		if _, err := qrCode("https://service.example.cn/c/7Kq2mWv9ZtR4xLb8NcYd3f"); err != nil {
			b.Fatal(err)
		}
	}
}
