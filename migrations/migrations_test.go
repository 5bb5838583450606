package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"testing"
)

// landed are files that databases may have been made with. Add a line when a version is released.
var landed = map[string]string{
	"20261121000100_foundation.tx.up.sql": "593f9a2407d000e00bdbbf28f339d7935349ed1c2d9baeb9dbfc314fe812a5d1",
	"20261121000200_people.tx.up.sql":     "b21dc74747a5fef0340184ff1cd2f656de4fc1fac4ca634aabe9b99424fe80f2",
	"20261121000300_customers.tx.up.sql":  "4ef350f237a3f5ab585a8ebafe6d49343b532582755d492919cddf2bd7bf9eea",
	"20261121000400_inventory.tx.up.sql":  "bf64c7c453ea7935693c20c4ca0b0d694ba23ec1553513b97a3f87b994b07ed4",
	"20261121000500_dispatch.tx.up.sql":   "a814107559196e872c37d519dcb49e555ceafabed503d5accb3259ec7b206a7b",
	"20261121000600_workorders.tx.up.sql": "a631afcdcbb7caf7ff7188382701b17c8b608e5bee856df3b5a2f889b6292f46",
	"20261121000700_billing.tx.up.sql":    "4bffcba56cc84c98a5da521eb0d649a2ca727319c2b5ee0b45fe6aa6ec3adc34",
	"20261121000800_aftercare.tx.up.sql":  "5efd586fc3dd5ef628c40353c23ef907b83a7087d5da4d07fc1e5a2826f3c232",
	"20261121000900_services.tx.up.sql":   "d58e59c9468a3ea776a9347fbd1fa16acef67caa40409cf5ae02968bf18dc856",
	"20261121000990_roles.tx.up.sql":      "d9aa377b3a276a994514493026ebaa718e56e97748beb032be6b003614381630",
}

// A landed file that changes would be refused by every database that was made with it.
func TestLandedFilesNeverChange(t *testing.T) {
	for name, want := range landed {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Errorf("%s is gone: %v", name, err)
			continue
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s was edited; undo that and put the change into a new file", name)
		}
	}
}
