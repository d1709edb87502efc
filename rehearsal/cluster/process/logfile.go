package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// logFile writes a container's output in the format that the kubelet reads,
// one "time stream tag text" per line, and copies it to whoever is attached.
type logFile struct {
	path string

	mu       sync.Mutex
	file     *os.File
	streams  []*logStream
	attached map[io.Writer]string // to the name of the stream it gets
}

func openLog(path string) (*logFile, error) {
	l := &logFile{path: path, attached: map[io.Writer]string{}}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return l, l.reopen()
}

// reopen starts a new file after the old one was moved away.
func (l *logFile) reopen() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
	}
	l.file = file
	return nil
}

// close writes what is left of an unfinished last line.
func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.streams {
		if len(s.line) > 0 {
			s.put(tagFull, s.line)
			s.line = nil
		}
	}
	l.file.Close()
}

// stream returns a writer of stdout or stderr.
func (l *logFile) stream(name string) io.Writer {
	s := &logStream{log: l, name: name}
	l.streams = append(l.streams, s)
	return s
}

// attach copies what a stream gets from now on to w, until detached.
func (l *logFile) attach(w io.Writer, stream string) (detach func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attached[w] = stream
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.attached, w)
	}
}

type logStream struct {
	log  *logFile
	name string
	line []byte // begun, not yet written
}

const (
	maxLineBytes = 16 << 10 // a longer line is written in parts, as containerd does

	tagFull    = "F"
	tagPartial = "P" // the line goes on in the next entry
)

func (s *logStream) Write(p []byte) (int, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for w, name := range s.log.attached {
		if name == s.name {
			w.Write(p) // whoever left is detached soon
		}
	}
	s.line = append(s.line, p...)
	for {
		end := bytes.IndexByte(s.line, '\n')
		switch {
		case end >= 0 && end <= maxLineBytes:
			if err := s.put(tagFull, s.line[:end]); err != nil {
				return 0, err
			}
			s.line = s.line[end+1:]
		case len(s.line) > maxLineBytes:
			if err := s.put(tagPartial, s.line[:maxLineBytes]); err != nil {
				return 0, err
			}
			s.line = s.line[maxLineBytes:]
		default:
			return len(p), nil
		}
	}
}

func (s *logStream) put(tag string, text []byte) error {
	_, err := fmt.Fprintf(s.log.file, "%s %s %s %s\n", time.Now().Format(time.RFC3339Nano), s.name, tag, text)
	return err
}
