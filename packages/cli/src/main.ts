import { setTimeout as wait } from 'node:timers/promises';
import { colourFor } from './colour.js';
import { Context, stopOnSignals } from './context.js';
import { applyToEnvironment } from './environment.js';
import { ChunkerError } from '@chunker/core';
import { ClosedPipe, EXIT, exitStatus, failureOf, Interrupted, usageError } from './failure.js';
import { exactArguments } from './names.js';
import { buildProgram, isHelp, isUsage, usageReason } from './program.js';

const PATIENCE_MS = 200;

/** Runs the command line and ends the process with its status. */
export async function main(given: readonly string[]): Promise<void> {
  const controller = new AbortController();
  stopOnSignals(controller);
  // Known before the arguments are parsed: an error in them is an error document as well.
  let context = new Context({ json: asksForJson(given) }, controller);
  const help: string[] = [];
  const program = buildProgram(
    (options) => {
      context = new Context(options, controller);
      applyToEnvironment(options);
      return context;
    },
    (text) => help.push(text),
    colourFor(context.out.isTerminal),
    context.out.columns,
  );
  process.once('beforeExit', () => void endUnanswered(context));
  let status: number = EXIT.done;
  try {
    controller.signal.throwIfAborted();
    await program.parseAsync(exactArguments(given), { from: 'user' });
    await context.write(help.join(''));
    status = context.failed > 0 ? EXIT.failed : EXIT.done;
    if (context.failed > 0 && context.json) await report(context, partlyFailed(context.failed), false);
  } catch (thrown) {
    let error = controller.signal.aborted ? controller.signal.reason : thrown;
    if (isHelp(error))
      error = await context.write(help.join('')).then(
        () => error,
        (failure) => failure,
      );
    status = isHelp(error) ? EXIT.done : isUsage(error) ? EXIT.usage : exitStatus(error);
    if (!isHelp(error)) await report(context, isUsage(error) ? usageError(usageReason(error)) : error, true);
  }
  await context.hideProgress().catch(() => {});
  const flushed = Promise.allSettled([context.out.flushed(), context.err.flushed()]);
  await (controller.signal.aborted ? Promise.race([flushed, wait(PATIENCE_MS)]) : flushed);
  process.exit(status);
}

/** Nothing is left that could wake this process, and the command is not done: a plugin's promise will never settle. */
async function endUnanswered(context: Context): Promise<void> {
  await report(context, new ChunkerError('plugin_failed', { reason: 'it never answered' }), true);
  process.exit(EXIT.failed);
}

async function report(context: Context, error: unknown, aloud: boolean): Promise<void> {
  if (error instanceof ClosedPipe) return;
  if (aloud) await context.complain(error);
  if (!context.json) return;
  const { code, message, details } = failureOf(error);
  const told = context.lastDocument({ error: { code, message, details } }).catch(() => {});
  // Whoever interrupts a command that waits for its reader does not wait for that reader.
  await (error instanceof Interrupted ? Promise.race([told, wait(PATIENCE_MS)]) : told);
}

function partlyFailed(failed: number): Error {
  return new ChunkerError('partly_failed', { failed }, { message: `${failed} of what was asked for failed` });
}

function asksForJson(given: readonly string[]): boolean {
  const end = given.indexOf('--');
  return given.slice(0, end < 0 ? given.length : end).includes('--json');
}
