package chassis

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

var (
	// errHeld says that another process, or another store of this one, holds the file.
	errHeld = errors.New("another process has it open")
	// errLost says that a path no longer leads to the file that this process writes to.
	errLost = errors.New("the database file was deleted, replaced or cut off")
)

// heldFiles is what this process holds. One of these must not even be opened a second time:
// closing it again would drop SQLite's locks.
var (
	heldFiles = map[fileIdentity]bool{}
	heldMutex sync.Mutex
)

type fileIdentity struct {
	device uint64
	inode  uint64
}

// heldFile is a database's own file: locked by this process, readable by this user only, and
// watched. What is deleted, replaced or cut off under a running process is noticed at the next
// commit.
//
// The lock is flock's, on the file itself: another kind than SQLite's own, which other programs go
// on sharing. It is held until close, which is after the last connection to the file.
type heldFile struct {
	path        string
	file        *os.File
	identity    fileIdentity
	mutex       sync.Mutex
	logIdentity *fileIdentity
	size        int64
}

// holdFile holds the file at a path, made if there is none. It fails with errHeld when somebody
// else holds it.
func holdFile(path string, log *slog.Logger) (*heldFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	heldMutex.Lock()
	defer heldMutex.Unlock()
	if found, err := os.Stat(path); err == nil && heldFiles[identityOf(found)] {
		return nil, errHeld
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	found, err := lockFile(file)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	held := &heldFile{path: path, file: file, identity: identityOf(found)}
	heldFiles[held.identity] = true
	tighten(path, log)
	return held, nil
}

func lockFile(file *os.File) (fs.FileInfo, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errHeld
	}
	if err != nil {
		return nil, err
	}
	return file.Stat()
}

// check fails with errLost when the database or its log is not where it was.
func (held *heldFile) check() error {
	held.mutex.Lock()
	defer held.mutex.Unlock()
	found, err := sameFile(held.path, held.identity)
	if err != nil {
		return err
	}
	if found.Size() < held.size && !held.isWhole(found.Size()) {
		return fmt.Errorf("%w: %s was emptied or cut off", errLost, held.path)
	}
	held.size = found.Size()
	if held.logIdentity == nil {
		return nil
	}
	_, err = sameFile(held.path+"-wal", *held.logIdentity)
	return err
}

// checkCommitted is check after a commit, which is in the log.
func (held *heldFile) checkCommitted() error {
	if err := held.check(); err != nil {
		return err
	}
	held.mutex.Lock()
	defer held.mutex.Unlock()
	if held.logIdentity != nil {
		return nil
	}
	if found, err := os.Stat(held.path + "-wal"); err == nil {
		identity := identityOf(found)
		held.logIdentity = &identity
	}
	return nil
}

// forgetLog takes it that the log may be another one, since it goes with the last connection.
func (held *heldFile) forgetLog() {
	held.mutex.Lock()
	defer held.mutex.Unlock()
	held.logIdentity = nil
}

// close lets others have the file.
func (held *heldFile) close() {
	heldMutex.Lock()
	defer heldMutex.Unlock()
	delete(heldFiles, held.identity)
	_ = held.file.Close()
}

// isWhole returns whether the file holds all pages that its header counts.
func (held *heldFile) isWhole(size int64) bool {
	var header [32]byte
	if _, err := held.file.ReadAt(header[:], 0); err != nil {
		return false
	}
	page := int64(binary.BigEndian.Uint16(header[16:]))
	if page == 1 {
		page = 65_536
	}
	return int64(binary.BigEndian.Uint32(header[28:]))*page <= size
}

func sameFile(path string, known fileIdentity) (fs.FileInfo, error) {
	found, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is gone", errLost, path)
	}
	if err != nil {
		return nil, err
	}
	if identityOf(found) != known {
		return nil, fmt.Errorf("%w: %s was replaced by another file", errLost, path)
	}
	return found, nil
}

func identityOf(found fs.FileInfo) fileIdentity {
	stat := found.Sys().(*syscall.Stat_t)
	return fileIdentity{device: uint64(stat.Dev), inode: uint64(stat.Ino)}
}

// tighten takes from others what they could read.
func tighten(path string, log *slog.Logger) {
	wanted := map[string]fs.FileMode{path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600}
	folder := filepath.Dir(path)
	// A world-writable folder, such as /tmp, is not ours.
	if found, err := os.Stat(folder); err == nil && found.Mode()&fs.ModeSticky == 0 {
		wanted[folder] = 0o700
	}
	for file, mode := range wanted {
		found, err := os.Stat(file)
		if err != nil || found.Mode()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(file, mode); err != nil {
			log.Warn(fmt.Sprintf("%s can be read by others, and its mode cannot be changed: %v", file, err))
			continue
		}
		log.Warn(fmt.Sprintf("%s could be read by others; now only by this user (%o)", file, mode))
	}
}
