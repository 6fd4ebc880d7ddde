// Command verify-log checks a log of C2SP tlog-tiles with the transparency-log packages of the Go project, which
// share no code with the log that is checked: signed note, tree hashes, inclusion of every entry, consistency.
//
//	verify-log [-old CHECKPOINT] [-witness KEY]… LOG KEY
//
// LOG is a directory or an http address; KEY is a verifier key of package note. It prints one line and exits with 0
// when everything holds, with 1 when something does not, with 2 when it was not asked properly.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight  = 8
	tileWidth   = 1 << tileHeight
	maxFile     = 1 << 25
	cosignature = 4
)

var errMissing = errors.New("no such file")

type keyList []string

func (k *keyList) String() string         { return strings.Join(*k, ",") }
func (k *keyList) Set(value string) error { *k = append(*k, value); return nil }

func main() {
	old := flag.String("old", "", "file with an earlier checkpoint of the log")
	var witnesses keyList
	flag.Var(&witnesses, "witness", "verifier key of a witness that must have cosigned")
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	report, err := verify(flag.Arg(0), flag.Arg(1), *old, witnesses)
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
	fmt.Println(report)
}

func verify(location, key, old string, witnesses keyList) (string, error) {
	log := &log{location: location, tiles: map[string][]byte{}}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return "", err
	}
	verifiers := []note.Verifier{verifier}
	for _, witness := range witnesses {
		cosigner, err := newCosigner(witness)
		if err != nil {
			return "", err
		}
		verifiers = append(verifiers, cosigner)
	}
	signed, err := log.read("checkpoint")
	if err != nil {
		return "", err
	}
	tree, err := open(signed, verifiers)
	if err != nil {
		return "", err
	}
	hashes := tlog.TileHashReader(tree, log)
	root, err := tlog.Hash(sha256.Sum256(nil)), error(nil)
	if tree.N > 0 { // TreeHash gives zeroes for the empty tree, unlike RFC 6962
		root, err = tlog.TreeHash(tree.N, hashes)
	}
	if err != nil {
		return "", fmt.Errorf("the tiles: %w", err)
	}
	if root != tree.Hash {
		return "", errors.New("the tiles lead to another root")
	}
	if err := checkEntries(log, tree, hashes); err != nil {
		return "", err
	}
	report := fmt.Sprintf("%d entries, %d cosignatures", tree.N, len(witnesses))
	if old == "" {
		return report, nil
	}
	earlier, err := os.ReadFile(old)
	if err != nil {
		return "", err
	}
	before, err := open(earlier, verifiers[:1])
	if err != nil {
		return "", fmt.Errorf("the earlier checkpoint: %w", err)
	}
	if before.N > tree.N {
		return "", fmt.Errorf("the log had %d entries and has %d", before.N, tree.N)
	}
	if before.N > 0 {
		proof, err := tlog.ProveTree(tree.N, before.N, hashes)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
			return "", fmt.Errorf("the earlier checkpoint: %w", err)
		}
	}
	return fmt.Sprintf("%s, consistent with %d", report, before.N), nil
}

// open gives the tree of a checkpoint that all of the verifiers signed.
func open(signed []byte, verifiers []note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(verifiers) {
		return tlog.Tree{}, fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifiers[0].Name() {
		return tlog.Tree{}, errors.New("it is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// checkEntries proves each entry, and that there are as many as the checkpoint says.
func checkEntries(log *log, tree tlog.Tree, hashes tlog.HashReader) error {
	for start := int64(0); start < tree.N; start += tileWidth {
		width := tree.N - start
		if width > tileWidth {
			width = tileWidth
		}
		path := entriesPath(start/tileWidth, width)
		bundle, err := log.readTile(path)
		if err != nil {
			return err
		}
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("%s ends early", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			proof, err := tlog.ProveRecord(tree.N, start+i, hashes)
			if err != nil {
				return fmt.Errorf("entry %d: %w", start+i, err)
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, start+i, tlog.RecordHash(bundle[2:end])); err != nil {
				return fmt.Errorf("entry %d: %w", start+i, err)
			}
			bundle = bundle[end:]
		}
	}
	return nil
}

// log reads the files of a log, and is a tlog.TileReader.
type log struct {
	location string
	tiles    map[string][]byte
}

func (l *log) Height() int                                { return tileHeight }
func (l *log) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func (l *log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(tiles))
	for i, tile := range tiles {
		// tile/8/L/N there, tile/L/N here.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := l.readTile(path)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s ends early", path)
		}
		read[i] = data[:tile.W*tlog.HashSize]
	}
	return read, nil
}

// readTile reads a tile, or the full one that took its place.
func (l *log) readTile(path string) ([]byte, error) {
	if data, ok := l.tiles[path]; ok {
		return data, nil
	}
	data, err := l.read(path)
	if full := strings.Index(path, ".p/"); errors.Is(err, errMissing) && full != -1 {
		data, err = l.read(path[:full])
	}
	if err == nil {
		l.tiles[path] = data
	}
	return data, err
}

func (l *log) read(path string) ([]byte, error) {
	if !strings.HasPrefix(l.location, "http:") {
		data, err := os.ReadFile(filepath.Join(l.location, filepath.FromSlash(path)))
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", path, errMissing)
		}
		return data, err
	}
	response, err := http.Get(l.location + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%s: %w", path, errMissing)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxFile))
}

func entriesPath(n, width int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < tileWidth {
		path = fmt.Sprintf("%s.p/%d", path, width)
	}
	return "tile/entries/" + path
}

// cosigner verifies C2SP tlog-cosignature lines, which package note does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(key string) (*cosigner, error) {
	parts := strings.SplitN(key, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a witness key has three parts")
	}
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(data) != 1+ed25519.PublicKeySize || data[0] != cosignature {
		return nil, errors.New("a witness key is of type 4")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	if fmt.Sprintf("%x", sum[:4]) != parts[1] {
		return nil, errors.New("a witness key has another hash")
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), ed25519.PublicKey(data[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	var message bytes.Buffer
	fmt.Fprintf(&message, "cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	message.Write(text)
	return ed25519.Verify(c.key, message.Bytes(), signature[8:])
}
