package process

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// writeImage puts an image into a registry's folder, replacing what was there.
func writeImage(t *testing.T, dir, name, tag string, config imageConfig, files map[string]string) {
	t.Helper()
	folder := filepath.Join(dir, name, tag)
	must(t, os.RemoveAll(folder))
	must(t, os.MkdirAll(folder, 0o755))
	content, err := json.Marshal(config)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(folder, configFile), content, 0o644))
	for path, text := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, path)), 0o755))
		must(t, os.WriteFile(filepath.Join(folder, path), []byte(text), 0o644))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newTestImages(t *testing.T) (*imageService, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := newImageService(dir, filepath.Join(t.TempDir(), "images"))
	must(t, err)
	return s, dir
}

func pullRequest(namespace, ref string) *cri.PullImageRequest {
	return &cri.PullImageRequest{
		Image:         &cri.ImageSpec{Image: ref},
		SandboxConfig: &cri.PodSandboxConfig{Metadata: &cri.PodSandboxMetadata{Namespace: namespace}},
	}
}

func pull(s *imageService, ref string) (digest string, err error) {
	response, err := s.PullImage(context.Background(), pullRequest("default", ref))
	return response.GetImageRef(), err
}

func mustPull(t *testing.T, s *imageService, ref string) string {
	t.Helper()
	digest, err := pull(s, ref)
	must(t, err)
	return digest
}

func TestEqualContentHasOneDigestUnderEveryTag(t *testing.T) {
	s, dir := newTestImages(t)
	config, files := imageConfig{Entrypoint: []string{"true"}}, map[string]string{"a/b": "1", "c": "2"}
	writeImage(t, dir, "demo", "v1", config, files)
	writeImage(t, dir, "demo", "same", config, files)
	v1 := mustPull(t, s, "registry.local/demo:v1")
	if same := mustPull(t, s, "registry.local/demo:same"); same != v1 {
		t.Errorf("got %s and %s", v1, same)
	}
	st, err := s.ImageStatus(t.Context(), &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: v1}})
	must(t, err)
	if want := []string{"registry.local/demo:same", "registry.local/demo:v1"}; !slices.Equal(st.Image.RepoTags, want) {
		t.Errorf("tags %v, want %v", st.Image.RepoTags, want)
	}
	if want := []string{"registry.local/demo@" + v1}; !slices.Equal(st.Image.RepoDigests, want) {
		t.Errorf("digests %v, want %v", st.Image.RepoDigests, want)
	}
}

func TestDigestTellsWhateverDiffers(t *testing.T) {
	base := func(dir string) { must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o644)) }
	digests := map[string]string{}
	for what, change := range map[string]func(dir string) error{
		"nothing":      func(string) error { return nil },
		"content":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "file"), []byte("text2"), 0o644) },
		"name":         func(dir string) error { return os.Rename(filepath.Join(dir, "file"), filepath.Join(dir, "file2")) },
		"mode":         func(dir string) error { return os.Chmod(filepath.Join(dir, "file"), 0o755) },
		"empty folder": func(dir string) error { return os.Mkdir(filepath.Join(dir, "d"), 0o755) },
		"link":         func(dir string) error { return os.Symlink("file", filepath.Join(dir, "link")) },
		"link target":  func(dir string) error { return os.Symlink("elsewhere", filepath.Join(dir, "link")) },
		"file for link": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "link"), []byte("file"), 0o777)
		},
	} {
		dir := t.TempDir()
		base(dir)
		must(t, change(dir))
		digest, err := contentDigest(dir)
		must(t, err)
		if other, taken := digests[digest]; taken {
			t.Errorf("%q and %q have the same digest", what, other)
		}
		digests[digest] = what
	}
}

func TestDigestIgnoresTimesAndTheFoldersName(t *testing.T) {
	digests := map[string]bool{}
	for range 2 {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o644))
		must(t, os.Chtimes(filepath.Join(dir, "file"), testTime(len(digests)), testTime(len(digests))))
		digest, err := contentDigest(dir)
		must(t, err)
		digests[digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("got %v", digests)
	}
}

