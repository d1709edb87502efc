package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readLog returns a log's entries without their times, which it checks.
func readLog(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	var entries []string
	for line := range strings.Lines(string(content)) {
		stamp, entry, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if _, err := time.Parse(time.RFC3339Nano, stamp); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		entries = append(entries, entry)
	}
	return entries
}

func TestLogFormat(t *testing.T) {
	long := strings.Repeat("x", maxLineBytes)
	for name, c := range map[string]struct{ writes, want []string }{
		"lines":                {[]string{"a\nb\n"}, []string{"stdout F a", "stdout F b"}},
		"a line in pieces":     {[]string{"a", "b", "c\nd\n"}, []string{"stdout F abc", "stdout F d"}},
		"an empty line":        {[]string{"\n"}, []string{"stdout F "}},
		"no newline at end":    {[]string{"a\nb"}, []string{"stdout F a", "stdout F b"}},
		"as long as can be":    {[]string{long + "\n"}, []string{"stdout F " + long}},
		"one too long":         {[]string{long + "y\n"}, []string{"stdout P " + long, "stdout F y"}},
		"twice too long":       {[]string{long, long, "y\nz\n"}, []string{"stdout P " + long, "stdout P " + long, "stdout F y", "stdout F z"}},
		"too long, no newline": {[]string{long + "y"}, []string{"stdout P " + long, "stdout F y"}},
		"nothing":              {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pod", "0.log")
			log, err := openLog(path)
			must(t, err)
			stdout := log.stream("stdout")
			for _, text := range c.writes {
				fmt.Fprint(stdout, text)
			}
			log.close()
			if got := readLog(t, path); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %.80q, want %.80q", got, c.want)
			}
		})
	}
}

func TestLogStreamsDoNotMix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.log")
	log, err := openLog(path)
	must(t, err)
	stdout, stderr := log.stream("stdout"), log.stream("stderr")
	fmt.Fprint(stdout, "out ")
	fmt.Fprint(stderr, "err\n")
	fmt.Fprint(stdout, "again\n")
	log.close()
	if got := strings.Join(readLog(t, path), "|"); got != "stderr F err|stdout F out again" {
		t.Errorf("got %q", got)
	}
}

func TestLogGoesOnInANewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.log")
	log, err := openLog(path)
	must(t, err)
	stdout := log.stream("stdout")
	fmt.Fprintln(stdout, "before")
	must(t, os.Rename(path, path+".1"))
	must(t, log.reopen())
	fmt.Fprintln(stdout, "after")
	log.close()
	if old, now := readLog(t, path+".1"), readLog(t, path); old[0] != "stdout F before" || now[0] != "stdout F after" {
		t.Errorf("got %q and %q", old, now)
	}
}

func TestAttachedGetOneStream(t *testing.T) {
	log, err := openLog(filepath.Join(t.TempDir(), "0.log"))
	must(t, err)
	defer log.close()
	stdout, stderr := log.stream("stdout"), log.stream("stderr")
	var got bytes.Buffer
	fmt.Fprint(stdout, "too early\n")
	detach := log.attach(&got, "stdout")
	fmt.Fprint(stdout, "half a ")
	fmt.Fprint(stderr, "other\n")
	fmt.Fprint(stdout, "line\n")
	detach()
	fmt.Fprint(stdout, "too late\n")
	if got.String() != "half a line\n" {
		t.Errorf("got %q", got.String())
	}
}
