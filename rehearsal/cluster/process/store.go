package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// image is content that was pulled: a copy in the node's own store, so that
// what happens to the registry's folder afterwards does not change it.
type image struct {
	digest string // also the image's ID
	dir    string // its files
	config imageConfig
}

// imageConfig is image.json, in the words of an OCI image's configuration.
type imageConfig struct {
	Entrypoint, Cmd, Env []string
	WorkingDir           string // relative to the image's own folder, or absolute
}

// imageStore keeps pulled images by their digest.
type imageStore struct {
	dir       string
	unpacking sync.Mutex // one copy at a time: fifteen pods pull one image at once
}

// unpack brings the content of a registry's folder into the store.
func (s *imageStore) unpack(folder string) (*image, error) {
	s.unpacking.Lock()
	defer s.unpacking.Unlock()
	digest, err := contentDigest(folder)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.path(digest)); err == nil {
		return s.open(digest)
	}
	incoming, err := os.MkdirTemp(s.dir, "incoming-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(incoming)
	if err := os.Chmod(incoming, 0o755); err != nil {
		return nil, err
	}
	if err := copyTree(folder, incoming); err != nil {
		return nil, err
	}
	// The copy's content counts: the folder may have changed meanwhile.
	if digest, err = contentDigest(incoming); err != nil {
		return nil, err
	}
	if err := os.Rename(incoming, s.path(digest)); err != nil && !os.IsExist(err) {
		return nil, err
	}
	return s.open(digest)
}

func (s *imageStore) path(digest string) string {
	return filepath.Join(s.dir, strings.TrimPrefix(digest, "sha256:"))
}

// open reads an image of the store.
func (s *imageStore) open(digest string) (*image, error) {
	img := &image{digest: digest, dir: s.path(digest)}
	content, err := os.ReadFile(filepath.Join(img.dir, configFile))
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&img.config); err != nil {
		return nil, fmt.Errorf("%s: %w; it may say Entrypoint, Cmd, Env (lists of strings) and WorkingDir", configFile, err)
	}
	return img, nil
}

// copyTree copies a folder's content with its permissions.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return copyEntry(path, filepath.Join(to, name), info.Mode())
	})
}

func copyEntry(from, to string, mode fs.FileMode) error {
	switch {
	case mode.IsDir():
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
	case mode.Type() == fs.ModeSymlink:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	default:
		if err := copyFile(from, to); err != nil {
			return err
		}
	}
	return os.Chmod(to, mode) // past the umask
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
