package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A certificate of our own is made once, told with its fingerprint, and trusted by whoever installed it; in its
// last month a new one is made.
func TestSelfSignedCertificate(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	var told []string
	config := func(now time.Time) *tls.Config {
		t.Helper()
		c, err := TLS{SelfSigned: true}.config(data, func() time.Time { return now }, func(line string) { told = append(told, line) })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := config(time.Now())
	again := config(time.Now())
	print := fingerprint(first.Certificates[0].Certificate[0])
	if print != fingerprint(again.Certificates[0].Certificate[0]) {
		t.Error("a restart changes the fingerprint")
	}
	if !strings.Contains(strings.Join(told, "\n"), print) || len(print) != 32*3-1 {
		t.Errorf("told %q, fingerprint %s", told, print)
	}
	if secret, err := os.Stat(filepath.Join(data, "tls", "self-signed.key")); err != nil || secret.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", secret, err)
	}
	app, err := New(Config{Listen: "127.0.0.1:0", Data: data, TLS: TLS{SelfSigned: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	if !strings.HasPrefix(app.URL(), "https://127.0.0.1:") {
		t.Errorf("address %s", app.URL())
	}
	served := &http.Server{Handler: app}
	go func() { _ = served.Serve(app.listener) }()
	defer served.Close()
	pem, err := os.ReadFile(filepath.Join(data, "tls", "self-signed.crt"))
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}}
	res, err := client.Get(app.URL() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 200 || res.ProtoMajor != 2 {
		t.Errorf("%s %s %s", res.Status, res.Proto, body)
	}
	if _, err := http.Get(app.URL() + "/healthz"); err == nil {
		t.Error("somebody who did not install it trusts it")
	}
	if next := config(time.Now().AddDate(1, 11, 15)); fingerprint(next.Certificates[0].Certificate[0]) == print {
		t.Error("a certificate that ends within a month is kept")
	}
}

func TestHalfATLSSettingIsRefused(t *testing.T) {
	for _, bad := range []TLS{{Cert: "x"}, {Key: "x"}, {ACME: "localhost"}, {ACME: "https://a.example"}, {ACME: "a.example", SelfSigned: true}, {Cert: "x", Key: "y", ACME: "a.example"}} {
		if bad.check() == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	for _, good := range []TLS{{}, {Cert: "x", Key: "y"}, {ACME: "a.example"}, {SelfSigned: true}} {
		if err := good.check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	if _, err := (TLS{Cert: "/none.pem", Key: "/none.key"}).config(t.TempDir(), time.Now, nil); err == nil || !strings.Contains(err.Error(), "--tls-cert") {
		t.Errorf("files that are not there: %v", err)
	}
}
