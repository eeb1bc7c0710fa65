//! The bytes between contents, by docs/formats/nar.md. Every token is a string: length as 64 bits little-endian, bytes, zeros up to a multiple of 8. All that
//! stands between two variable parts is one run here. packages/nar/src/framing.ts is the same in TypeScript; the tests compare both with Nix.

/// The longest name that an archive holds: its length is one byte here.
pub(super) const NAME_BYTES: usize = 255;

const MAGIC: &[u8] = b"\x0d\0\0\0\0\0\0\0nix-archive-1\0\0\0";
const ENTRY: &[u8] =
    b"\x05\0\0\0\0\0\0\0entry\0\0\0\x01\0\0\0\0\0\0\0(\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0name\0\0\0\0";
const NODE: &[u8] = b"\x04\0\0\0\0\0\0\0node\0\0\0\0";
const TYPE: &[u8] = b"\x01\0\0\0\0\0\0\0(\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0type\0\0\0\0";
const REGULAR: &[u8] = b"\x07\0\0\0\0\0\0\0regular\0";
const EXECUTABLE: &[u8] = b"\x0a\0\0\0\0\0\0\0executable\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const CONTENTS: &[u8] = b"\x08\0\0\0\0\0\0\0contents";
const SYMLINK: &[u8] = b"\x07\0\0\0\0\0\0\0symlink\0\x06\0\0\0\0\0\0\0target\0\0";
const DIRECTORY: &[u8] = b"\x09\0\0\0\0\0\0\0directory\0\0\0\0\0\0\0";
const CLOSE: &[u8] = b"\x01\0\0\0\0\0\0\0)\0\0\0\0\0\0\0";

/// Collects framing; how many directories are open decides what stands before and behind a node.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// What was framed since it was last cleared.
    pub(super) bytes: Vec<u8>,
    open: u32,
}

impl Framing {
    /// Closes the directories that the next node at this depth is not in.
    pub(super) fn leave(&mut self, depth: u32) {
        while self.open > depth {
            self.open -= 1;
            self.close(self.open);
        }
    }

    /// What stands before a node at this depth: the magic, or the head of its entry.
    pub(super) fn open(&mut self, depth: u32, name: &[u8]) {
        self.leave(depth);
        if depth == 0 {
            return self.bytes.extend_from_slice(MAGIC);
        }
        self.bytes.extend_from_slice(ENTRY);
        self.text(name);
        self.bytes.extend_from_slice(NODE);
    }

    /// All of a file up to its contents.
    pub(super) fn regular(&mut self, size: u64, executable: bool) {
        self.bytes.extend_from_slice(TYPE);
        self.bytes.extend_from_slice(REGULAR);
        if executable {
            self.bytes.extend_from_slice(EXECUTABLE);
        }
        self.bytes.extend_from_slice(CONTENTS);
        self.bytes.extend_from_slice(&size.to_le_bytes());
    }

    /// What follows the contents of a file of this size at this depth.
    pub(super) fn end_regular(&mut self, size: u64, depth: u32) {
        self.pad(size);
        self.close(depth);
    }

    pub(super) fn symlink(&mut self, target: &[u8], depth: u32) {
        self.bytes.extend_from_slice(TYPE);
        self.bytes.extend_from_slice(SYMLINK);
        self.text(target);
        self.close(depth);
    }

    pub(super) fn directory(&mut self) {
        self.bytes.extend_from_slice(TYPE);
        self.bytes.extend_from_slice(DIRECTORY);
        self.open += 1;
    }

    /// Ends a node, and its entry.
    fn close(&mut self, depth: u32) {
        self.bytes.extend_from_slice(CLOSE);
        if depth > 0 {
            self.bytes.extend_from_slice(CLOSE);
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(text);
        self.pad(text.len() as u64);
    }

    fn pad(&mut self, length: u64) {
        let missing = (8 - length % 8) % 8;
        self.bytes.extend_from_slice(&[0; 8][..missing as usize]);
    }
}
