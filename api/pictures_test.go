package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
)

// putPicture sends a small real picture, never the same, and returns the hash it is named by.
func (c *client) putPicture() string {
	c.w.t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 8, 8))
	nth := c.w.keys.Add(1)
	for i := range 64 {
		p.Set(i%8, i/8, color.RGBA{uint8(nth), uint8(nth >> 8), uint8(i * 4), 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		c.w.t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	name := hex.EncodeToString(sum[:])
	c.do("PUT", "/files/"+name, b.Bytes(), "Content-Type", "image/png").want(200)
	return name
}
