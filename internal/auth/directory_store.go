package auth

import (
	"time"

	"github.com/uptrace/bun"
)

// Directory holds the organisations, the people in them, and who is signed in.
type Directory struct {
	db      bun.IDB
	now     func() time.Time
	rules   Rules
	tree    *tree
	hashing hasher
}

// Rules of signing in. The zero value is what production uses.
type Rules struct {
	AnyPassword  bool          // demo and tests: short and well-known passwords are fine, and their hashes cheap
	OfficeIdle   time.Duration // 30 minutes
	EngineerIdle time.Duration // 12 hours, because a phone may be without a network all day
	Longest      time.Duration // 30 days from sign-in, however busy the session
}

// New opens the directory.
func New(db bun.IDB, now func() time.Time, rules Rules) *Directory {
	for setting, fallback := range map[*time.Duration]time.Duration{
		&rules.OfficeIdle: 30 * time.Minute, &rules.EngineerIdle: 12 * time.Hour, &rules.Longest: 30 * 24 * time.Hour,
	} {
		if *setting <= 0 {
			*setting = fallback
		}
	}
	hash := costly
	if rules.AnyPassword {
		hash = cheap
	}
	return &Directory{db: db, now: now, rules: rules, tree: &tree{}, hashing: newHasher(hash)}
}

// In is the directory inside a transaction. Everything that changes organisations or users belongs into
// one that says who acts; signing in and out does not.
func (d *Directory) In(tx bun.IDB) *Directory {
	inside := *d
	inside.db = tx
	return &inside
}
