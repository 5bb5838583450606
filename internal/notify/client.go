package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// Client posts to addresses that people typed in. It connects only to addresses of the public Internet,
// checked after the name was resolved and for each connection, so that no name can point back into the
// house; it follows no redirect, uses no proxy, and gives up after five seconds.
type Client struct {
	http          *http.Client
	allowLoopback bool
}

// NewClient makes one. allowLoopback lets it talk to this machine, over plain http too: for tests, and
// for a receiver that the operator runs beside the program.
func NewClient(allowLoopback bool) *Client {
	dialer := &net.Dialer{Timeout: 4 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !reachable(at.Addr(), allowLoopback) {
			return fmt.Errorf("%s is not an address of the public Internet", at.Addr())
		}
		return nil
	}}
	return &Client{allowLoopback: allowLoopback, http: &http.Client{
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 4 * time.Second, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 2, MaxIdleConns: 32, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 16 << 10,
		},
	}}
}

// inside are ranges of addresses that belong to no public host, beyond those net/netip knows.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("fec0::/10"),
}

func reachable(at netip.Addr, allowLoopback bool) bool {
	at = at.Unmap().WithZone("")
	if at.IsLoopback() {
		return allowLoopback
	}
	if !at.IsGlobalUnicast() || at.IsPrivate() {
		return false
	}
	for _, range_ := range inside {
		if range_.Contains(at) {
			return false
		}
	}
	return true
}

// checkURL refuses what could never be posted to.
func (c *Client) checkURL(raw string) error {
	bad := fault.New(fault.Invalid, "webhook_url", "give an https:// address that is reachable from outside").Field("body.url", "not usable")
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || len(raw) > 2000 {
		return bad
	}
	at, literal := netip.ParseAddr(u.Hostname())
	local := strings.EqualFold(u.Hostname(), "localhost") || literal == nil && at.IsLoopback()
	switch {
	case local && c.allowLoopback && (u.Scheme == "http" || u.Scheme == "https"):
		return nil
	case u.Scheme != "https" || local || literal == nil && !reachable(at, false):
		return bad
	}
	return nil
}

// errRefused is an answer other than 2xx.
type errRefused int

func (e errRefused) Error() string { return fmt.Sprintf("answered %d", int(e)) }

// post sends a signed body as the Standard Webhooks specification says. What comes back is never shown
// to anybody but for its status.
func (c *Client) post(ctx context.Context, target string, secret []byte, id uuid.UUID, at time.Time, body []byte) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(string(body)))
	if err != nil {
		return 0, err
	}
	name, stamp := "msg_"+id.String(), strconv.FormatInt(at.Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Paigong")
	request.Header.Set("webhook-id", name)
	request.Header.Set("webhook-timestamp", stamp)
	request.Header.Set("webhook-signature", Sign(secret, name, stamp, body))
	answer, err := c.http.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // the address may hold a token: keep it out of logs and lists
			err = wrapped.Err
		}
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return answer.StatusCode, errRefused(answer.StatusCode)
	}
	return answer.StatusCode, nil
}

// Sign is the webhook-signature of a body: "v1," and HMAC-SHA256 over "id.timestamp.body" in base64.
func Sign(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SecretText is a secret as receivers are given it: "whsec_" and base64.
func SecretText(secret []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(secret) }
