package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// remains lists what of a cluster is on the machine: processes that have dir
// or marker in their command or environment, mounts below dir, routes.
func remains(t *testing.T, dir, marker string) []string {
	t.Helper()
	var found []string
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	for _, command := range commands {
		if command == fmt.Sprintf("/proc/%d/cmdline", os.Getpid()) {
			continue
		}
		text, _ := os.ReadFile(command) // a process may have ended meanwhile
		environ, _ := os.ReadFile(filepath.Join(filepath.Dir(command), "environ"))
		if strings.Contains(string(text), dir) || strings.Contains(string(environ), marker) {
			found = append(found, "process "+filepath.Dir(command)+": "+strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	must(t, err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, dir) {
			found = append(found, "mount "+line)
		}
	}
	routes, err := exec.Command("ip", "route", "show", "table", "local").Output()
	must(t, err)
	for line := range strings.Lines(string(routes)) {
		if strings.Contains(line, podCIDR) || strings.Contains(line, serviceCIDR) {
			found = append(found, "route "+line)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ready.json")); err == nil {
		found = append(found, "ready.json")
	}
	return found
}

// awaitNothing waits until nothing remains.
func awaitNothing(t *testing.T, dir, marker string) {
	t.Helper()
	eventually(t, "all gone", func() error {
		if found := remains(t, dir, marker); len(found) > 0 {
			return fmt.Errorf("%d remain:\n%s", len(found), strings.Join(found, "\n"))
		}
		return nil
	})
}
