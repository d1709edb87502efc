package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The files of a cluster's directory that others are told of.
func (o upOptions) logs() string               { return filepath.Join(o.dir, "logs") }
func (o upOptions) pkiDir() string             { return filepath.Join(o.dir, "pki") }
func (o upOptions) kubeconfig() string         { return filepath.Join(o.dir, "kubeconfig") }
func (o upOptions) operatorKubeconfig() string { return filepath.Join(o.pkiDir(), "up.kubeconfig") }
func (o upOptions) kubectl() string            { return filepath.Join(o.dir, "bin", "kubectl") }
func (o upOptions) readyFile() string          { return filepath.Join(o.dir, "ready.json") }

// marker tells a cluster's directory from any other, which is never emptied.
const marker = ".rehearsal-cluster"

// makeRunDir makes dir, or empties it if an earlier cluster left it, and locks
// it until the returned file is closed.
func makeRunDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := lockFile(dir, os.O_RDONLY, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("--dir %s: another cluster runs there; stop it or choose another directory", dir)
	} else if err != nil {
		return nil, err
	}
	if err := emptyRunDir(dir); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

func emptyRunDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil && len(entries) > 0 {
		return fmt.Errorf("--dir %s: holds files, but not of an earlier cluster; empty it or choose another directory", dir)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o644); err != nil {
		return err
	}
	for _, name := range []string{"logs", "node", "bin"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// ready is what ready.json tells about a cluster that can be used.
type ready struct {
	Kubeconfig string `json:"kubeconfig"` // of an administrator
	Kubectl    string `json:"kubectl"`
	Server     string `json:"server"` // URL
	AuditLog   string `json:"auditLog"`
	PID        int    `json:"pid"` // of "up": SIGTERM stops the cluster, SIGUSR1 restarts the API server
}

// announce makes kubectl and, in one step, ready.json.
func (c *cluster) announce() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Symlink(self, c.kubectl()); err != nil {
		return err
	}
	content, err := json.MarshalIndent(ready{
		Kubeconfig: c.kubeconfig(), Kubectl: c.kubectl(), Server: c.server, AuditLog: c.auditLog, PID: os.Getpid(),
	}, "", "  ")
	if err != nil {
		return err
	}
	incomplete := c.readyFile() + ".incomplete"
	if err := os.WriteFile(incomplete, append(content, '\n'), 0o644); err != nil {
		return err
	}
	if err := os.Rename(incomplete, c.readyFile()); err != nil {
		return err
	}
	fmt.Println("ready: KUBECONFIG=" + c.kubeconfig())
	return nil
}
