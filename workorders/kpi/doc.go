// Package kpi reads the month-end figures from the books: what was charged and paid, what is owed, what
// breaks, and how the engineers served. It writes nothing; each report is one query over facts that
// others recorded, so a figure can always be traced to its rows.
//
// How a figure is counted is fixed here and printed beside it, since a rate without its definition
// invites two readings:
//
//   - receipts: receipts issued in the period and in force at its end; paid is what came in on them by
//     then, waivers included and shown apart; on_account is a promise and lowers nothing. Total is always
//     paid plus balance, to the last minor unit.
//   - receivables: what was owed at the end of the last day, by age in days since issue.
//   - defects: one case is an order with the last finding on its sheets, or a request solved by phone with
//     a fault code. A case with two parts stands under both. repeat is a case whose repair had to be
//     done again.
//   - first-time fix: of the repairs an engineer was the first to visit and that were done in the period,
//     those done with exactly one visit and without a linked repeat within 30 days. Visits where nobody
//     opened, and phone visits of orders that were then served on site, do not count.
//   - on time: arrived inside the window announced last before the day; a change caused by us counts
//     against us even when the new window was kept.
//   - repeats caused: orders opened, or opened again, in the period because a sheet of this engineer did
//     not hold. They count against who signed that sheet, not against who goes now.
//   - satisfaction: the marks customers gave in the period, also those that led to a repeat visit; they
//     are of whoever's work they were asked about.
//   - follow-ups: calls whose window ended in the period; coverage is those reached inside it by those due.
//     Waived and suspended calls leave the denominator and are printed beside it.
//   - complaints: what reached the house in the period; answered in time is a person's first reply within 24
//     hours, by those answered or overdue.
//   - clocks: deadlines that lay in the period, the 24-hour reply apart from promised times.
package kpi
