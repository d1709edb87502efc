package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func TestContainersView(t *testing.T) {
	r := newTestRuntime(t)
	volume, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, []byte("a file\n"), 0o644))
	config := shell(`hostname; pwd; cat text; echo changed > text; cat text; echo $$; set -- /proc/[0-9]*; echo $#
		echo kept > /volume/kept; cat /etc/one; touch /ro/x 2>/dev/null || echo read-only; touch ` + file + `.leak /var/run/leak && echo written`)
	config.Mounts = []*cri.Mount{
		{HostPath: volume, ContainerPath: "/volume"},
		{HostPath: volume, ContainerPath: "/ro", Readonly: true},
		{HostPath: file, ContainerPath: "/etc/one", Readonly: true},
		{HostPath: file, ContainerPath: "/var/run/test/one"},
	}
	_, output := r.run(config)
	want := "pod-name\n/image\nfrom the image\nchanged\n1\n1\na file\nread-only\nwritten"
	if got := strings.ReplaceAll(output, "stdout F ", ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if content, err := os.ReadFile(filepath.Join(volume, "kept")); err != nil || string(content) != "kept\n" {
		t.Errorf("the volume holds %q, %v", content, err)
	}
	for _, path := range []string{file + ".leak", "/var/run/leak", "/var/run/test", imageMount} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is on the machine: %v", path, err)
		}
	}
	if _, again := r.run(shell("cat text")); !strings.HasSuffix(again, "stdout F from the image") {
		t.Errorf("the next container sees %q", again)
	}
}

func TestReadOnlyRootAndUser(t *testing.T) {
	r := newTestRuntime(t)
	config := shell("id -u; id -g; touch /tmp/x || echo refused")
	config.Linux = &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{
		ReadonlyRootfs: true, RunAsUser: &cri.Int64Value{Value: 1234}, RunAsGroup: &cri.Int64Value{Value: 4321},
	}}
	st, output := r.run(config)
	for _, want := range []string{"stdout F 1234", "stdout F 4321", "stdout F refused", "Read-only file system"} {
		if !strings.Contains(output, want) {
			t.Errorf("exit code %d, no %q in %q", st.ExitCode, want, output)
		}
	}
}

func TestMachinesOtherFileSystemsAreSeen(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it mounts")
	}
	point := filepath.Join(t.TempDir(), "mounted")
	must(t, os.Mkdir(point, 0o755))
	must(t, unix.Mount("tmpfs", point, "tmpfs", 0, ""))
	t.Cleanup(func() { unix.Unmount(point, 0) })
	must(t, os.WriteFile(filepath.Join(point, "file"), []byte("seen\n"), 0o644))
	r := newTestRuntime(t)
	_, output := r.run(shell("cd " + point + "; cat file; echo changed > file; cat file"))
	if !strings.HasSuffix(output, "stdout F seen\nstdout F changed") {
		t.Errorf("got %q", output)
	}
	if content, err := os.ReadFile(filepath.Join(point, "file")); err != nil || string(content) != "seen\n" {
		t.Errorf("the machine's file holds %q, %v", content, err)
	}
}
