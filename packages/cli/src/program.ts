import { createRequire } from 'node:module';
import { Argument, Command, CommanderError, Option } from 'commander';
import { type Colour, colourFor } from './colour.js';
import type { CommonOptions, Context } from './context.js';
import { KERNELS } from './environment.js';
import { usageError } from './failure.js';
import { formatHelp, pathOf } from './help.js';
import { printable } from './names.js';

type Start = (options: CommonOptions) => Context;
type Run<Options> = (context: Context, operands: readonly string[], options: Options) => Promise<void>;

/** The commands and their options. What a command does is loaded when it is called. Help and version are handed to `say`. */
export function buildProgram(start: Start, say: (text: string) => void, colour: Colour = colourFor(false), width = 80): Command {
  const program = new Command('chunker')
    .description('cuts, hashes, compresses and compares files, directories and Nix archives')
    .usage('COMMAND [options] [operands]')
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showSuggestionAfterError();
  quiet(program);
  program.commandsGroup('Data');
  addScan(program, start);
  addChunk(program, start);
  addHash(program, start);
  addCompress(program, start);
  addDecompress(program, start);
  addNar(program, start);
  program.commandsGroup('Algorithms');
  addInquiries(program, start);
  program.commandsGroup('Help');
  addGuidance(program, start, say);
  finish(program, say, (command) => formatHelp(command, width, colour));
  return program;
}

function ownVersion(): string {
  return (createRequire(import.meta.url)('@chunker/cli/package.json') as { version: string }).version;
}

function finish(made: Command, say: (text: string) => void, format: (command: Command) => string): void {
  made.configureOutput({ writeOut: say }).configureHelp({ formatHelp: format });
  for (const below of made.commands) finish(below, say, format);
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
  const nar = new Command('nar').description('make, list, read, check and unpack Nix archives').usage('COMMAND [options] [operands]').helpCommand(false);
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
  command(program, 'bench', '[ALGORITHM...]', 'measure algorithms on the same data')
    .option('--data <FILE>', 'measure on the bytes of this file, or - for standard input')
    .option('--size <SIZE>', 'generate data of this size (default: 4KiB, 64KiB and 1MiB)')
    .option('--time <SECONDS>', 'for each operation on each size, 0.01 to 600', '0.3')
    .action(action(start, async () => (await import('./commands/bench.js')).bench));
  command(program, 'conformance', '[PACKAGE...]', 'run the laws against plugins')
    .option('--runs <N>', 'inputs per law', '30')
    .option('--seed <N>', 'repeat a run')
    .action(action(start, async () => (await import('./commands/conformance.js')).conformance));
}

function addGuidance(program: Command, start: Start, say: (text: string) => void): void {
  const help = new Command('help').argument('[COMMAND...]').usage('[COMMAND...]').description('what a command does, with examples');
  quiet(help);
  help.helpOption(false).action((words: readonly string[]) => {
    let at = program;
    for (const word of words) {
      const found = at.commands.find((one) => one.name() === word);
      if (found === undefined) throw usageError(`there is no command '${words.join(' ').slice(0, 100)}'`);
      at = found;
    }
    say(at.helpInformation());
  });
  program.addCommand(help);
  const completion = new Command('completion').description('a script that completes the command line in your shell');
  quiet(completion);
  completion
    .addArgument(new Argument('<SHELL>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: string) => start({}).write((await import('./completion/scripts.js')).SCRIPTS[shell as 'bash']));
  program.addCommand(completion);
  // Called by those scripts; what stands behind `--` is the command line so far.
  const complete = new Command('complete').argument('[WORDS...]');
  quiet(complete);
  complete
    .helpOption(false)
    .action(async (words: readonly string[]) => (await import('./completion/complete.js')).complete(start({ quiet: true }), program, words));
  program.addCommand(complete, { hidden: true });
}

function command(parent: Command, name: string, operands: string, description: string): Command {
  const made = parent.command(`${name}${operands === '' ? '' : ` ${operands}`}`).description(description);
  quiet(made);
  return made
    .helpOption('-h, --help', 'print this help')
    .optionsGroup('Common options')
    .option('--json', 'one JSON document on standard output')
    .addOption(new Option('--kernel <KIND>', 'force a kernel').choices(KERNELS))
    .option('--threads <N>', 'threads that compute')
    .option('--plugin <PACKAGE>', 'load a plugin as well, by name or folder (repeatable)', collect)
    .option('--progress', 'show progress though standard error is no terminal')
    .option('--quiet', 'no progress and no remarks')
    .optionsGroup('');
}

/** Commands that may run for long. `chunk` shows a result at once, and inquiries have none to wait for. */
const WITH_PROGRESS: ReadonlySet<string> = new Set([
  ...['scan', 'hash', 'compress', 'decompress', 'bench', 'conformance'],
  ...['nar pack', 'nar unpack', 'nar ls', 'nar cat', 'nar verify', 'nar hash'],
]);

/** The last two arguments that commander hands over are options and command; those before are the operands. */
function action<Options>(start: Start, load: () => Promise<Run<Options>>) {
  return async (...handed: unknown[]): Promise<void> => {
    const made = handed.at(-1) as Command;
    const options = made.opts() as Options & CommonOptions;
    const context = start(options);
    // Before algorithms and kernels are loaded, which on a busy machine takes longer than anybody likes to see nothing.
    if (WITH_PROGRESS.has(pathOf(made))) context.showProgress(() => ({ label: [pathOf(made), ...made.args.slice(0, 1).map(printable)].join(' '), bytes: 0 }));
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
