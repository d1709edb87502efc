package process

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// contentDigest returns sha256:<hex> over what a folder holds: each path below
// it, in the order of a walk, with its type, permissions and content. Neither
// the folder's own name, which is a tag, nor times and owners take part, so
// that equal content has one digest under every tag.
func contentDigest(dir string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := entryDigest(path, info.Mode())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%q %v %x\n", filepath.ToSlash(name), info.Mode(), content)
		return err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("sha256:%x", sum.Sum(nil)), nil
}

// entryDigest hashes a file's content or a link's target; a directory has none.
func entryDigest(path string, mode fs.FileMode) ([]byte, error) {
	sum := sha256.New()
	switch {
	case mode.IsDir():
		return nil, nil
	case mode.IsRegular():
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if _, err := io.Copy(sum, file); err != nil {
			return nil, err
		}
	case mode.Type() == fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil {
			return nil, err
		}
		io.WriteString(sum, target)
	default:
		return nil, fmt.Errorf("%s: an image can hold files, directories and links only", path)
	}
	return sum.Sum(nil), nil
}
