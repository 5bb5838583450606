// Package money counts in whole minor units, so that totals are sums and nothing is rounded twice.
package money

import (
	"fmt"
	"strings"
)

// Fen is an amount of money in minor units (1/100 yuan), tax included.
type Fen int64

// Yuan gives the amount of so many whole yuan.
func Yuan(yuan int64) Fen { return Fen(yuan * 100) }

// String writes the amount with two decimals and without a currency sign: "1234.50", "-0.05".
func (f Fen) String() string {
	sign, abs := f.split()
	return fmt.Sprintf("%s%d.%02d", sign, abs/100, abs%100)
}

// split parts sign and size; the size is unsigned because the smallest int64 has no positive twin.
func (f Fen) split() (sign string, abs uint64) {
	if f < 0 {
		return "-", -uint64(f)
	}
	return "", uint64(f)
}

var (
	capitals = []string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}
	places   = []string{"", "拾", "佰", "仟"}
)

// Capital writes the amount in the Chinese financial numerals that receipts carry beside the figures,
// by the rules for filling in payment instruments (支付结算办法, annex 1): 整 closes an amount without
// fen, one 零 stands for any run of zeros between digits, and for an empty 角 before 分.
// A negative amount begins with 负.
func (f Fen) Capital() string {
	sign, abs := f.split()
	if sign != "" {
		sign = "负"
	}
	yuan, jiao, fen := abs/100, abs/10%10, abs%10
	var b strings.Builder
	b.WriteString(sign)
	if yuan > 0 || abs == 0 {
		b.WriteString(integer(yuan))
		b.WriteString("元")
	}
	if jiao > 0 {
		b.WriteString(capitals[jiao] + "角")
	}
	switch {
	case fen == 0:
		b.WriteString("整")
	case jiao == 0 && yuan > 0:
		b.WriteString("零" + capitals[fen] + "分")
	default:
		b.WriteString(capitals[fen] + "分")
	}
	return b.String()
}

// integer reads whole yuan aloud. Above 亿 the part before it is read the same way again, so that the
// largest amounts become 万亿 and 亿亿.
func integer(n uint64) string {
	const yi, wan = 100_000_000, 10_000
	switch {
	case n >= yi:
		return integer(n/yi) + "亿" + rest(n%yi, yi/10)
	case n >= wan:
		return group(n/wan) + "万" + rest(n%wan, wan/10)
	case n == 0:
		return capitals[0]
	}
	return group(n)
}

// rest reads what follows 万 or 亿, with 零 when it does not fill its highest place.
func rest(n, highest uint64) string {
	switch {
	case n == 0:
		return ""
	case n < highest:
		return capitals[0] + integer(n)
	}
	return integer(n)
}

// group reads 1 to 9999.
func group(n uint64) string {
	out, pending := "", false
	for place, unit := 3, uint64(1000); place >= 0; place, unit = place-1, unit/10 {
		digit := n / unit % 10
		if digit == 0 {
			pending = out != ""
			continue
		}
		if pending {
			out += capitals[0]
			pending = false
		}
		out += capitals[digit] + places[place]
	}
	return out
}
