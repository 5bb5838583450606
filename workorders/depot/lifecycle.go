package depot

import "paigong/internal/lifecycle"

// CustodyState is where a customer's device is while we have it.
type CustodyState string

const (
	Taken          CustodyState = "taken"            // handed over by the customer with a signed record
	Received       CustodyState = "received"         // at the bench
	Diagnosing     CustodyState = "diagnosing"       // being looked at
	QuotedAtBench  CustodyState = "quoted"           // waiting for the customer's yes
	Repairing      CustodyState = "repairing"        // being repaired
	Tested         CustodyState = "tested"           // repaired and tested
	ReadyForReturn CustodyState = "ready_for_return" // waiting to be delivered or collected
	ReturnedBack   CustodyState = "returned"         // back with the customer, signed. Final
	Scrapped       CustodyState = "scrapped"         // with the customer's consent. Final
)

// CustodyMoves: whatever the bench does, a device that is out may be returned or scrapped at any time.
var CustodyMoves = func() lifecycle.Table[CustodyState] {
	t := lifecycle.Table[CustodyState]{
		Kind: "custody", Start: []CustodyState{Taken},
		Moves: [][3]CustodyState{
			{Taken, Received, "receive"}, {Received, Diagnosing, "diagnose"}, {Diagnosing, QuotedAtBench, "quote"},
			{QuotedAtBench, Repairing, "approve"}, {QuotedAtBench, ReadyForReturn, "refuse"}, {Diagnosing, Repairing, "repair"}, {Received, Repairing, "repair"},
			{Repairing, Diagnosing, "diagnose"}, {Repairing, Tested, "test"}, {Tested, Repairing, "repair"}, {Tested, ReadyForReturn, "ready"}, {Repairing, ReadyForReturn, "ready"}, {Received, ReadyForReturn, "ready"},
		},
	}
	for _, from := range []CustodyState{Taken, Received, Diagnosing, QuotedAtBench, Repairing, Tested, ReadyForReturn} {
		t.Moves = append(t.Moves, [3]CustodyState{from, ReturnedBack, "return"}, [3]CustodyState{from, Scrapped, "scrap"})
	}
	return t
}()
