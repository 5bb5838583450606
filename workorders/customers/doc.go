// Package customers knows who the work is for: the customer who pays, the people around a job, the sites
// where devices stand, the devices themselves, and the papers that say who bears the cost.
//
// The story begins with a phone number. ByPhone finds the customer behind it, whichever of the contacts
// it belongs to, with sites and devices, before the caller has finished his sentence. Numbers are kept in
// one shape (NormalisePhone), so that "138 1234 5678" and "+86-13812345678" are the same person.
//
// One customer, several people: who called, who opens the door, who pays, who decides. A site has an
// address in a region and a note on how to get in. A device stands at a site; a device without a serial
// number is as welcome as one with, because the label is often gone by the time it breaks. Whatever looks
// like something we know already is answered with a hint and never refused: two teachers of a school may
// share a phone. When two files turn out to be one customer, Merge moves everything into one of them and
// leaves the other pointing there.
//
// Cover answers what every call starts with, "is it under warranty": pure arithmetic over the dates of
// the device, its contracts and the repairs made before, line by line, each with its reason and proof.
//
// A reader sees customers of the organisations in his scope, and those whose orders these serve. A
// visiting engineer sees the customers of his own visits. Everybody else's do not exist for him.
package customers
