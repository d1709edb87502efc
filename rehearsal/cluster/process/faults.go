package process

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// pullFaults makes chosen pulls fail or dawdle, as its file says. The file is
// read at each pull: a fault starts when it is written and ends when it is
// removed.
type pullFaults struct {
	file string
	now  func() time.Time

	mu   sync.Mutex
	hits map[string]int // of each entry, by its text
}

// pullFault is one entry of the file.
type pullFault struct {
	Namespace string    // of the pod; empty or * is all
	Image     string    // name, name:tag or *
	Error     string    // not-found, unauthorized, rate-limit or any text; empty only delays
	Delay     duration  // before the pull fails or goes on
	Until     time.Time // when the fault ends by itself; never if absent
	Times     int       // how many pulls it meets; all if absent
}

type duration struct{ time.Duration }

func (d *duration) UnmarshalJSON(b []byte) (err error) {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	d.Duration, err = time.ParseDuration(text)
	return err
}

func newPullFaults(file string) *pullFaults {
	return &pullFaults{file: file, now: time.Now, hits: map[string]int{}}
}

// meet returns the first fault of the file that a pull by a pod of namespace
// meets, and counts it; nil is none. The pull is of each of tags: those that
// ref stands for in the registry, and its own, which may not be there.
func (p *pullFaults) meet(namespace string, ref reference, tags []string) (*pullFault, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entries, err := p.read()
	if err != nil {
		return nil, fmt.Errorf("%w; mend the file or remove it", err)
	}
	var met *pullFault
	hits, repeated := map[string]int{}, map[string]int{}
	for _, entry := range entries {
		fault, err := parseFault(entry)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w; mend the file or remove it", p.file, entry, err)
		}
		repeated[string(entry)]++
		key := fmt.Sprintf("%s #%d", entry, repeated[string(entry)])
		hits[key] = p.hits[key]
		if met == nil && fault.concerns(namespace, ref, tags) && p.active(fault, hits[key]) {
			met = fault
			hits[key]++
		}
	}
	p.hits = hits // an entry that is gone is forgotten
	return met, nil
}

func (p *pullFaults) active(f *pullFault, hits int) bool {
	return (f.Until.IsZero() || p.now().Before(f.Until)) && (f.Times == 0 || hits < f.Times)
}

// read returns the file's entries in a normal form.
func (p *pullFaults) read() ([]json.RawMessage, error) {
	content, err := os.ReadFile(p.file)
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(content, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", p.file, err)
	}
	for i, entry := range entries {
		var compact bytes.Buffer
		if err := json.Compact(&compact, entry); err != nil {
			return nil, fmt.Errorf("%s: %w", p.file, err)
		}
		entries[i] = compact.Bytes()
	}
	return entries, nil
}

func parseFault(entry []byte) (*pullFault, error) {
	decoder := json.NewDecoder(bytes.NewReader(entry))
	decoder.DisallowUnknownFields()
	var f pullFault
	switch err := decoder.Decode(&f); {
	case err != nil:
		return nil, err
	case f.Image == "":
		return nil, fmt.Errorf(`"image" is missing: name, name:tag or *`)
	case f.Error == "" && f.Delay.Duration == 0:
		return nil, fmt.Errorf(`neither "error" nor "delay" is given`)
	case f.Delay.Duration < 0 || f.Times < 0:
		return nil, fmt.Errorf(`"delay" and "times" cannot be negative`)
	}
	return &f, nil
}

func (f *pullFault) concerns(namespace string, ref reference, tags []string) bool {
	if f.Namespace != "" && f.Namespace != "*" && f.Namespace != namespace {
		return false
	}
	if f.Image == "*" {
		return true
	}
	name, tag, tagged := strings.Cut(strings.TrimPrefix(f.Image, registryHost+"/"), ":")
	return name == ref.name && (!tagged || tag == ref.tag || slices.Contains(tags, tag))
}

// happen waits for the delay, then fails as the fault has it.
func (f *pullFault) happen(ctx context.Context, asked string, ref reference) error {
	select {
	case <-time.After(f.Delay.Duration):
		return f.status(asked, ref)
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

// status is the fault's error in containerd's words, nil for a mere delay.
func (f *pullFault) status(asked string, ref reference) error {
	switch f.Error {
	case "":
		return nil
	case "not-found":
		return unresolved(codes.NotFound, asked, asked+": not found")
	case "unauthorized":
		return unresolved(codes.Unknown, asked, "pull access denied, repository does not exist or may require authorization: "+
			"server message: insufficient_scope: authorization failed")
	case "rate-limit":
		return status.Errorf(codes.Unknown, "failed to pull and unpack image %q: failed to copy: httpReadSeeker: failed open: "+
			"unexpected status code https://%s/v2/%s/manifests/%s: 429 Too Many Requests - Server message: toomanyrequests: "+
			"You have reached your pull rate limit.", asked, registryHost, ref.name, cmp.Or(ref.digest, ref.tag))
	default:
		return status.Errorf(codes.Unknown, "failed to pull and unpack image %q: %s", asked, f.Error)
	}
}
