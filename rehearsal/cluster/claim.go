package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Two clusters with one range would take the route from each other. So each
// holds a lock, one file for each range, for as long as its routes are there.

const claimsDir = "/run/rehearsal-cluster"

// owner is what a lock file tells of its holder.
type owner struct {
	PID int    `json:"pid"`
	Dir string `json:"dir"`
}

func (o owner) alive() bool { return unix.Kill(o.PID, 0) != unix.ESRCH }

// claimedError says that a range, or part of it, is taken.
type claimedError struct {
	wanted, claimed netip.Prefix
	by              owner
}

func (e *claimedError) Error() string {
	return fmt.Sprintf("%v: the cluster of process %d in %s uses %v; stop it or choose another range (--pod-cidr, --service-cidr)",
		e.wanted, e.by.PID, e.by.Dir, e.claimed)
}

// How long to wait for the routes of a cluster that has ended already.
const (
	claimPatience = 10 * time.Second
	claimInterval = 50 * time.Millisecond
)

// claimRange reserves a range until the returned file, and every copy of it
// that a child has, is closed.
func claimRange(ctx context.Context, dir string, r netip.Prefix, by owner) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(claimPatience)
	for {
		lock, err := tryClaimRange(dir, r, by)
		if taken := new(claimedError); !errors.As(err, &taken) || taken.by.alive() || time.Now().After(deadline) {
			return lock, err
		}
		select {
		case <-time.After(claimInterval):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func tryClaimRange(dir string, r netip.Prefix, by owner) (*os.File, error) {
	guard, err := lockFile(dir, os.O_RDONLY, unix.LOCK_EX) // one at a time
	if err != nil {
		return nil, err
	}
	defer guard.Close()
	if err := checkOverlaps(dir, r); err != nil {
		return nil, err
	}
	lock, err := lockRange(dir, r, r, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkRoutes(r), writeOwner(lock, by)); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// checkOverlaps fails if another range that has a part of r is claimed.
func checkOverlaps(dir string, r netip.Prefix) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		claimed, err := netip.ParsePrefix(strings.ReplaceAll(e.Name(), "_", "/"))
		if err != nil || !claimed.Overlaps(r) || claimed == r {
			continue
		}
		free, err := lockRange(dir, r, claimed, os.O_RDWR)
		if err != nil {
			return err
		}
		free.Close()
	}
	return nil
}

// lockRange locks the file of claimed, a part or all of what is wanted.
func lockRange(dir string, wanted, claimed netip.Prefix, mode int) (*os.File, error) {
	path := filepath.Join(dir, strings.ReplaceAll(claimed.String(), "/", "_"))
	lock, err := lockFile(path, mode, unix.LOCK_EX|unix.LOCK_NB)
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return lock, err
	}
	taken := &claimedError{wanted: wanted, claimed: claimed}
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &taken.by)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return nil, taken
}

func writeOwner(lock *os.File, by owner) error {
	content, err := json.Marshal(by)
	if err != nil {
		return err
	}
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err = lock.WriteAt(content, 0)
	return err
}

// lockFile opens a file or directory and locks it, as flock(2) has it.
func lockFile(path string, mode, how int) (*os.File, error) {
	file, err := os.OpenFile(path, mode, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		if err = unix.Flock(int(file.Fd()), how); err != unix.EINTR {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return file, nil
}
