package customers

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"paigong/internal/fault"
)

var (
	// The ways an extension is written in China: 转801, 分机801, -801 behind a landline.
	extensionWord = regexp.MustCompile(`(?i)\s*(?:转|轉|分机|分機|内线|內線|ext\.?|extension|#|\*)\s*(\d{1,7})\s*$`)
	// A Chinese number of the right length counts even where the list of number ranges does not know it yet:
	// a mobile number, or an area code with seven or eight digits.
	plausible     = regexp.MustCompile(`^(1[3-9]\d{9}|10\d{8}|[2-9]\d{9,10})$`)
	extensionDash = regexp.MustCompile(`^((?:\(?0\d{2,3}\)?|\+?86[- ]?\(?\d{2,4}\)?)[- ]?\d{7,8})[- ]+(\d{1,6})$`)
)

// NormalisePhone writes a phone number in its one shape: E.164, and ";ext=801" behind it (RFC 3966) where
// there is an extension. region is where a number without country code belongs, such as "CN". A landline
// needs its area code; a number that cannot exist is fault.Invalid phone_invalid.
func NormalisePhone(raw, region string) (string, error) {
	plain := strings.NewReplacer("—", "-", "–", "-", "－", "-", "　", " ").Replace(norm.NFKC.String(strings.TrimSpace(raw)))
	extension := ""
	if base, found := strings.CutPrefix(plain, "tel:"); found {
		plain = base
	}
	if base, ext, found := strings.Cut(plain, ";ext="); found {
		plain, extension = base, ext
	} else if m := extensionWord.FindStringSubmatchIndex(plain); m != nil {
		plain, extension = plain[:m[0]], plain[m[2]:m[3]]
	} else if m := extensionDash.FindStringSubmatch(plain); m != nil {
		plain, extension = m[1], m[2]
	}
	if region == "" {
		region = "CN"
	}
	number, err := phonenumbers.Parse(plain, region)
	if err != nil || !digits(extension) || !phonenumbers.IsValidNumber(number) &&
		!(number.GetCountryCode() == 86 && plausible.MatchString(phonenumbers.GetNationalSignificantNumber(number))) {
		return "", fault.New(fault.Invalid, "phone_invalid", "%q is not a phone number: a landline needs its area code", raw).Field("body.phone", "not a phone number")
	}
	out := phonenumbers.Format(number, phonenumbers.E164)
	if extension != "" {
		out += ";ext=" + extension
	}
	return out, nil
}

// ShowPhone writes a normalised number as people of the country write it: "138 1234 5678", "010 6234 5678 转 801".
func ShowPhone(phone string) string {
	base, extension, _ := strings.Cut(phone, ";ext=")
	number, err := phonenumbers.Parse(base, "CN")
	if err != nil {
		return phone
	}
	format := phonenumbers.INTERNATIONAL
	if number.GetCountryCode() == 86 {
		format = phonenumbers.NATIONAL
	}
	out := phonenumbers.Format(number, format)
	if extension != "" {
		out += " 转 " + extension
	}
	return out
}

// MaskPhone hides the middle of a number for lists and papers that leave the house: 138****5678.
func MaskPhone(phone string) string {
	base, _, _ := strings.Cut(strings.TrimPrefix(phone, "+86"), ";ext=")
	if len(base) < 8 {
		return strings.Repeat("*", len(base))
	}
	return base[:3] + strings.Repeat("*", len(base)-7) + base[len(base)-4:]
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// phones normalises a list and drops what is written twice.
func phones(raw []string) ([]string, error) {
	out := []string{}
	seen := map[string]bool{}
	for _, r := range raw {
		if strings.TrimSpace(r) == "" {
			continue
		}
		p, err := NormalisePhone(r, "CN")
		if err != nil {
			return nil, err
		}
		if !seen[p] {
			out, seen[p] = append(out, p), true
		}
	}
	return out, nil
}
