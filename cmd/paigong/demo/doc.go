// Package demo makes the sample company: a head office with two service centres and a partner outlet in
// Hangzhou, twelve engineers, sixty parts and three weeks of work.
//
// Nothing is written behind the desk's back. Load walks a clock from three weeks ago up to now and lets
// each person do his work through the same methods as the pages and the API: an agent registers a request,
// a dispatcher assigns it, the engineer hands in his sheet, a caller rings two days later. Where the clock
// stops, the company stands: some orders are finished, some are on their way, some wait for a part. So the
// sample obeys every rule the product has, and `paigong check` finds nothing in it.
package demo
