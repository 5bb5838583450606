package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/workorders"
	"paigong/workorders/customers"
)

// erasureList is a file with one line per erased customer, his id and the time, and nothing else about him. It lies
// outside the database, so that a backup taken before the erasure cannot bring him back.
type erasureList string

const erasureHead = "# Customers whose personal data were erased: id and time. Keep this file away from the backups; 'paigong restore' and every start read it.\n"

// read returns the list; a file that is not there is an empty one.
func (l erasureList) read() (map[uuid.UUID]time.Time, error) {
	list := map[uuid.UUID]time.Time{}
	file, err := os.Open(string(l))
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the list of erasures: %w", err)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for no := 1; lines.Scan(); no++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		who, when, _ := strings.Cut(line, " ")
		id, err := uuid.FromString(who)
		at, late := time.Parse(time.RFC3339Nano, strings.TrimSpace(when))
		if err = errors.Join(err, late); err != nil {
			return nil, fmt.Errorf("%s line %d: want an id and a time like 2026-11-22T09:30:00Z: %w", l, no, err)
		}
		list[id] = at
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("the list of erasures: %w", err)
	}
	return list, nil
}

// write puts the list down whole or not at all, in the order of erasing.
func (l erasureList) write(list map[uuid.UUID]time.Time) (err error) {
	part, err := os.CreateTemp(filepath.Dir(string(l)), filepath.Base(string(l))+".*.part")
	if err != nil {
		return fmt.Errorf("the list of erasures: %w", err)
	}
	defer func() { _ = os.Remove(part.Name()) }()
	text := bufio.NewWriter(part)
	_, _ = text.WriteString(erasureHead)
	for _, e := range inOrder(list) {
		_, _ = fmt.Fprintf(text, "%s %s\n", e.CustomerID, e.At.UTC().Format(time.RFC3339Nano))
	}
	if err = errors.Join(text.Flush(), part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), string(l))
	}
	if err != nil {
		return fmt.Errorf("the list of erasures: %w", err)
	}
	return nil
}

func inOrder(list map[uuid.UUID]time.Time) []customers.Erased {
	var all []customers.Erased
	for id, at := range list {
		all = append(all, customers.Erased{CustomerID: id, At: at})
	}
	slices.SortFunc(all, func(a, b customers.Erased) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.CustomerID.String(), b.CustomerID.String()))
	})
	return all
}

// save adds to the file whom the database knows as erased.
func (l erasureList) save(ctx context.Context, desk *workorders.Desk) error {
	known, err := l.read()
	if err != nil {
		return err
	}
	here, err := desk.Look(ctx).Customers.Erasures(ctx)
	if err != nil {
		return err
	}
	all := maps.Clone(known)
	for _, e := range here {
		if _, there := all[e.CustomerID]; !there {
			all[e.CustomerID] = e.At
		}
	}
	if len(all) == len(known) {
		return nil
	}
	return l.write(all)
}

// begin makes file and database agree before anybody is served: whom the file names and the database still shows,
// after it was restored by whatever means, is erased again.
func (l erasureList) begin(ctx context.Context, desk *workorders.Desk, log *slog.Logger) error {
	list, err := l.read()
	if err != nil {
		return err
	}
	again, err := eraseAgain(ctx, desk, inOrder(list))
	if err != nil {
		return err
	}
	for id, open := range again {
		log.Warn("a customer on the list of erasures was here with his data, and was erased again", "customer", id, "still open", open)
	}
	return l.save(ctx, desk)
}

// eraseAgain erases whoever of the list is not blank; it returns who that was, with what is open with him.
func eraseAgain(ctx context.Context, desk *workorders.Desk, list []customers.Erased) (again map[uuid.UUID][]string, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	err = desk.Keep(ctx, auth.System("erasures"), func(ctx context.Context, books workorders.Ledgers) error {
		again, err = books.Customers.EraseAgain(ctx, list)
		return err
	})
	return again, err
}
