package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/acme/autocert"
)

// TLS is how the program speaks https by itself. Phones keep pages for times without a network only over
// https; a proxy in front that speaks it does as well.
type TLS struct {
	Cert, Key  string // files in PEM
	ACME       string // public name for which a certificate is fetched and renewed
	SelfSigned bool   // a certificate of our own, for a trial in the office network
}

// On reports whether the program speaks https.
func (t TLS) On() bool { return t.Cert != "" || t.ACME != "" || t.SelfSigned }

// check refuses half a setting and two at once.
func (t TLS) check() error {
	ways := 0
	for _, is := range []bool{t.Cert != "" || t.Key != "", t.ACME != "", t.SelfSigned} {
		if is {
			ways++
		}
	}
	switch {
	case ways > 1:
		return errors.New("choose one: --tls-cert with --tls-key, --tls-acme, or --tls-self-signed")
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("--tls-cert and --tls-key go together: give both files")
	case t.ACME != "" && (strings.Contains(t.ACME, "/") || !strings.Contains(t.ACME, ".")):
		return fmt.Errorf("--tls-acme %q: want the public name of this server, for example service.example.com", t.ACME)
	}
	return nil
}

// config makes what the listener needs. Certificates that are fetched or made lie in the data folder, so that
// a restart neither asks for new ones nor changes the fingerprint.
func (t TLS) config(data string, now func() time.Time, say func(string)) (*tls.Config, error) {
	protocols := []string{"h2", "http/1.1"}
	switch {
	case t.Cert != "":
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert %s with --tls-key %s: %w", t.Cert, t.Key, err)
		}
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: protocols}, nil
	case t.ACME != "":
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(t.ACME), Cache: autocert.DirCache(filepath.Join(data, "tls"))}
		c := m.TLSConfig()
		c.MinVersion = tls.VersionTLS12
		return c, nil
	}
	pair, err := selfSigned(filepath.Join(data, "tls"), now())
	if err != nil {
		return nil, err
	}
	say("This certificate is our own. Phones accept it, and offline mode works, once it is installed on them as trusted:")
	say("  file         " + filepath.Join(data, "tls", "self-signed.crt"))
	say("  fingerprint  " + fingerprint(pair.Certificate[0]))
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: protocols}, nil
}

// fingerprint is the SHA-256 of a certificate as browsers show it.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// selfSigned reads the certificate of our own, or makes one for this machine's names and addresses. It lasts
// two years and is made anew in its last month.
func selfSigned(folder string, now time.Time) (tls.Certificate, error) {
	crt, key := filepath.Join(folder, "self-signed.crt"), filepath.Join(folder, "self-signed.key")
	pair, err := tls.LoadX509KeyPair(crt, key)
	if err == nil && pair.Leaf != nil && now.AddDate(0, 1, 0).Before(pair.Leaf.NotAfter) {
		return pair, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pair, fmt.Errorf("read %s: %w; delete it and its key to have a new one made", crt, err)
	}
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair, err
	}
	form := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Paigong"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(2, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"localhost"}}
	if name, err := os.Hostname(); err == nil {
		form.DNSNames = append(form.DNSNames, name)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return pair, fmt.Errorf("addresses of this machine: %w", err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok {
			form.IPAddresses = append(form.IPAddresses, n.IP)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &secret.PublicKey, secret)
	if err != nil {
		return pair, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return pair, err
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return pair, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return pair, err
	}
	var pub, sec bytes.Buffer
	if err := errors.Join(pem.Encode(&pub, &pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.Encode(&sec, &pem.Block{Type: "PRIVATE KEY", Bytes: private})); err != nil {
		return pair, err
	}
	if err := errors.Join(os.WriteFile(key, sec.Bytes(), 0o600), os.WriteFile(crt, pub.Bytes(), 0o644)); err != nil {
		return pair, err
	}
	return tls.X509KeyPair(pub.Bytes(), sec.Bytes())
}