func TestDigestDecides(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, map[string]string{"version": "1"})
	writeImage(t, dir, "demo", "v2", imageConfig{}, map[string]string{"version": "2"})
	v1 := mustPull(t, s, "registry.local/demo:v1")
	for _, ref := range []string{"registry.local/demo@" + v1, "registry.local/demo:v2@" + v1, "registry.local/demo:gone@" + v1} {
		if got := mustPull(t, s, ref); got != v1 {
			t.Errorf("%s: got %s, want %s", ref, got, v1)
		}
		if img, err := s.local(ref); err != nil || img.digest != v1 {
			t.Errorf("%s is not on the node: %v", ref, err)
		}
	}
	if _, err := s.local("registry.local/demo:gone"); err == nil {
		t.Error("a pull by digest made its tag known")
	}
}

func TestMovedTagIsSeenAndWhatWasPulledStays(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, map[string]string{"version": "old"})
	before := mustPull(t, s, "registry.local/demo:v1")
	old, err := s.local(before)
	must(t, err)
	writeImage(t, dir, "demo", "v1", imageConfig{}, map[string]string{"version": "new"})
	after := mustPull(t, s, "registry.local/demo:v1")
	if after == before {
		t.Fatal("the moved tag still gives the old content")
	}
	if content, err := os.ReadFile(filepath.Join(old.dir, "version")); err != nil || string(content) != "old" {
		t.Errorf("the pulled image holds %q, %v", content, err)
	}
	if img, err := s.local("registry.local/demo:v1"); err != nil || img.digest != after {
		t.Errorf("the tag means %v, %v on the node", img, err)
	}
	if _, err := pull(s, "registry.local/demo@"+before); status.Code(err) != codes.NotFound {
		t.Errorf("the registry still has the old content: %v", err)
	}
}

func TestPullErrorsSpeakAsContainerd(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, nil)
	must(t, os.WriteFile(filepath.Join(dir, "demo", "v1", configFile), []byte(`{"Entrypoints": []}`), 0o644))
	missing := "registry.local/demo@sha256:" + strings.Repeat("0", 64)
	for _, c := range []struct {
		ref  string
		code codes.Code
		want string
	}{
		{"registry.local/demo:v9", codes.NotFound, `failed to pull and unpack image "registry.local/demo:v9": failed to resolve reference "registry.local/demo:v9": registry.local/demo:v9: not found`},
		{"registry.local/none:v1", codes.NotFound, `registry.local/none:v1: not found`},
		{missing, codes.NotFound, missing + ": not found"},
		{"docker.io/library/demo:v1", codes.InvalidArgument, "there is no other registry"},
		{"registry.local/demo:v1", codes.Unknown, `unknown field "Entrypoints"; it may say Entrypoint, Cmd`},
	} {
		_, err := pull(s, c.ref)
		if status.Code(err) != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", c.ref, err)
		}
	}
}

func TestRemovedImageIsGone(t *testing.T) {
	s, dir := newTestImages(t)
	writeImage(t, dir, "demo", "v1", imageConfig{}, nil)
	mustPull(t, s, "registry.local/demo:v1")
	spec := &cri.ImageSpec{Image: "registry.local/demo:v1"}
	_, err := s.RemoveImage(t.Context(), &cri.RemoveImageRequest{Image: spec})
	must(t, err)
	st, err := s.ImageStatus(t.Context(), &cri.ImageStatusRequest{Image: spec})
	must(t, err)
	list, err := s.ListImages(t.Context(), &cri.ListImagesRequest{})
	must(t, err)
	if st.Image != nil || len(list.Images) != 0 {
		t.Errorf("got %v, %v", st.Image, list.Images)
	}
}

func TestCopyKeepsModesAndLinks(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	must(t, os.Mkdir(filepath.Join(from, "bin"), 0o700))
	must(t, os.WriteFile(filepath.Join(from, "bin", "run"), []byte("#!/bin/sh\n"), 0o755))
	must(t, os.Chmod(filepath.Join(from, "bin", "run"), 0o777)) // past the umask
	must(t, os.Symlink("bin/run", filepath.Join(from, "link")))
	must(t, copyTree(from, to))
	want, err := contentDigest(from)
	must(t, err)
	if got, err := contentDigest(to); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
