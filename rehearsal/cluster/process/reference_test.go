package process

import (
	"strings"
	"testing"
)

func TestParseReference(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	for text, want := range map[string]reference{
		"registry.local/demo:v1":            {name: "demo", tag: "v1"},
		"registry.local/demo":               {name: "demo", tag: "latest"},
		"registry.local/team/demo:v1":       {name: "team/demo", tag: "v1"},
		"registry.local/demo@" + digest:     {name: "demo", digest: digest},
		"registry.local/demo:v1@" + digest:  {name: "demo", tag: "v1", digest: digest},
		"registry.local/demo:v1.1.0-rc_1.x": {name: "demo", tag: "v1.1.0-rc_1.x"},
	} {
		if got, err := parseReference(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestParseReferenceRefuses(t *testing.T) {
	for _, text := range []string{
		"", "demo:v1", "docker.io/library/demo:v1", "registry.local/", "registry.local/../demo:v1",
		"registry.local/demo:../v1", "registry.local/demo:a/b", "registry.local/demo@sha256:abc", "registry.local/demo@md5:" + strings.Repeat("ab", 32),
	} {
		if got, err := parseReference(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}
