/** What help, the manual and the reference say of a command beyond its options. */
export interface Page {
  /** Paragraphs. */
  readonly about: readonly string[];
  /** A command line, and what it does. */
  readonly examples: readonly (readonly [string, string])[];
}

/** By the command's words. */
export const PAGES: Readonly<Record<string, Page>> = {
  scan: {
    about: [
      'Reads files, directories (as Nix archives) and archives, cuts, hashes and compresses them in one pipeline, and reports what deduplication and compression would save over all paths together. Nothing is written.',
      'A path that cannot be read is an error; --skip-unreadable leaves it out. Sockets, devices and fifos are always errors.',
      'In the report as JSON sizes are bytes; seconds and the figures of the threads are given to the thousandth.',
    ],
    examples: [
      ['chunker scan ~/photos /srv/backup', 'what two folders have in common'],
      ['chunker scan --verify --codec xz:level=6 big.iso', 'compress with xz, and prove that all comes back'],
      ['chunker scan --chunker fastcdc:min=16KiB,avg=64KiB,max=256KiB dir', 'smaller chunks'],
      ["tar c dir | chunker scan --json - | jq '.compressedBytes'", 'a stream, and the report as JSON'],
    ],
  },
  chunk: {
    about: ['Prints offset, length and digest of each chunk, in order, as they are cut. With --json a line of JSON for each.'],
    examples: [
      ['chunker chunk big.iso', 'the default: fastcdc of 1 MiB, blake3'],
      ['chunker chunk --hash none --chunker fixed:size=4MiB disk.img', 'offsets and lengths alone'],
      ['chunker chunk --profile fastcdc-2020/nc1@256k file', 'as a frozen profile cuts, today and later'],
    ],
  },
  hash: {
    about: [
      'Prints digests as b3sum and sha256sum do; --check reads such lists. A file that cannot be read is told of, and the others are hashed. A pipe that the shell makes, as in --check <(...), is read like a file.',
    ],
    examples: [
      ['chunker hash *.iso > sums', 'BLAKE3 of each file'],
      ['chunker hash --check sums', 'are they still the same?'],
      ['chunker hash -a sha256 --encoding sri package.tgz', 'as package managers write it'],
      ["chunker hash --derive-key 'example.org 2024-01-01 sessions' seed", "BLAKE3's key derivation"],
    ],
  },
  compress: {
    about: ['Compresses files, one behind the other, or standard input. FILE of -o appears whole or not at all.'],
    examples: [
      ['chunker compress -o data.zst data', 'Zstandard, level 3'],
      ['chunker compress -c xz:level=9,extreme=true < data > data.xz', 'another codec and its options'],
      ['chunker compress -c zstd:level=19 --dictionary words -o a.zst a', 'with a dictionary'],
    ],
  },
  decompress: {
    about: ['Tells the format by its first bytes, or takes the codec that -c names. FILE of -o appears whole, checked to its end, or not at all.'],
    examples: [
      ['chunker decompress -o data data.zst', 'the format is told by its first bytes'],
      ['chunker decompress --test data.xz', 'is it undamaged?'],
      ['curl -s URL | chunker decompress --max-output 1GiB > data', 'refuse a bomb'],
    ],
  },
  'nar pack': {
    about: ['Writes the archive that nix-store --dump would write, byte for byte.'],
    examples: [
      ['chunker nar pack -o result.nar ./result', 'a directory as an archive'],
      ['chunker nar pack dir | chunker compress -c xz > dir.nar.xz', 'as binary caches hold them'],
    ],
  },
  'nar unpack': {
    about: [
      'Makes the tree that an archive holds. TARGET must not exist; it is there when all of it is, or not at all. Compressed archives are opened as well.',
    ],
    examples: [
      ['chunker nar unpack -C result result.nar.xz', ''],
      ['curl -s URL | chunker nar unpack -C result', 'from a stream'],
    ],
  },
  'nar ls': {
    about: ['Names as nix nar ls prints them. With --json the listing that binary caches keep as .ls files.'],
    examples: [['chunker nar ls -R --long result.nar', 'all levels, with kind, size and target']],
  },
  'nar cat': {
    about: ['Reads and checks the archive up to the end of that file.'],
    examples: [['chunker nar cat result.nar bin/hello > hello', '']],
  },
  'nar verify': {
    about: ['Reads an archive to its end. The first rule that it breaks is the error, with its offset.'],
    examples: [['chunker nar verify result.nar.zst', '']],
  },
  'nar hash': {
    about: ['NarHash and NarSize of a path, or of an archive, which is told by its magic.'],
    examples: [['chunker nar hash ./result', 'as nix-store --query --hash says it, in SRI form']],
  },
  list: {
    about: ['Codecs, hashes and chunkers, the packages that they come from, and their kernels. Plugins of the nearest package.json are among them.'],
    examples: [['chunker list', '']],
  },
  doctor: {
    about: ['CPU features, which kernel was chosen and why, threads, limits and versions: what to send with a bug report.'],
    examples: [['chunker doctor --json', '']],
  },
  bench: {
    about: [
      'Measures algorithms the same way: on the same data, in turns, after their outputs were checked. Without a name, every registered one; a name may carry options. Rates count plain bytes, for decompression too.',
    ],
    examples: [
      ['chunker bench blake3 sha256', 'two hashes, every kernel that works here'],
      ['chunker bench --data corpus.tar zstd:level=3 zstd:level=19 xz', 'codecs on data of your own'],
      ['chunker bench --size 64KiB --kernel native', 'one size, one kernel'],
    ],
  },
  conformance: {
    about: ['Checks algorithms against the promises of their contracts. Without a name, all that is registered.'],
    examples: [
      ['chunker conformance @example/codec-fast', 'a plugin of the nearest package.json'],
      ['chunker conformance ./my-plugin', 'the plugin in a folder'],
      ['chunker conformance --seed 7 --runs 1000 blake3', 'one algorithm, thoroughly'],
    ],
  },
  completion: {
    about: ['Prints a script that completes commands, options, algorithms with their options, profiles and files.'],
    examples: [
      ['source <(chunker completion bash)', 'in ~/.bashrc'],
      ['source <(chunker completion zsh)', 'in ~/.zshrc, behind compinit'],
      ['chunker completion fish > ~/.config/fish/completions/chunker.fish', ''],
    ],
  },
};

