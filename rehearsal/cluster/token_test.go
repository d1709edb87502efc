package main

import (
	"strings"
	"testing"
	"time"
)

func TestEveryProblemOfATokenIsReportedAtOnce(t *testing.T) {
	err := tokenOptions{namespace: "team", duration: 1500 * time.Millisecond}.check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"--dir", "--service-account", "--uid", "--duration"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "--namespace") {
		t.Errorf("--namespace was given: %v", err)
	}
}

func TestTokenNeedsACluster(t *testing.T) {
	cmd := newTokenCommand()
	cmd.SetArgs([]string{"--dir", t.TempDir(), "--namespace", "team", "--service-account", "login", "--uid", "1"})
	if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), "not the directory of a running cluster") {
		t.Errorf("got %v", err)
	}
}
