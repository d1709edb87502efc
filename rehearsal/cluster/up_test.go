package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: without it that is the only problem reported")
	}
	o := upOptions{
		dir: "/tmp/a:b", images: "/no/such/folder", podCIDR: "10.96.0.0/12", serviceCIDR: "10.96.0.0/16",
		port: 70000, maxBackOff: time.Millisecond, goawayChance: 0.5,
	}
	err := o.check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"--dir", "--images", "--port", "--max-back-off", "--goaway-chance", "overlap"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	o = upOptions{dir: "run", images: ".", podCIDR: "10.88.0.0/16", serviceCIDR: "10.96.0.0/16", maxBackOff: time.Second}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	if here, _ := os.Getwd(); o.dir != filepath.Join(here, "run") || o.auditLog != filepath.Join(here, "run", "logs", "audit.log") {
		t.Errorf("got %+v", o)
	}
}

func TestRunDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	lock, err := makeRunDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ready.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := makeRunDir(dir); err == nil || !strings.Contains(err.Error(), "another cluster runs there") {
		t.Errorf("while in use: got %v", err)
	}
	lock.Close()
	if lock, err = makeRunDir(dir); err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if _, err := os.Stat(filepath.Join(dir, "ready.json")); !os.IsNotExist(err) {
		t.Errorf("an earlier cluster's file is still there: %v", err)
	}
}

func TestRunDirOfSomebodyElseIsNotEmptied(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := makeRunDir(dir); err == nil || !strings.Contains(err.Error(), "not of an earlier cluster") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
