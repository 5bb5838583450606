package api

import (
	"net/http"

	"paigong/internal/auth"
)

// table is every call: method, path under /api/v1, permission, what it does, handler.
func (s *Server) table() {
	const (
		get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	)

	s.tag = "people"
	on(s, post, "/sessions", Public, "Sign in", s.signIn)
	on(s, del, "/sessions/current", auth.Anyone, "Sign out", s.signOut)
	on(s, get, "/me", auth.Anyone, "Who I am and what I may do", s.me)
	on(s, post, "/setup/{token}", Public, "Choose a password under a one-time link", s.useSetup)
	on(s, post, "/organisations", auth.ManageOrganisations, "Add a service centre or a partner", s.addOrganisation)
	on(s, get, "/organisations", auth.ReadOrganisations, "Organisations in sight", s.organisations)
	on(s, put, "/organisations/{code}/letterhead", auth.ManageOrganisations, "What stands at the head of its papers", s.letterhead)
	on(s, post, "/users", auth.ManageUsers, "Add a person; without a password the answer holds a one-time link", s.addUser)
	on(s, get, "/users", auth.ReadUsers, "People in sight", s.users)
	on(s, patch, "/users/{id}", auth.ManageUsers, "Change a person's name, roles or access", s.changeUser)

	s.tag = "basics"
	on(s, post, "/regions", auth.ManageBasics, "Add a region", s.addRegion)
	on(s, get, "/regions", auth.ReadBasics, "Regions", s.regions)
	on(s, post, "/skills", auth.ManageBasics, "Add a skill", s.addSkill)
	on(s, get, "/skills", auth.ReadBasics, "Skills", s.skills)
	on(s, post, "/codes", auth.ManageBasics, "Add a fault, cause or action code", s.addCode)
	on(s, get, "/codes", auth.ReadBasics, "Fault, cause and action codes", s.codes)
	on(s, get, "/calendars/{year}", auth.ReadBasics, "Holidays and make-up days of a year, or that it is not known yet", s.calendarYear)
	on(s, put, "/calendars/{year}", auth.ManageBasics, "Load a year's holidays; calls not yet tried are re-dated", s.putCalendarYear)

	s.tag = "engineers"
	on(s, post, "/engineers", auth.ManageEngineers, "Add an engineer", s.addEngineer)
	on(s, get, "/engineers", auth.ReadEngineers, "Engineers in sight", s.engineers)
	on(s, get, "/engineers/{id}", auth.ReadEngineers, "One engineer", s.engineer)
	on(s, patch, "/engineers/{id}", auth.ManageEngineers, "Change an engineer", s.patchEngineer)
	on(s, post, "/engineers/{id}/shifts", auth.PlanShifts, "Add a shift of at most 24 hours", s.addShift)
	on(s, get, "/engineers/{id}/shifts", auth.ReadEngineers, "Shifts of an engineer", s.shifts)
	on(s, patch, "/shifts/{id}", auth.PlanShifts, "Move a shift that nobody is booked in", s.moveShift)
	on(s, del, "/shifts/{id}", auth.PlanShifts, "Drop a shift that nobody is booked in", s.dropShift)
	on(s, post, "/engineers/{id}/absences", auth.AskLeave, "Record an absence; displace frees the visits in its way", s.addAbsence)
	on(s, get, "/absences", auth.ReadEngineers, "Absences", s.absences)
	on(s, post, "/absences/{id}/approve", auth.DecideLeave, "Approve leave", s.decideAbsence(true), ok)
	on(s, post, "/absences/{id}/withdraw", auth.AskLeave, "He is at work after all", s.withdrawAbsence, ok)
	on(s, post, "/absences/{id}/reject", auth.DecideLeave, "Reject leave", s.decideAbsence(false), ok)
	raw(s, "/engineers/{id}/calendar.ics", auth.ReadVisits, "An engineer's visits as a calendar", s.ics)

	s.tag = "stock"
	on(s, post, "/parts", auth.ManageParts, "Add a part", s.addPart)
	on(s, get, "/parts", auth.ReadBasics, "Parts", s.parts)
	on(s, patch, "/parts/{id}", auth.ManageParts, "Change a part", s.patchPart)
	on(s, post, "/places", auth.ManageParts, "Add a warehouse, outlet, van or depot", s.addPlace)
	on(s, get, "/places", auth.ReadStock, "Places in sight", s.places)
	on(s, post, "/places/{code}/fetch", auth.FetchParts, "A colleague fetched what lies in a van out of reach: it moves to his", s.fetchVan, ok)
	on(s, post, "/places/{code}/reachable", auth.FetchParts, "Say whether somebody can get at what lies there", s.reach, ok)
	on(s, get, "/stock", auth.ReadStock, "On hand, reserved and available by part, place and condition", s.stock)
	on(s, post, "/stock/movements", auth.MoveStock, "Receive, transfer, adjust, return or scrap; booked at once", s.moveStock, keyed)
	on(s, get, "/stock/movements", auth.ReadStock, "The ledger, newest first", s.movements)
	on(s, get, "/stock/unreconciled", auth.ReadStock, "Fitted parts that the ledger could not cover", s.unreconciled)
	on(s, post, "/stock/unreconciled/{id}/reconcile", auth.MoveStock, "Say where a fitted part came from", s.reconcile, ok)
	on(s, get, "/shortages", auth.ReadStock, "What orders wait for", s.shortages)
	on(s, post, "/shortages/{id}/take", auth.Assign, "Give the pieces allotted to another order to this one, with a reason", s.takePart, ok)
	on(s, patch, "/shortages/{id}", auth.ExpectStock, "Name a part that stood as text", s.patchShortage)
	on(s, post, "/stock/expected", auth.ExpectStock, "Goods on their way", s.expect)
	on(s, get, "/stock/expected", auth.ReadStock, "Goods on their way", s.expected)
	on(s, patch, "/stock/expected/{id}", auth.ExpectStock, "A new date or quantity; who waits is called", s.patchExpected)
	on(s, get, "/pickups", auth.ReadPickups, "Slips for the counter", s.pickups)
	on(s, post, "/pickups/{id}/ready", auth.HandOutParts, "The parts lie at the counter", s.pickupDo("ready"), ok)
	on(s, post, "/pickups/{id}/hand-over", auth.ReceivePickup, "The engineer has them: transfer and reservation move along", s.pickupDo("hand-over"), ok)
	on(s, post, "/pickups/{id}/receive", auth.HandOutParts, "Unused parts came back", s.pickupDo("receive"), ok)
	on(s, post, "/pickups/{id}/cancel", auth.CancelPickup, "Not needed, or not found at the shelf", s.pickupDo("cancel"), ok)
	on(s, post, "/old-parts/{id}/receive", auth.ReceivePickup, "A swapped part came back", s.oldPart("receive"), ok)
	on(s, post, "/old-parts/{id}/keep", auth.CorrectSheet, "The customer keeps the swapped part", s.oldPart("keep"), ok)
	on(s, post, "/old-parts/{id}/write-off", auth.ManageParts, "A swapped part is lost", s.oldPart("write_off"), ok)
	on(s, post, "/old-parts/{id}/scrap", auth.ManageParts, "A swapped part is scrapped", s.oldPart("scrap"), ok)
	on(s, post, "/old-parts/{id}/send", auth.ManageParts, "A swapped part goes back to the maker", s.oldPart("send"), ok)

	s.tag = "customers"
	on(s, post, "/customers", auth.WriteCustomers, "Write a customer down", s.addCustomer)
	on(s, get, "/customers", auth.ReadCustomers, "Customers in sight", s.customers)
	on(s, get, "/customers/{id}", auth.ReadCustomers, "One customer with contacts, sites and devices", s.customer)
	on(s, patch, "/customers/{id}", auth.WriteCustomers, "Change a customer", s.patchCustomer)
	on(s, post, "/customers/{id}/contacts", auth.WriteCustomers, "Add somebody around the job", s.addContact)
	on(s, patch, "/contacts/{id}", auth.LogConversation, "Correct a contact, also from the door", s.patchContact)
	on(s, post, "/customers/{id}/sites", auth.WriteCustomers, "Add an address", s.addSite)
	on(s, patch, "/sites/{id}", auth.WriteCustomers, "Change an address", s.patchSite)
	on(s, post, "/customers/{id}/merge", auth.MergeCustomers, "Two files of one customer become one", s.mergeCustomer, ok)
	on(s, post, "/assets", auth.WriteCustomers, "Write a device down", s.addAsset)
	on(s, get, "/assets", auth.ReadCustomers, "Devices in sight", s.assets)
	on(s, get, "/assets/{id}", auth.ReadCustomers, "One device", s.asset)
	on(s, patch, "/assets/{id}", auth.WriteCustomers, "Change a device", s.patchAsset)
	on(s, get, "/assets/{id}/history", auth.ReadCustomers, "What happened to a device", s.assetHistory)
	on(s, post, "/contracts", auth.WriteContracts, "Add a service contract or extended warranty", s.addContract)
	on(s, get, "/contracts", auth.ReadContracts, "Contracts in sight", s.contracts)
	on(s, get, "/search", auth.Search, "Find by number, name, pinyin, phone, serial, plate or text", s.search)

	s.tag = "requests"
	on(s, post, "/requests", auth.TakeRequest, "Register what a customer reports; 24 hours to reply", s.register)
	on(s, get, "/requests", auth.ReadRequests, "Requests in sight, newest first", s.requests)
	on(s, get, "/requests/{id}", auth.ReadRequests, "One request with its timeline", s.request)
	on(s, patch, "/requests/{id}", auth.TakeRequest, "Correct or complete a request", s.patchRequest)
	on(s, post, "/requests/{id}/reply", auth.ReplyRequest, "Record what the customer was told", s.reply, ok)
	on(s, post, "/requests/{id}/triage", auth.TriageRequest, "Accept, or end as duplicate or rejected", s.triage, ok)
	on(s, post, "/requests/{id}/answer", auth.AnswerRequest, "Solved without sending anybody", s.answer, ok)
	on(s, post, "/requests/{id}/conversations", auth.LogConversation, "Log a word exchanged with the customer", s.talkRequest)
	on(s, get, "/requests/{id}/conversations", auth.ReadRequests, "What was said", s.requestTalks)
	on(s, post, "/requests/{id}/work-order", auth.OpenOrder, "Turn a request into a work order", s.openOrder)

	s.tag = "work orders"
	on(s, get, "/work-orders", auth.ReadOrders, "Work orders in sight, newest first", s.orders)
	on(s, get, "/work-orders/{id}", auth.ReadOrders, "One work order with everything around it", s.order)
	on(s, patch, "/work-orders/{id}", auth.OpenOrder, "Change what may still change", s.patchOrder)
	on(s, post, "/work-orders/{id}/approve", auth.OpenOrder, "Settle a new order that costs nothing", maySay(s.desk.ApproveOrder), ok)
	on(s, post, "/work-orders/{id}/hold", auth.HoldOrder, "Park an order with a reason", s.hold, ok)
	on(s, post, "/work-orders/{id}/resume", auth.HoldOrder, "Back into the queue", maySay(s.desk.Resume), ok)
	on(s, post, "/work-orders/{id}/cancel", auth.CancelOrder, "End an order before it is done", mustSay(s.desk.Cancel), ok)
	on(s, post, "/work-orders/{id}/unassign", auth.Assign, "Take the order back from the engineer", mustSay(s.desk.Unassign), ok)
	on(s, post, "/work-orders/{id}/reopen", auth.ReopenOrder, "Take a finished order up again", mustSay(s.desk.Reopen), ok)
	on(s, post, "/work-orders/{id}/close", auth.CloseOrder, "End an order for good", maySay(s.desk.Close), ok)
	on(s, post, "/work-orders/{id}/confirm-end", auth.VoidReceipt, "A manager confirms that it could not be completed", maySay(s.desk.ConfirmEnd), ok)
	on(s, post, "/work-orders/{id}/convert", auth.ConvertOrder, "Serve it by phone, on site or at the bench", s.convert, ok)
	on(s, post, "/work-orders/{id}/coverage", auth.DecideCoverage, "Decide who pays for a kind of line", s.coverage, ok)
	on(s, post, "/work-orders/{id}/conversations", auth.LogConversation, "Log a word exchanged with the customer; chases count", s.talkOrder)
	on(s, get, "/work-orders/{id}/conversations", auth.ReadOrders, "What was said", s.orderTalks)
	on(s, post, "/work-orders/{id}/share", auth.SendQuote, "A link under which the customer follows the order", s.share)
	on(s, post, "/work-orders/{id}/hand-over", auth.HandOver, "Offer an order to another organisation", s.offer)
	on(s, post, "/work-orders/{id}/hand-over/accept", auth.AnswerHandOver, "Take an offered order", s.answerOffer("accept"), ok)
	on(s, post, "/work-orders/{id}/hand-over/withdraw", auth.HandOver, "Take an offer back", maySay(s.desk.WithdrawOffer), ok)
	on(s, post, "/work-orders/{id}/original-returned", auth.CorrectSheet, "The signed original came back", s.originalReturned, ok)
	on(s, post, "/work-orders/{id}/hand-over/refuse", auth.AnswerHandOver, "Refuse an offered order", s.answerOffer("refuse"), ok)

	s.tag = "dispatch"
	on(s, get, "/work-orders/{id}/candidates", auth.RankCandidates, "Every engineer judged: who could go, when, with which parts, and why", s.candidates)
	on(s, post, "/work-orders/{id}/assign", auth.Assign, "Book the visit and promise the parts", s.assign)
	on(s, get, "/visits", auth.ReadVisits, "Visits in the order of their planned start", s.visits)
	on(s, get, "/visits/{id}", auth.ReadVisits, "One visit", s.visit)
	on(s, post, "/visits/{id}/accept", auth.AnswerVisit, "I will go", s.visitAct("accept"), ok)
	on(s, post, "/visits/{id}/decline", auth.AnswerVisit, "I cannot go, with a reason", s.visitAct("decline"), ok)
	on(s, post, "/visits/{id}/depart", auth.WorkVisit, "On the way", s.visitAct("depart"), ok)
	on(s, post, "/visits/{id}/arrive", auth.WorkVisit, "There", s.visitAct("arrive"), ok)
	on(s, post, "/visits/{id}/start", auth.WorkVisit, "Work begins; by phone the call begins", s.visitAct("start"), ok)
	on(s, post, "/visits/{id}/pause", auth.WorkVisit, "Interrupted", s.visitAct("pause"), ok)
	on(s, post, "/visits/{id}/resume", auth.WorkVisit, "Going on", s.visitAct("resume"), ok)
	on(s, post, "/visits/{id}/confirm", auth.ConfirmVisit, "The customer agreed to a window", s.confirm, ok)
	on(s, post, "/visits/{id}/reschedule", auth.RescheduleVisit, "Another time or engineer, with a cause", s.reschedule, ok)

	s.tag = "quotes"
	on(s, post, "/work-orders/{id}/quotes", auth.WriteQuote, "Draft a quote", s.makeQuote)
	on(s, get, "/quotes/{id}", auth.ReadQuotes, "One quote", s.quote)
	on(s, post, "/quotes/{id}/send", auth.SendQuote, "Give the customer a link to answer it", s.sendQuote, ok)
	on(s, post, "/quotes/{id}/approve", auth.ApproveQuote, "Record a yes by phone, on site or on paper", s.approveQuote, ok)
	on(s, post, "/quotes/{id}/decline", auth.ApproveQuote, "Record a no", s.declineQuote, ok)
	on(s, get, "/public/quotes/{token}", Public, "What a customer sees under his link", s.publicQuote)
	on(s, post, "/public/quotes/{token}/approve", Public, "The customer agrees", s.publicApprove, ok)
	on(s, post, "/public/quotes/{token}/decline", Public, "The customer declines", s.publicDecline, ok)

	s.tag = "sheets"
	on(s, post, "/work-orders/{id}/sheet", auth.SubmitSheet, "Report what happened at a visit; everything follows from it", s.submitSheet, keyed)
	on(s, get, "/sheets/{id}", auth.ReadOrders, "One sheet", s.sheet)
	on(s, post, "/sheets/{id}/corrections", auth.CorrectSheet, "A new edition; the signed one stays", s.correctSheet)
	on(s, post, "/sheets/{id}/verify", auth.CorrectSheet, "A second person: what was typed stands on the paper", s.verifySheet, ok)
	on(s, post, "/work-orders/{id}/custody", auth.TakeCustody, "Take the device with consent and record", s.takeDevice)
	on(s, get, "/custody", auth.ReadCustody, "Devices with us, the longest first", s.devices)
	on(s, get, "/custody/{id}", auth.ReadCustody, "One device with its chain of holders", s.custody)
	for _, act := range []string{"receive", "move", "return", "diagnose", "quote", "approve", "refuse", "repair", "test", "ready"} {
		on(s, post, "/custody/{id}/"+act, auth.MoveCustody, "Move a device on: "+act, s.custodyDo(act), ok)
	}
	on(s, post, "/custody/{id}/loaner-back", auth.MoveCustody, "The customer gave our device back", s.loanerBack, ok)
	on(s, post, "/custody/{id}/scrap", auth.ScrapDevice, "Scrap a device with the customer's consent", s.custodyDo("scrap"), ok)

	s.tag = "money"
	on(s, post, "/work-orders/{id}/receipt", auth.IssueReceipt, "The receipt of an order, issued when a charge is due", s.receiptOf)
	on(s, get, "/receipts", auth.ReadReceipts, "Receipts in sight, newest first", s.receipts)
	on(s, get, "/receipts/{id}", auth.ReadReceipts, "One receipt with lines and payments", s.receipt)
	on(s, post, "/receipts/{id}/payments", auth.TakePayment, "Money that changed hands; negative is a refund", s.pay, keyed)
	on(s, post, "/receipts/{id}/void", auth.VoidReceipt, "Take a receipt out of force; its number stays used", s.void, ok)
	on(s, post, "/receipts/{id}/waive", auth.VoidReceipt, "Let the customer off, on a manager's word", s.waive, ok)
	on(s, post, "/receipts/{id}/invoice-request", auth.RequestInvoice, "The customer wants a tax invoice", s.requestInvoice)
	on(s, get, "/invoice-requests", auth.ReadReceipts, "Tax invoices that customers want", s.invoices)
	on(s, post, "/invoice-requests/{id}/issue", auth.RequestInvoice, "The invoice was issued, with its number", s.issueInvoice, ok)
	on(s, post, "/invoice-requests/{id}/send", auth.RequestInvoice, "The invoice went to the customer", s.sendInvoice, ok)
	on(s, get, "/receivables", auth.ReadReceivables, "What is owed, by age", s.receivables)
	on(s, post, "/cash-ups", auth.TakePayment, "An engineer hands in what he took in cash", s.cashUp)

	s.tag = "promises"
	on(s, get, "/follow-ups", auth.ReadFollowUps, "Follow-up calls", s.followUps)
	on(s, get, "/follow-ups/{id}", auth.ReadFollowUps, "One follow-up with its attempts", s.followUp)
	on(s, post, "/follow-ups/{id}/attempts", auth.RecordFollowUp, "Record a call", s.attempt)
	on(s, post, "/follow-ups/{id}/claim", auth.ClaimFollowUp, "I am calling: fifteen minutes are mine", s.claim, ok)
	on(s, post, "/follow-ups/{id}/waive", auth.WaiveFollowUp, "Nobody calls, with a reason", s.waiveFollowUp, ok)
	on(s, post, "/follow-ups/reassign", auth.ReassignFollowUps, "A caller is away: another takes his calls", s.reassign, ok)
	on(s, post, "/complaints", auth.FileComplaint, "Register a complaint; 24 hours to reply", s.addComplaint)
	on(s, get, "/complaints", auth.ReadComplaints, "Complaints in sight", s.complaints)
	on(s, get, "/complaints/{id}", auth.ReadComplaints, "One complaint", s.complaint)
	for _, act := range []string{"reply", "verify", "propose", "accept", "refuse", "close"} {
		on(s, post, "/complaints/{id}/"+act, auth.WorkComplaint, "Work a complaint: "+act, s.complaintDo(act), ok)
	}
	on(s, post, "/complaints/{id}/escalate", auth.EscalateComplaint, "One level up; the duty to reply stays", s.complaintDo("escalate"), ok)
	on(s, get, "/callbacks", auth.ReadCallbacks, "Who has to be told something", s.callbacks)
	on(s, post, "/callbacks", auth.AddCallback, "Somebody has to be called", s.addCallback)
	on(s, post, "/callbacks/{id}/attempts", auth.RecordCallback, "Record a call of the list", s.callbackAttempt)

	s.tag = "papers and files"
	raw(s, "/work-orders/{id}/papers/{kind}", auth.ReadPapers, "A paper of an order as PDF: {kind}.pdf", s.paper)
	raw(s, "/papers/{stack}", auth.PrintStacks, "Papers of a day in one file: day-sheets.pdf, work-orders.pdf, pick-lists.pdf", s.stack)
	raw(s, "/follow-ups/papers.pdf", auth.PrintStacks, "Follow-up sheets of a day in one file", s.followUpPapers)
	raw(s, "/engineers/{id}/papers/day.pdf", auth.ReadPapers, "An engineer's day", s.dayPaper)
	s.putFile()
	raw(s, "/files/{id}", auth.ReadFiles, "One file", s.getFile)

	s.tag = "reports"
	raw(s, "/reports/{kind}", auth.ReadReports, "Month-end figures as JSON, CSV or PDF: receipts, receivables, defects, engineers", s.report)

	s.tag = "events"
	s.watch()
	on(s, post, "/webhooks", auth.ManageWebhooks, "Send events to an address, signed by the Standard Webhooks rules", s.addWebhook)
	on(s, get, "/webhooks", auth.ManageWebhooks, "Webhooks", s.webhooks)
	on(s, get, "/webhooks/{id}/deliveries", auth.ManageWebhooks, "What was sent, with what is dead", s.deliveries)
	on(s, post, "/webhooks/deliveries/{id}/retry", auth.ManageWebhooks, "Send a dead delivery again", s.redeliver, ok)
	on(s, get, "/messages", auth.ManageJobs, "Messages that reached nobody", s.undelivered)
	on(s, post, "/messages/{id}/retry", auth.ManageJobs, "Try a message again", s.retryMessage, ok)
	on(s, get, "/jobs/dead", auth.ManageJobs, "Jobs that failed for good", s.deadJobs)
	on(s, post, "/jobs/{id}/revive", auth.ManageJobs, "Try a failed job again", s.reviveJob, ok)
}
