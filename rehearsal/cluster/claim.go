package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// claimsDir has a lock file for each range that a cluster of this machine uses
// or has used. Two clusters with one range would take the route from each other.
const claimsDir = "/run/rehearsal-cluster"

// claimPatience is how long to wait for the remains of a cluster that ended:
// its cleanup holds its ranges until the routes are gone.
const (
	claimPatience = 10 * time.Second
	claimInterval = 100 * time.Millisecond
)

var errClaimed = errors.New("in use by another cluster")

// claimRange reserves a range until the returned file, and every copy of it
// that a child has, is closed.
func claimRange(r netip.Prefix, owner string) (*os.File, error) {
	if err := os.MkdirAll(claimsDir, 0o755); err != nil {
		return nil, err
	}
	for end := time.Now().Add(claimPatience); ; time.Sleep(claimInterval) {
		lock, err := tryClaimRange(r, owner)
		if !errors.Is(err, errClaimed) || time.Now().After(end) {
			return lock, err
		}
	}
}

func tryClaimRange(r netip.Prefix, owner string) (*os.File, error) {
	guard, err := lockFile(claimsDir, os.O_RDONLY, unix.LOCK_EX) // one at a time
	if err != nil {
		return nil, err
	}
	defer guard.Close()
	entries, err := os.ReadDir(claimsDir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		claimed, err := netip.ParsePrefix(strings.ReplaceAll(e.Name(), "_", "/"))
		if err != nil || !claimed.Overlaps(r) || claimed == r {
			continue
		}
		other, err := lockFile(claimPath(claimed), os.O_RDWR, unix.LOCK_EX|unix.LOCK_NB)
		if err != nil {
			return nil, claimError(r, claimed, err)
		}
		other.Close()
	}
	lock, err := lockFile(claimPath(r), os.O_RDWR|os.O_CREATE, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return nil, claimError(r, r, err)
	}
	if err := checkRange(r); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, errors.Join(lock.Truncate(0), writeOwner(lock, owner))
}

func claimPath(r netip.Prefix) string {
	return filepath.Join(claimsDir, strings.ReplaceAll(r.String(), "/", "_"))
}

func writeOwner(lock *os.File, owner string) error {
	_, err := lock.WriteAt([]byte(owner), 0)
	return err
}

func claimError(wanted, claimed netip.Prefix, err error) error {
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return err
	}
	owner, err := os.ReadFile(claimPath(claimed))
	if err != nil {
		return err
	}
	return fmt.Errorf("%v is %w (%s); choose another range or stop that cluster", wanted, errClaimed, owner)
}

// lockFile opens a file and locks it, as flock(2) has it.
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
