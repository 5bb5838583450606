package auth

import "slices"

// Role is what somebody is in the organisation. A person may hold several.
type Role string

const (
	Admin             Role = "admin"              // may make every call
	Manager           Role = "manager"            // service manager: money exceptions, figures
	Lead              Role = "lead"               // team lead: leave, shifts, reassigning
	Dispatcher        Role = "dispatcher"         // turns requests into booked visits
	Agent             Role = "agent"              // answers the phone, opens requests
	CallerRole        Role = "caller"             // rings customers after the visit, company-wide
	ComplaintsOfficer Role = "complaints"         // works complaints
	Clerk             Role = "clerk"              // enters paper sheets, keeps customer files
	Cashier           Role = "cashier"            // takes money, issues receipts
	StockKeeper       Role = "stock"              // moves parts, hands them out
	Engineer          Role = "engineer"           // makes visits; sees the customers of his own
	Depot             Role = "depot"              // repairs at the bench
	Technical         Role = "technical"          // codes, articles, decisions about warranty
	Auditor           Role = "auditor"            // reads everything, changes nothing
	PartnerManager    Role = "partner_manager"    // runs a partner outlet
	PartnerDispatcher Role = "partner_dispatcher" // books the partner's engineers
	PartnerEngineer   Role = "partner_engineer"   // makes visits for the partner
)

// Roles lists every role.
func Roles() []Role {
	return []Role{Admin, Manager, Lead, Dispatcher, Agent, CallerRole, ComplaintsOfficer, Clerk, Cashier, StockKeeper,
		Engineer, Depot, Technical, Auditor, PartnerManager, PartnerDispatcher, PartnerEngineer}
}

// Known reports whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// partners are the roles a partner's own manager may give.
func (r Role) ofPartner() bool {
	return r == PartnerManager || r == PartnerDispatcher || r == PartnerEngineer
}
