package files

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"

	"paigong/internal/fault"
)

// Limits of what is taken.
const (
	MaxBytes  = 10 << 20
	MaxPixels = 40_000_000
)

type format string

const (
	jpegFormat format = "image/jpeg"
	pngFormat  format = "image/png"
	webpFormat format = "image/webp"
	pdfFormat  format = "application/pdf"
)

// sniff tells what the bytes are by their beginning; names and headers of clients are not asked.
func sniff(b []byte) format {
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xD8, 0xFF}):
		return jpegFormat
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return pngFormat
	case len(b) > 12 && bytes.HasPrefix(b, []byte("RIFF")) && string(b[8:12]) == "WEBP":
		return webpFormat
	case bytes.HasPrefix(b, []byte("%PDF-")) && bytes.Contains(b[max(0, len(b)-2048):], []byte("%%EOF")):
		return pdfFormat
	}
	return ""
}

// clean is what is kept of the bytes that were sent.
type clean struct {
	bytes         []byte
	mime          format
	width, height int
}

// cleaned checks and re-encodes. JPEG stays JPEG and PNG stays PNG; WebP becomes JPEG, or PNG where it
// is partly transparent.
func cleaned(sent []byte) (clean, error) {
	kind := sniff(sent)
	if kind == pdfFormat {
		return clean{bytes: sent, mime: pdfFormat}, nil
	}
	var header func([]byte) (image.Config, error)
	var decode func([]byte) (image.Image, error)
	switch kind {
	case jpegFormat:
		header = func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }
		decode = func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }
	case pngFormat:
		header = func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) }
		decode = func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }
	case webpFormat:
		header = func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) }
		decode = func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }
	default:
		return clean{}, fault.New(fault.Invalid, "file_kind", "send a JPEG, PNG or WebP picture or a PDF")
	}
	damaged := fault.New(fault.Invalid, "file_damaged", "the picture cannot be read: take or choose it again")
	size, err := header(sent)
	if err != nil || size.Width <= 0 || size.Height <= 0 {
		return clean{}, damaged
	}
	if size.Width > MaxPixels || size.Height > MaxPixels || size.Width*size.Height > MaxPixels {
		return clean{}, fault.New(fault.TooLarge, "file_too_many_pixels", "the picture has more than %d megapixels", MaxPixels/1_000_000)
	}
	picture, err := decode(sent)
	if err != nil {
		return clean{}, damaged
	}
	if kind == jpegFormat {
		picture = upright(picture, orientation(sent))
	}
	if kind == webpFormat {
		kind = jpegFormat
		if seen, ok := picture.(interface{ Opaque() bool }); ok && !seen.Opaque() {
			kind = pngFormat
		}
	}
	var kept bytes.Buffer
	if kind == pngFormat {
		err = png.Encode(&kept, picture)
	} else {
		err = jpeg.Encode(&kept, picture, &jpeg.Options{Quality: 88})
	}
	if err == nil && kept.Len() > MaxBytes { // a noisy PNG may grow; a photo of it will do
		kept.Reset()
		kind, err = jpegFormat, jpeg.Encode(&kept, picture, &jpeg.Options{Quality: 80})
	}
	if err != nil {
		return clean{}, damaged
	}
	bounds := picture.Bounds()
	return clean{kept.Bytes(), kind, bounds.Dx(), bounds.Dy()}, nil
}

// orientation reads how the camera was held (EXIF tag 0x0112, 1 to 8); 1 when it does not say.
func orientation(b []byte) int {
	for at := 2; at+4 <= len(b) && b[at] == 0xFF && b[at+1] != 0xDA; {
		length := int(binary.BigEndian.Uint16(b[at+2:]))
		if length < 2 || at+2+length > len(b) {
			return 1
		}
		if segment := b[at+4 : at+2+length]; b[at+1] == 0xE1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return tiffOrientation(segment[6:])
		}
		at += 2 + length
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	directory := int64(order.Uint32(tiff[4:]))
	if directory+2 > int64(len(tiff)) {
		return 1
	}
	entries := int64(order.Uint16(tiff[directory:]))
	for i := range entries {
		entry := directory + 2 + i*12
		if entry+12 > int64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[entry:]) == 0x0112 {
			if held := int(order.Uint16(tiff[entry+8:])); held >= 1 && held <= 8 {
				return held
			}
			return 1
		}
	}
	return 1
}

// turned shows a picture rotated and mirrored without copying it.
type turned struct {
	image.Image
	size image.Rectangle
	from func(x, y int) (int, int)
}

func (t turned) Bounds() image.Rectangle { return t.size }
func (t turned) At(x, y int) color.Color { return t.Image.At(t.from(x, y)) }

func upright(picture image.Image, held int) image.Image {
	b := picture.Bounds()
	w, h := b.Dx(), b.Dy()
	from := map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	}[held]
	if from == nil {
		return picture
	}
	size := image.Rect(0, 0, w, h)
	if held >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	plain := image.NewRGBA(size)
	draw.Draw(plain, size, turned{picture, size, func(x, y int) (int, int) {
		x, y = from(x, y)
		return x + b.Min.X, y + b.Min.Y
	}}, image.Point{}, draw.Src)
	return plain
}
