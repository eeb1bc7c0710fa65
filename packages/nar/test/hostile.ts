// Hostile archives made by rule: every string of a few good ones is left out, doubled, moved, made another word, told longer or shorter than it is; its padding is dirtied, cut or doubled.

/** One archive, and what was done to make it. */
export interface Hostile {
  readonly what: string;
  readonly bytes: Buffer;
}

type Words = readonly (string | Buffer)[];

const file = (contents: string, ...flag: string[]): Words => ['(', 'type', 'regular', ...flag, 'contents', contents, ')'];
const link = (target: string): Words => ['(', 'type', 'symlink', 'target', target, ')'];
const directory = (...entries: (readonly [string | Buffer, Words])[]): Words => [
  ...['(', 'type', 'directory'],
  ...entries.flatMap(([name, node]) => ['entry', '(', 'name', name, 'node', ...node, ')']),
  ')',
];

const GOOD: Readonly<Record<string, Words>> = {
  file: file('hello!'),
  executable: file('', 'executable', ''),
  link: link('../t'),
  empty: directory(),
  tree: directory(
    ['a', directory(['x', file('1', 'executable', '')], ['y', link('x')])],
    ['a-b', file('12345678')],
    [Buffer.from([0x62, 0xff]), directory()],
    ['c', file('z'.repeat(17))],
  ),
};

/** Words of the grammar, near misses, names and targets that may not be, and others that may. */
const WORDS: Words = [
  ...['', '(', ')', 'type', 'regular', 'directory', 'symlink', 'executable', 'contents', 'target', 'entry', 'name', 'node', 'nix-archive-1'],
  ...['Type', 'typ', 'contents\0', 'fifo', 'constructor', '__proto__', 'x'.repeat(32), 'x'.repeat(33)],
  ...['.', '..', '...', '/', 'x/y', 'x\0', '\0', 'Z', 'aa', 'b', 'n'.repeat(255), 'n'.repeat(256), 't'.repeat(4095), 't'.repeat(4096)],
  ...['\\', 'x\n', 'C:', Buffer.from([0x80]), Buffer.from([0xff])],
];

const LENGTHS = [0n, 1n, 8n, 32n, 33n, 255n, 256n, 4095n, 4096n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 8n];

function string(word: string | Buffer, length = BigInt(word.length)): Buffer {
  const bytes = Buffer.from(word as string, 'latin1');
  const whole = Buffer.alloc(8 + Math.ceil(bytes.length / 8) * 8);
  whole.writeBigUInt64LE(BigInt.asUintN(64, length));
  bytes.copy(whole, 8);
  return whole;
}

/** All of them, some twice. */
export function* hostileArchives(): Generator<Hostile> {
  for (const [name, node] of Object.entries(GOOD)) {
    const words = ['nix-archive-1', ...node];
    const strings = words.map((word) => string(word));
    const whole = Buffer.concat(strings);
    yield { what: name, bytes: whole };
    for (const [at, word] of words.entries()) {
      for (const [how, ...instead] of changes(word, strings[at] as Buffer, strings[at + 1])) {
        const after = how === 'swap' ? at + 2 : at + 1;
        yield { what: `${name}: ${how} ${at}`, bytes: Buffer.concat([...strings.slice(0, at), ...instead, ...strings.slice(after)]) };
      }
    }
    for (let end = 0; end < whole.length; end += 5) yield { what: `${name}: cut at ${end}`, bytes: whole.subarray(0, end) };
    for (const behind of [Buffer.alloc(1), Buffer.alloc(8), Buffer.from('\n'), string(')'), whole]) {
      yield { what: `${name}: ${behind.length} bytes behind`, bytes: Buffer.concat([whole, behind]) };
    }
  }
  yield* pairs();
  yield* depths();
}

function* changes(word: string | Buffer, own: Buffer, next: Buffer | undefined): Generator<readonly [how: string, ...instead: Buffer[]]> {
  yield ['drop'];
  yield ['double', own, own];
  if (next !== undefined) yield ['swap', next, own];
  for (const other of WORDS) {
    yield [`'${other.toString('latin1').slice(0, 12)}' for`, string(other)];
    if (other.length < 12) yield [`'${other.toString('latin1')}' before`, string(other), own];
  }
  const length = BigInt(word.length);
  for (const told of [length - 1n, length + 1n, ...LENGTHS]) {
    if (told >= 0n && told !== length) yield [`length ${told} of`, Buffer.concat([string('', told), own.subarray(8)])];
  }
  const end = 8 + word.length;
  for (let at = end; at < own.length; at++) {
    const dirty = Buffer.from(own);
    dirty[at] = at % 2 === 0 ? 1 : 0x80;
    yield [`dirty byte ${at} of`, dirty];
  }
  yield ['no padding of', own.subarray(0, end)];
  yield ['eight zeros more behind', own, Buffer.alloc(8)];
}

/** Two names in each order: by their bytes only one is right, and none when they are equal. */
function* pairs(): Generator<Hostile> {
  const names = [
    'a',
    'a-b',
    'a.b',
    'a ',
    'B',
    '\x01',
    '\x7f',
    '...',
    'a'.repeat(255),
    ...['80', 'ff', '61ff', 'efbfbd', 'f0908080'].map((hex) => Buffer.from(hex, 'hex')),
  ];
  for (const one of names) {
    for (const other of names) {
      const words = ['nix-archive-1', ...directory([one, directory()], [other, link('t')])];
      yield {
        what: `names ${one.toString('latin1').slice(0, 4)}, ${other.toString('latin1').slice(0, 4)}`,
        bytes: Buffer.concat(words.map((word) => string(word))),
      };
    }
  }
}

function* depths(): Generator<Hostile> {
  for (const depth of [63, 64, 65, 66]) {
    for (const last of [directory(), file('x'), link('t')]) {
      let node = last;
      for (let level = 1; level < depth; level++) node = directory(['d', node]);
      yield { what: `${depth} levels`, bytes: Buffer.concat(['nix-archive-1', ...node].map((word) => string(word))) };
    }
  }
}
