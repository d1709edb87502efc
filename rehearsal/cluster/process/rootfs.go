package process

import (
	"fmt"
	"os"
	"path/filepath"

	securejoin "github.com/cyphar/filepath-securejoin"
	"golang.org/x/sys/unix"
)

// root is the container's root directory. The path is the same for every
// container: each sees its own mounts there.
func (c *container) root() string { return filepath.Join(c.scratch, "root") }

// mountRoot makes the container's file system, in the mount namespace of the
// calling thread: a throw-away copy of the machine's, with the image's files at
// imageMount and the pod's volumes where they belong. /proc is mounted later,
// by the first process's namespace.
func (c *container) mountRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", c.scratch, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", c.scratch, err)
	}
	if err := overlay("/", c.scratch, "root"); err != nil {
		return err
	}
	for i, path := range c.machine {
		if err := c.mountMachine(path, fmt.Sprintf("machine-%d", i)); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/sys", "/dev"} {
		if err := bind(c.root(), dir, dir, false); err != nil {
			return err
		}
	}
	if err := overlay(c.image.dir, c.scratch, "image"); err != nil {
		return err
	}
	if err := bind(c.root(), filepath.Join(c.scratch, "image"), imageMount, false); err != nil {
		return err
	}
	for _, m := range c.config.Mounts {
		if err := bind(c.root(), m.HostPath, m.ContainerPath, m.Readonly); err != nil {
			return err
		}
	}
	if c.config.GetLinux().GetSecurityContext().GetReadonlyRootfs() {
		return remountReadOnly(c.root())
	}
	return nil
}

// mountMachine shows a file system that the machine has mounted at path: an
// overlay of / has nothing there.
func (c *container) mountMachine(path, name string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() && overlay(path, c.scratch, name) == nil {
		return bind(c.root(), filepath.Join(c.scratch, name), path, false)
	}
	return bind(c.root(), path, path, true) // a file, or of a kind that overlays do not take
}

// overlay mounts lower on scratch/name so that it can be written to without
// changing it.
func overlay(lower, scratch, name string) error {
	target, upper, work := filepath.Join(scratch, name), filepath.Join(scratch, name+"-upper"), filepath.Join(scratch, name+"-work")
	for _, dir := range []string{target, upper, work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)
	if err := unix.Mount("overlay", target, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount an overlay of %s on %s: %w", lower, target, err)
	}
	return nil
}

// bind mounts source, a file or directory, on path below root, which it makes.
func bind(root, source, path string, readonly bool) error {
	// Links are followed within root: /var/run is a link to /run, but not to
	// the machine's.
	target, err := securejoin.SecureJoin(root, path)
	if err != nil {
		return err
	}
	if err := makeMountPoint(source, target); err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", source, target, err)
	}
	if readonly {
		return remountReadOnly(target)
	}
	return nil
}

func makeMountPoint(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.MkdirAll(target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(target, os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return err
	}
	return file.Close()
}

func remountReadOnly(target string) error {
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("make %s read-only: %w", target, err)
	}
	return nil
}
