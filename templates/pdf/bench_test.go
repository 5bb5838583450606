package pdf

import (
	"io"
	"syscall"
	"testing"
	"time"
)

// burnt is the processor time this process has used so far: what a paper costs on a machine that has other work too.
func burnt() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func perPage(b *testing.B, pages int, work func() error) {
	b.Helper()
	if err := work(); err != nil { // unpacks the font
		b.Fatal(err)
	}
	b.ReportAllocs()
	start := burnt()
	for b.Loop() {
		if err := work(); err != nil {
			b.Fatal(err)
		}
	}
	cpu := (burnt() - start).Seconds() / float64(b.N*pages)
	b.ReportMetric(cpu*1e3, "cpu-ms/page")
	b.ReportMetric(1/cpu, "pages/cpu-s")
}

// One page with Chinese and Latin text, tables, bars and the QR code of a link.
func BenchmarkWorkOrder(b *testing.B) {
	p := sampleWorkOrder()
	p.Link = sampleHead.Link
	perPage(b, 1, func() error { return p.Write(io.Discard, options("zh-Hans")) })
}

func BenchmarkReceipt(b *testing.B) {
	p := sampleReceipt()
	perPage(b, 1, func() error { return p.Write(io.Discard, options("zh-Hans")) })
}

func BenchmarkHundredWorkOrders(b *testing.B) {
	orders := make([]WorkOrder, 100)
	for i := range orders {
		orders[i] = sampleWorkOrder()
	}
	perPage(b, 100, func() error { return WriteAll(io.Discard, orders, options("zh-Hans")) })
}

func BenchmarkHundredFollowUps(b *testing.B) {
	calls := make([]FollowUp, 100)
	for i := range calls {
		calls[i] = sampleFollowUp()
	}
	perPage(b, 100, func() error { return WriteAll(io.Discard, calls, options("zh-Hans")) })
}

func BenchmarkFontCut(b *testing.B) {
	f, err := notoSansSC()
	if err != nil {
		b.Fatal(err)
	}
	c, err := newCanvas(options("zh-Hans"))
	if err != nil {
		b.Fatal(err)
	}
	c.paper(sampleWorkOrder())
	used := c.characters()
	b.ReportMetric(float64(len(used)), "characters")
	for b.Loop() {
		f.cut(used)
	}
}
