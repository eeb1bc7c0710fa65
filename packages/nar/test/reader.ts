// An independent, slow reader of archives: recursive, on whole buffers, no limits. It judges the writer, and shares nothing with it.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';

export type Node =
  | { kind: 'regular'; contents: Buffer; executable: boolean }
  | { kind: 'symlink'; target: Buffer }
  | { kind: 'directory'; entries: [Buffer, Node][] };

export function readNar(bytes: Uint8Array): Node {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const string = () => {
    const length = Number(data.readBigUInt64LE(at));
    const text = data.subarray(at + 8, at + 8 + length);
    const end = at + 8 + Math.ceil(length / 8) * 8;
    if (end > data.length || data.subarray(at + 8 + length, end).some((byte) => byte !== 0)) throw new Error(`bad string at ${at}`);
    at = end;
    return text;
  };
  const expect = (...words: string[]) => {
    for (const word of words) if (string().toString('latin1') !== word) throw new Error(`expected ${word} before ${at}`);
  };
  const node = (): Node => {
    expect('(', 'type');
    const kind = string().toString();
    if (kind === 'symlink') {
      expect('target');
      const target = string();
      expect(')');
      return { kind, target };
    }
    if (kind === 'regular') {
      let word = string().toString();
      const executable = word === 'executable';
      if (executable) {
        expect('');
        word = string().toString();
      }
      if (word !== 'contents') throw new Error(`expected contents before ${at}`);
      const contents = string();
      expect(')');
      return { kind, contents, executable };
    }
    if (kind !== 'directory') throw new Error(`unknown type before ${at}`);
    const entries: [Buffer, Node][] = [];
    for (;;) {
      const word = string().toString();
      if (word === ')') return { kind, entries };
      if (word !== 'entry') throw new Error(`expected entry before ${at}`);
      expect('(', 'name');
      const name = string();
      const before = entries.at(-1)?.[0];
      if (before !== undefined && Buffer.compare(before, name) >= 0) throw new Error(`out of order before ${at}`);
      expect('node');
      entries.push([name, node()]);
      expect(')');
    }
  };
  expect('nix-archive-1');
  const root = node();
  if (at !== data.length) throw new Error(`${data.length - at} bytes follow`);
  return root;
}

/** Makes the tree on disk; `path` must not exist. */
export function materialise(node: Node, path: Buffer): void {
  if (node.kind === 'symlink') symlinkSync(node.target, path);
  else if (node.kind === 'regular') writeFileSync(path, node.contents, { mode: node.executable ? 0o755 : 0o644 });
  else {
    mkdirSync(path);
    // The other way round, so that the order on disk is not the archive's by chance.
    for (const [name, child] of [...node.entries].reverse()) materialise(child, Buffer.concat([path, Buffer.from('/'), name]));
  }
}
