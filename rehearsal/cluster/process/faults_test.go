package process

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// testTime is a moment, minutes after a fixed one.
func testTime(minutes int) time.Time {
	return time.Date(2026, 1, 2, 3, minutes, 0, 0, time.UTC)
}

// writeFaults writes the faults file of a registry's folder.
func writeFaults(t *testing.T, dir, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, "faults.json"), []byte(text), 0o644))
}

func pullAs(s *imageService, namespace, ref string) error {
	_, err := s.PullImage(context.Background(), pullRequest(namespace, ref))
	return err
}

func TestFaultErrors(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, nil)
	prefix := `failed to pull and unpack image "registry.local/demo:v1": `
	resolve := prefix + `failed to resolve reference "registry.local/demo:v1": `
	for kind, want := range map[string]error{
		"not-found":    status.Error(codes.NotFound, resolve+"registry.local/demo:v1: not found"),
		"unauthorized": status.Error(codes.Unknown, resolve+"pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"),
		"rate-limit":   status.Error(codes.Unknown, prefix+"failed to copy: httpReadSeeker: failed open: unexpected status code https://registry.local/v2/demo/manifests/v1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."),
		"disk is full": status.Error(codes.Unknown, prefix+"disk is full"),
	} {
		entry, err := json.Marshal([]map[string]string{{"image": "demo", "error": kind}})
		must(t, err)
		writeFaults(t, dir, string(entry))
		if got := pullAs(s, "default", "registry.local/demo:v1"); got == nil || got.Error() != want.Error() {
			t.Errorf("%s:\n got %v\nwant %v", kind, got, want)
		}
	}
	must(t, os.Remove(filepath.Join(dir, "faults.json")))
	if err := pullAs(s, "default", "registry.local/demo:v1"); err != nil {
		t.Errorf("the fault is over: %v", err)
	}
}

func TestFaultConcerns(t *testing.T) {
	s, dir := newTestImages(t)
	for _, name := range []string{"demo", "other"} {
		writeImage(t, dir, name, "v1", imageConfig{}, map[string]string{"name": name, "version": "1"})
		writeImage(t, dir, name, "v2", imageConfig{}, map[string]string{"name": name, "version": "2"})
		writeImage(t, dir, name, "alias", imageConfig{}, map[string]string{"name": name, "version": "2"})
	}
	v1, v2 := mustPull(t, s, "registry.local/demo:v1"), mustPull(t, s, "registry.local/demo:v2")
	const tag, byV1, byV2 = "registry.local/demo:", "registry.local/demo@", "registry.local/demo@"
	for _, c := range []struct {
		fault, namespace, ref string
		met                   bool
	}{
		{`"namespace": "production", "image": "demo:v2"`, "production", tag + "v2", true},
		{`"namespace": "production", "image": "demo:v2"`, "staging", tag + "v2", false},
		{`"namespace": "production", "image": "demo:v2"`, "production", tag + "v1", false},
		{`"namespace": "production", "image": "demo:v2"`, "production", tag + "alias", false},
		{`"namespace": "production", "image": "demo:v2"`, "production", "registry.local/other:v2", false},
		{`"image": "demo:v2"`, "anywhere", tag + "v2", true},
		{`"namespace": "*", "image": "*"`, "anywhere", "registry.local/other:v1", true},
		{`"image": "demo"`, "anywhere", tag + "v1", true},
		{`"image": "demo"`, "anywhere", "registry.local/other:v1", false},
		{`"image": "registry.local/demo:v2"`, "anywhere", tag + "v2", true},
		// By digest it is the content that counts: that of v2 and alias.
		{`"image": "demo:v2"`, "anywhere", byV2 + v2, true},
		{`"image": "demo:alias"`, "anywhere", byV2 + v2, true},
		{`"image": "demo:v2"`, "anywhere", byV1 + v1, false},
		{`"image": "demo:v2"`, "anywhere", tag + "whatever@" + v2, true},
		// A tag that the registry does not have can be faulty, too.
		{`"image": "demo:v9"`, "anywhere", tag + "v9", true},
	} {
		writeFaults(t, dir, `[{`+c.fault+`, "error": "injected"}]`)
		err := pullAs(s, c.namespace, c.ref)
		if met := err != nil && strings.HasSuffix(err.Error(), ": injected"); met != c.met {
			t.Errorf("%s, pull of %s in %s: got %v", c.fault, c.ref, c.namespace, err)
		}
	}
}

func TestFaultTimes(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, nil)
	count := func(pulls int) (failed int) {
		for range pulls {
			if pullAs(s, "default", "registry.local/demo:v1") != nil {
				failed++
			}
		}
		return failed
	}
	writeFaults(t, dir, `[{"image": "demo", "error": "a", "times": 2}]`)
	if got := count(5); got != 2 {
		t.Errorf("%d pulls failed, want 2", got)
	}
	writeFaults(t, dir, `[ {"image": "demo",   "error": "a", "times": 2} ]`)
	if got := count(2); got != 0 {
		t.Errorf("%d more pulls failed after the file was only formatted", got)
	}
	writeFaults(t, dir, `[{"image": "demo", "error": "a", "times": 2}, {"image": "demo", "error": "a", "times": 2}]`)
	if got := count(5); got != 2 {
		t.Errorf("%d pulls failed, want the second entry's 2", got)
	}
	writeFaults(t, dir, `[{"image": "demo", "error": "b", "times": 2}]`)
	if got := count(5); got != 2 {
		t.Errorf("%d pulls failed, want the changed entry's 2", got)
	}
}

func TestFaultUntil(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, nil)
	writeFaults(t, dir, `[{"image": "demo", "error": "a", "until": "2026-01-02T03:10:00Z"}]`)
	for minutes, fails := range map[int]bool{9: true, 10: false, 11: false} {
		s.faults.now = func() time.Time { return testTime(minutes) }
		if err := pullAs(s, "default", "registry.local/demo:v1"); (err != nil) != fails {
			t.Errorf("minute %d: got %v", minutes, err)
		}
	}
}

func TestFaultDelay(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, nil)
	const delay = 50 * time.Millisecond
	writeFaults(t, dir, `[{"image": "demo", "delay": "50ms"}]`)
	begin := time.Now()
	if err := pullAs(s, "default", "registry.local/demo:v1"); err != nil || time.Since(begin) < delay {
		t.Errorf("got %v after %v", err, time.Since(begin))
	}
	writeFaults(t, dir, `[{"image": "demo", "delay": "1h", "error": "a"}]`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.PullImage(ctx, pullRequest("default", "registry.local/demo:v1")); status.Code(err) != codes.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestBrokenFaultsFailThePull(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, nil)
	for text, want := range map[string]string{
		`{`:                                 "unexpected end of JSON input",
		`{"image": "demo"}`:                 "cannot unmarshal object",
		`[{"error": "a"}]`:                  `"image" is missing`,
		`[{"image": "demo"}]`:               `neither "error" nor "delay" is given`,
		`[{"image": "demo", "dely": ""}]`:   `unknown field "dely"`,
		`[{"image": "demo", "delay": 5}]`:   "cannot unmarshal number",
		`[{"image": "demo", "delay": "5"}]`: "missing unit",
		`[{"image": "other", "error": "a", "times":-1}]`: "cannot be negative",
	} {
		writeFaults(t, dir, text)
		err := pullAs(s, "default", "registry.local/demo:v1")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "faults.json") ||
			!strings.Contains(err.Error(), "mend the file or remove it") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
