package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"paigong/internal/fault"
)

const (
	// ShortestPassword in characters.
	ShortestPassword = 12
	longestPassword  = 256 // bytes, so that hashing a password stays cheap
)

const (
	hashLanes  = 1
	hashLength = 32
)

// cost is what one hash takes.
type cost struct{ memory, passes uint32 } // memory in KiB

var (
	// costly is about 19 MiB and two passes, the second of OWASP's recommended settings for argon2id.
	costly = cost{19 * 1024, 2}
	// cheap is for passwords that everybody knows: the sample company's and those of tests.
	cheap = cost{64, 1}
)

func (c cost) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.passes, hashLanes)
}

//go:embed common_passwords.txt
var commonPasswords string

// checkPassword refuses what an attacker tries first.
func checkPassword(password, login string) error {
	bad := func(code, sentence string, args ...any) error {
		return fault.New(fault.Invalid, code, sentence, args...).Field("body.password", fmt.Sprintf(sentence, args...))
	}
	plain := strings.ToLower(password)
	switch {
	case utf8.RuneCountInString(password) < ShortestPassword:
		return bad("password_too_short", "choose a password of at least %d characters", ShortestPassword)
	case len(password) > longestPassword:
		return bad("password_too_long", "choose a password of at most %d bytes", longestPassword)
	case login != "" && strings.Contains(plain, strings.ToLower(login)) && len(login) > 3,
		strings.Count(plain, plain[:1]) == len(plain),
		strings.Contains("\n"+commonPasswords, "\n"+plain+"\n"):
		return bad("password_common", "choose another password: this one is among the first that are tried")
	}
	return nil
}

// hasher bounds how many passwords are hashed at once, each taking memory and a core.
type hasher struct {
	turns chan struct{}
	cost  cost // of new hashes
}

func newHasher(c cost) hasher { return hasher{make(chan struct{}, runtime.NumCPU()), c} }

func (h hasher) key(ctx context.Context, c cost, password string, salt []byte) ([]byte, error) {
	select {
	case h.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.turns }()
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, hashLanes, hashLength), nil
}

// hash makes the stored form: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	key, err := h.key(ctx, h.cost, password, salt)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$%v$%s$%s", argon2.Version, h.cost, enc(salt), enc(key)), nil
}

// matches compares in constant time. An empty stored form costs the same as a wrong password, so that
// the answer's time does not tell which logins exist.
func (h hasher) matches(ctx context.Context, stored, password string) (bool, error) {
	known := stored != ""
	if !known {
		stored = fmt.Sprintf("$argon2id$v=%d$%v$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", argon2.Version, h.cost)
	}
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("a stored password has an unknown form")
	}
	took := costly
	switch parts[3] {
	case costly.String():
	case cheap.String():
		took = cheap
	default:
		return false, fmt.Errorf("a stored password has an unknown form")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("a stored password has a broken salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("a stored password has a broken key: %w", err)
	}
	if len(password) > longestPassword {
		password, known = "", false
	}
	got, err := h.key(ctx, took, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// Prefixes tell a leaked token from other text.
const (
	sessionPrefix = "pgs_"
	tokenPrefix   = "pgk_" // tokens for programs
	linkPrefix    = ""     // links stand in addresses that people read
)

// newToken makes 256 random bits and the hash under which they are known.
func newToken(prefix string) (token string, hash []byte) {
	raw := make([]byte, 32)
	rand.Read(raw)
	token = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