export const EXIT_STATUSES: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'the data or the operation failed, or some of several did'],
  ['2', 'wrong usage'],
  ['130', 'ended by Ctrl-C'],
];

export const CONVENTIONS: readonly (readonly [string, string])[] = [
  ['FILE', '- or left out: standard input'],
  ['SIZE', '262144, 256KiB, 1.5GiB; 4 MB is decimal'],
  ['SPEC', 'an algorithm, with options: zstd:level=19, fixed:size=1MiB'],
];

/** Those of Chunker that a person may want to set; the command checks all. */
export const VARIABLES: readonly (readonly [string, string])[] = [
  ['CHUNKER_THREADS', 'threads that compute; --threads beats it'],
  ['CHUNKER_KERNEL', 'kernels to take, with commas; --kernel beats it'],
  ['CHUNKER_NICE', 'niceness of those threads, 0 to 19'],
  ['CHUNKER_CPU', 'scalar or avx2: no more than this of the CPU'],
  ['CHUNKER_ASYNC_BUFFER_LIMIT_BYTES', 'bytes of work that may wait at once'],
  ['CHUNKER_MEMORY_SOFT_LIMIT, CHUNKER_MEMORY_HARD_LIMIT', 'memory above which caches are emptied, and above which what needs more is refused'],
  ['CHUNKER_MAX_BUFFER_SIZE', 'the most that one buffer may take'],
  ['NO_COLOR, FORCE_COLOR', 'never, or always, colours'],
];
