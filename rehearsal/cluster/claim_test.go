package main

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"
)

// testRange is of the block for benchmarks (RFC 2544), which nobody routes.
func testRange(text string) netip.Prefix { return netip.MustParsePrefix("198.18." + text) }

func claim(t *testing.T, dir, text string, by owner) (*os.File, error) {
	t.Helper()
	return claimRange(t.Context(), dir, testRange(text), by)
}

func TestRangeIsClaimedOnce(t *testing.T) {
	dir, self := t.TempDir(), owner{os.Getpid(), "/tmp/first"}
	first, err := claim(t, dir, "0.0/23", self)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"0.0/23", "0.0/22", "1.0/24"} {
		_, err := claim(t, dir, text, owner{1, "/tmp/second"})
		if taken := new(claimedError); !errors.As(err, &taken) || taken.by != self {
			t.Errorf("%s: got %v", text, err)
		}
	}
	beside, err := claim(t, dir, "2.0/23", owner{1, "/tmp/second"})
	if err != nil {
		t.Fatal(err)
	}
	beside.Close()
	first.Close()
	again, err := claim(t, dir, "0.0/22", owner{1, "/tmp/second"})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestClaimWaitsForADeadClustersCleanup(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	held, err := claim(t, dir, "0.0/24", owner{ended.Process.Pid, "/tmp/dead"})
	if err != nil {
		t.Fatal(err)
	}
	const cleanupTime = 200 * time.Millisecond
	begin := time.Now()
	time.AfterFunc(cleanupTime, func() { held.Close() })
	lock, err := claim(t, dir, "0.0/24", owner{os.Getpid(), "/tmp/next"})
	if err != nil || time.Since(begin) < cleanupTime {
		t.Fatalf("got %v after %v", err, time.Since(begin))
	}
	lock.Close()

	held, err = claim(t, dir, "0.0/24", owner{ended.Process.Pid, "/tmp/dead"})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := claimRange(ctx, dir, testRange("0.0/24"), owner{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got %v", err)
	}
}
