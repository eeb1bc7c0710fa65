import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import type { CommonOptions, Context } from './context.js';
import { KERNELS } from './environment.js';

type Start = (options: CommonOptions) => Context;
type Run<Options> = (context: Context, operands: readonly string[], options: Options) => Promise<void>;

/** The commands and their options. What a command does is loaded when it is called. Help and version are handed to `say`. */
export function buildProgram(start: Start, say: (text: string) => void): Command {
  const program = new Command('chunker')
    .description('Cuts, hashes, compresses and compares files, directories and Nix archives.')
    .version((createRequire(import.meta.url)('@chunker/cli/package.json') as { version: string }).version, '-V, --version', 'print the version')
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 80, 80), showGlobalOptions: true });
  quiet(program);
  addScan(program, start);
  addChunk(program, start);
  addHash(program, start);
  addCompress(program, start);
  addDecompress(program, start);
  addNar(program, start);
  addInquiries(program, start);
  tellBy(program, say);
  return program;
}

function tellBy(made: Command, say: (text: string) => void): void {
  made.configureOutput({ writeOut: say });
  for (const below of made.commands) tellBy(below, say);
}

/** Commander's way of saying that the arguments are wrong. */
export function isUsage(error: unknown): error is CommanderError {
  return error instanceof CommanderError && !isHelp(error);
}

/** What commander complains of, in words. */
export function usageReason(error: CommanderError): string {
  return error.code === 'commander.help' ? 'a command is missing (see --help)' : error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
}

/** Commander's way of saying that help was printed. */
export function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code) && error.exitCode === 0;
}

function addScan(program: Command, start: Start): void {
  command(program, 'scan', '<PATH...>', 'what deduplication and compression would give')
    .option('--chunker <SPEC>', 'how to cut', 'fastcdc:min=256KiB,avg=1MiB,max=4MiB')
    .option('--hash <SPEC>', 'digest of each chunk', 'blake3')
    .option('--codec <SPEC>', 'how to compress each unique chunk, or none', 'zstd:level=3')
    .option('--each', 'every chunk as a line of JSON, then the summary')
    .option('--verify', 'decompress each unique chunk, compare it and the sum of all')
    .option('--exclude <GLOB>', 'leave out what matches, below a directory (repeatable)', collect)
    .option('--one-file-system', 'do not cross into other file systems')
    .option('--skip-unreadable', 'leave out files that may not be read')
    .action(action(start, async () => (await import('./commands/scan.js')).scan));
}

function addChunk(program: Command, start: Start): void {
  command(program, 'chunk', '[FILE]', 'cut points of a file or of standard input')
    .option('--chunker <SPEC>', 'how to cut (default: fastcdc:min=256KiB,avg=1MiB,max=4MiB)')
    .option('--profile <NAME>', 'how to cut, by the name of a frozen profile')
    .option('--hash <SPEC>', 'digest of each chunk, or none', 'blake3')
    .action(action(start, async () => (await import('./commands/chunk.js')).chunk));
}

function addHash(program: Command, start: Start): void {
  command(program, 'hash', '[FILE...]', 'digests, printed as b3sum does')
    .option('-a, --algorithm <SPEC>', 'the hash', 'blake3')
    .option('--length <N>', 'bytes of the digest, where the hash can choose')
    .option('--key-file <FILE>', 'keyed mode: the file holds the key')
    .option('--derive-key <CONTEXT>', 'key derivation mode with this context')
    .addOption(new Option('--encoding <NAME>', 'of the digest').choices(['hex', 'base64', 'nix32', 'sri']).default('hex'))
    .option('--check <FILE>', 'check the digests that FILE lists')
    .action(action(start, async () => (await import('./commands/hash.js')).hash));
}

function addCompress(program: Command, start: Start): void {
  command(program, 'compress', '[FILE...]', 'compress files or standard input')
    .option('-c, --codec <SPEC>', 'the codec', 'zstd:level=3')
    .option('--dictionary <FILE>', 'compress with this dictionary')
    .option('-o, --output <FILE>', 'write here instead of to standard output')
    .option('--force', 'replace an existing file; write data to a terminal')
    .action(action(start, async () => (await import('./commands/compress.js')).compress));
}

