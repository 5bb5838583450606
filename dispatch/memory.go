package dispatch

import (
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/dispatch/planner"
)

// memory keeps what candidates are asked about most and what changes least: who there is, and everybody's
// coming days. It is never believed without asking: each look begins with one statement that names
// whatever was committed since the look before, and reads that anew. So an answer is as fresh as its own
// beginning, whoever wrote, in this program or in another one.
//
// What was committed is told by the account of changes, which PostgreSQL writes in the transaction of the
// change. A row of it is new when its transaction was not yet visible to the snapshot of the look before;
// numbers or times would miss those that began early and committed late.
//
// Inside a transaction nobody looks here: its own changes are not anybody else's yet.
type memory struct {
	gate chan struct{} // held by the one who looks; a look is short, and everybody else needs what it reads

	seen  string // the snapshot of the last look
	epoch int    // of the installation: transactions are numbered anew in each
	from  time.Time
	to    time.Time // the days between are remembered
	// everybody by id; list is the same in the order of ids, nil when it has to be sorted anew.
	everybody map[uuid.UUID]*member
	list      []*member
	days      map[uuid.UUID]*engineerDays
}

// member is an engineer with what he may do. It is never changed once it is remembered.
type member struct {
	person
	own, helps []string // codes of regions
	skills     []ability
}

type ability struct {
	code  string
	level int
}

// engineerDays is what stands in somebody's diary, as it is written. It is never changed once it is remembered.
type engineerDays struct {
	shifts []planner.Shift
	away   []absent
	visits []bookedVisit
}

// bookedVisit is a visit that takes time, in seconds.
type bookedVisit struct {
	id, order, site uuid.UUID
	call            bool
	ended, under    bool  // finished; on site or paused
	from, to        int64 // planned
	finished        int64
	leaves          int64
	at              planner.Place
	fetches         []fetch
}

// fetch is a pick-up at a store before a visit.
type fetch struct {
	place uuid.UUID
	by    int64
	at    planner.Place
}

func newMemory() *memory {
	return &memory{gate: make(chan struct{}, 1), everybody: map[uuid.UUID]*member{}, days: map[uuid.UUID]*engineerDays{}}
}

// rememberFor is how much further than asked days are read, so that the next question is answered as well.
const rememberFor = 48 * time.Hour

// change is a row that was written, in the words of what it concerns here.
type change struct {
	what string // member, days, visit, site, place, or order
	id   uuid.UUID
	site uuid.UUID // of an order
}

// forget drops the days that changes concern and returns the people to be read anew.
func (m *memory) forget(changes []change) (people []uuid.UUID) {
	about := map[string]map[uuid.UUID]uuid.UUID{}
	for _, c := range changes {
		switch c.what {
		case "member":
			people = append(people, c.id)
		case "days":
			delete(m.days, c.id)
		default:
			if about[c.what] == nil {
				about[c.what] = map[uuid.UUID]uuid.UUID{}
			}
			about[c.what][c.id] = c.site
		}
	}
	if len(about) == 0 {
		return people
	}
	for id, d := range m.days {
		if slices.ContainsFunc(d.visits, func(v bookedVisit) bool {
			_, visit := about["visit"][v.id]
			_, moved := about["site"][v.site]
			site, order := about["order"][v.order]
			return visit || moved || order && site != v.site || about["place"] != nil && slices.ContainsFunc(v.fetches, func(f fetch) bool {
				_, ok := about["place"][f.place]
				return ok
			})
		}) {
			delete(m.days, id)
		}
	}
	return people
}