function addDecompress(program: Command, start: Start): void {
  command(program, 'decompress', '[FILE]', 'decompress a file or standard input')
    .option('-c, --codec <SPEC>', 'the codec; auto tells by the first bytes', 'auto')
    .option('--dictionary <FILE>', 'the dictionary it was compressed with')
    .option('-o, --output <FILE>', 'write here instead of to standard output')
    .option('--force', 'replace an existing file; write data to a terminal')
    .option('--max-output <SIZE>', 'refuse more than this (default: no limit)')
    .option('--max-memory <SIZE>', "limit of the decoder's own memory", '128MiB')
    .option('--allow-trailing', 'leave alone what follows the end')
    .option('--test', 'decode and write nothing')
    .action(action(start, async () => (await import('./commands/decompress.js')).decompress));
}

function addNar(program: Command, start: Start): void {
  const nar = new Command('nar').description('Nix archives').helpCommand(false);
  quiet(nar);
  program.addCommand(nar);
  command(nar, 'pack', '<PATH>', 'the archive of a directory, file or symbolic link')
    .option('-o, --output <FILE>', 'write here instead of to standard output')
    .option('--force', 'replace an existing file; write data to a terminal')
    .action(action(start, async () => (await import('./commands/nar-pack.js')).narPack));
  command(nar, 'unpack', '[FILE]', 'make the tree that an archive holds')
    .requiredOption('-C, --target <TARGET>', 'what to make; must not exist')
    .option('--sync', 'flush all to the disk before TARGET gets its name')
    .action(action(start, async () => (await import('./commands/nar-unpack.js')).narUnpack));
  command(nar, 'ls', '[FILE]', "what an archive holds; --json as in a binary cache's .ls files")
    .option('-R, --recursive', 'all levels')
    .option('-l, --long', 'kind, size and target as well')
    .action(action(start, async () => (await import('./commands/nar-ls.js')).narLs));
  command(nar, 'cat', '<FILE> <INNER>', 'the contents of one file of an archive')
    .option('-o, --output <FILE>', 'write here instead of to standard output')
    .option('--force', 'replace an existing file; write data to a terminal')
    .action(action(start, async () => (await import('./commands/nar-cat.js')).narCat));
  command(nar, 'verify', '[FILE]', 'is this a well-formed archive?').action(action(start, async () => (await import('./commands/nar-verify.js')).narVerify));
  command(nar, 'hash', '<PATH-or-NAR>', 'NarHash and NarSize of a path, or of an archive').action(
    action(start, async () => (await import('./commands/nar-hash.js')).narHash),
  );
}

function addInquiries(program: Command, start: Start): void {
  command(program, 'list', '', 'what is registered, and which kernels work here').action(action(start, async () => (await import('./commands/list.js')).list));
  command(program, 'doctor', '', 'CPU features, kernels, threads, limits, versions').action(
    action(start, async () => (await import('./commands/doctor.js')).doctor),
  );
  command(program, 'conformance', '[PACKAGE...]', 'run the laws against plugins; without a name, against all that is registered')
    .option('--runs <N>', 'inputs per law', '30')
    .option('--seed <N>', 'repeat a run')
    .action(action(start, async () => (await import('./commands/conformance.js')).conformance));
}

function command(parent: Command, name: string, operands: string, description: string): Command {
  const made = parent.command(`${name}${operands === '' ? '' : ` ${operands}`}`).description(description);
  quiet(made);
  return made
    .option('--json', 'one JSON document on standard output')
    .addOption(new Option('--kernel <KIND>', 'force a kernel').choices(KERNELS))
    .option('--threads <N>', 'threads that compute')
    .option('--plugin <PACKAGE>', 'load a plugin as well (repeatable)', collect)
    .option('--progress', 'show progress though standard error is no terminal')
    .option('--quiet', 'no progress and no remarks');
}

/** The last two arguments that commander hands over are options and command; those before are the operands. */
function action<Options>(start: Start, load: () => Promise<Run<Options>>) {
  return async (...handed: unknown[]): Promise<void> => {
    const made = handed.at(-1) as Command;
    const options = made.opts() as Options & CommonOptions;
    const context = start(options);
    const run = await load();
    await run(context, made.args, options);
  };
}

/** Errors are thrown, and printed once, by main. */
function quiet(made: Command): void {
  made.exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {} });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
