import type { Awaitable, Batch, ByteSource, Call, CallParameters, Capabilities, Hash, Hasher, HashKernel, KernelKind } from '../contracts/index.js';
import { evenGroups, gather, groups, type Items, readBatch } from '../bytes/batches.js';
import { readableInput } from '../bytes/inputs.js';
import { BrokenPromise, disown, isThenable, resultBytes } from '../bytes/results.js';
import { openSource } from '../bytes/sources.js';
import { after, Turn } from './awaitable.js';
import { capabilitiesOf } from './capabilities.js';
import { HashSession, WINDOW_BYTES } from './hasher.js';
import { fixedInTurns } from './fixed-input.js';
import { Operations, type Taken } from './operation.js';
import { eachOnce } from './repeats.js';

const IN_FLIGHT = 8;
/** Digests up to this length are written to one place and copied: an array that is handed to native code has its bytes moved off the engine's heap, which takes longer than hashing a few bytes. */
const COPIED = 64;

/** A hash with every operation, whatever its kernel brings. */
export class TakenHash implements Hash {
  readonly kind = 'hash';
  readonly name: string;
  readonly spec: string;
  readonly options: unknown;
  readonly kernel: KernelKind;
  readonly digestLength: number;
  readonly #taken: Taken<HashKernel<unknown>>;
  readonly #operations: Operations;
  readonly #outcome: () => { outputBytes: number; items: number };
  #capabilities: Capabilities | undefined;
  #place: Uint8Array | undefined;

  constructor(taken: Taken<HashKernel<unknown>>, digestLength: number) {
    this.name = taken.definition.name;
    this.spec = taken.spec;
    this.options = taken.options;
    this.kernel = taken.kernel.kind;
    this.digestLength = digestLength;
    this.#taken = taken;
    this.#operations = new Operations(taken);
    this.#outcome = () => ({ outputBytes: digestLength, items: 1 });
  }

  get capabilities(): Capabilities {
    this.#capabilities ??= capabilitiesOf(this.#taken, ['hash'], () =>
      this.#taken.kernel.methods.hash(new Uint8Array(0), this.options, this.#operations.call(undefined)),
    );
    return this.#capabilities;
  }

  hash(data: Uint8Array, parameters?: CallParameters): Promise<Uint8Array> {
    const fixed = fixedInTurns('hash', data, parameters?.signal);
    if (fixed !== undefined) return fixed.then((input) => this.hash(input, parameters));
    try {
      const input = readableInput('hash', data);
      const call = this.#operations.call(parameters);
      return this.#operations.run('hash', input.length, parameters, () => this.#hash(input, call), this.#outcome);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  hashSync(data: Uint8Array, parameters?: CallParameters): Uint8Array {
    const input = readableInput('hash', data);
    const call = this.#operations.call(parameters);
    return this.#operations.runSync('hash', input.length, parameters, () => this.#hashSync(input, call), this.#outcome);
  }

  async hashMany(batch: Batch, parameters?: CallParameters): Promise<Uint8Array> {
    const items = readBatch('hash', batch);
    const call = this.#operations.call(parameters);
    const { distinct, answer, outcome } = this.#once(items);
    return this.#operations.run('hashMany', distinct.totalBytes, parameters, () => this.#many(distinct, call).then(answer), outcome);
  }

  hashManySync(batch: Batch, parameters?: CallParameters): Uint8Array {
    const items = readBatch('hash', batch);
    const call = this.#operations.call(parameters);
    const { distinct, answer, outcome } = this.#once(items);
    return this.#operations.runSync('hashMany', distinct.totalBytes, parameters, () => answer(this.#manySync(distinct, call)), outcome);
  }

  async hashStream(source: ByteSource, parameters?: CallParameters): Promise<Uint8Array> {
    const visit = this.#operations.begin('hashStream', parameters);
    let iterator: AsyncIterator<Uint8Array> | undefined;
    let session: HashSession | undefined;
    let ended = false;
    try {
      iterator = openSource('hash', source);
      session = new HashSession(this.#taken, this.#operations, this.digestLength, this.#operations.call(parameters));
      const turn = new Turn();
      while (!ended) {
        const piece = await this.#operations.race(iterator.next(), parameters?.signal);
        ended = piece.done === true;
        if (ended) break;
        visit.progress(piece.value.length);
        const { value } = piece;
        const state = session;
        await this.#operations.step(() => state.update(value), parameters?.signal);
        await turn.over();
      }
      const state = session;
      const digest = await this.#operations.step(() => state.digest(), parameters?.signal);
      visit.end(this.#outcome, digest);
      return digest;
    } catch (thrown) {
      throw visit.failed(thrown);
    } finally {
      session?.dispose();
      visit.leave();
      if (!ended) iterator?.return?.().catch(() => {});
    }
  }

  create(parameters?: CallParameters): Hasher {
    this.#taken.scope.life.check(this.name);
    return new HashSession(this.#taken, this.#operations, this.digestLength, this.#operations.call(parameters));
  }

  /** A batch with each of its slices once, and what becomes of their digests. */
  #once(items: Items) {
    const outcome = (digests: Uint8Array) => ({ outputBytes: digests.length, items: items.count });
    return { ...eachOnce(items, this.digestLength), outcome };
  }

  #checked(digest: Uint8Array, input: Uint8Array): Uint8Array {
    const bytes = resultBytes(digest, input);
    if (bytes.length !== this.digestLength) throw new BrokenPromise(`it returned a digest of ${bytes.length} bytes instead of ${this.digestLength}`);
    return bytes;
  }

  /** A digest in memory of core's own, where there is nothing to look at but whether the memory is still there. */
  #written(hashIntoSync: NonNullable<HashKernel<unknown>['hashIntoSync']>, data: Uint8Array, call: Call): Uint8Array {
    const output = this.#place ?? new Uint8Array(this.digestLength);
    // Taken while it is written to: a kernel may call back.
    this.#place = undefined;
    const answer: unknown = hashIntoSync(data, output, this.options, call);
    this.#atOnce(answer, 'hash');
    if (this.#kept(output).length > COPIED) return output;
    this.#place = output;
    // Of the ways to copy some bytes the quickest.
    return new Uint8Array(output);
  }

  #kept(output: Uint8Array): Uint8Array {
    if (output.length !== this.digestLength) throw new BrokenPromise('it took the memory for the digest away');
    return output;
  }

  #hash(data: Uint8Array, call: Call): Awaitable<Uint8Array> {
    const { methods, placement } = this.#taken.kernel;
    const { hash, hashSync, hashInto, hashIntoSync, create } = methods;
    if (placement === 'away') {
      const small = (hashIntoSync ?? hashSync) !== undefined && !this.#operations.goesAway('hash', data.length);
      if (small) return this.#hashSync(data, call);
      if (create !== undefined && data.length > WINDOW_BYTES && call.inPlace !== true) return this.#windows(data, call);
    }
    if (hashInto === undefined) return after(hash(data, this.options, call), (digest) => this.#checked(digest, data));
    const output = new Uint8Array(this.digestLength);
    return after(hashInto(data, output, this.options, call), () => this.#kept(output));
  }

  async #windows(data: Uint8Array, call: Call): Promise<Uint8Array> {
    const session = new HashSession(this.#taken, this.#operations, this.digestLength, call, { counted: true });
    try {
      await session.update(data);
      return await session.digest();
    } finally {
      session.dispose();
    }
  }

  #hashSync(data: Uint8Array, call: Call): Uint8Array {
    const { methods, placement } = this.#taken.kernel;
    if (methods.hashIntoSync !== undefined) return this.#written(methods.hashIntoSync, data, call);
    if (methods.hashSync === undefined && placement === 'away') throw this.#operations.syncUnavailable('hash');
    const digest = (methods.hashSync ?? methods.hash)(data, this.options, call);
    this.#atOnce(digest, 'hash');
    return this.#checked(digest as Uint8Array, data);
  }

  async #many(items: Items, call: Call): Promise<Uint8Array> {
    const output = new Uint8Array(items.count * this.digestLength);
    const { hashMany, hashManySync } = this.#taken.kernel.methods;
    const { itemBytes } = this.#taken.scope.settings.smallWork;
    let large = 0;
    for (let index = 0; index < items.count; index++) if ((items.lengths[index] as number) > itemBytes) large += 1;
    const stay = this.#taken.kernel.placement === 'away' && hashManySync !== undefined && !this.#operations.goesAway('hash', items.totalBytes, large);
    const method = stay ? hashManySync : hashMany;
    if (method === undefined) {
      await this.#oneByOne(items, call, output);
      return output;
    }
    await this.#parallel([...evenGroups(items, WINDOW_BYTES)], call, async ([from, to]) => {
      const { buffer, ranges, bytes } = gather(items, from, to);
      const place = output.subarray(from * this.digestLength, to * this.digestLength);
      // One item beyond a window goes its own way, piece by piece.
      if (to - from === 1 && bytes > WINDOW_BYTES) place.set(await this.#hash(items.at(from), call));
      else await method(buffer, ranges, place, this.options, call);
    });
    return output;
  }

  async #oneByOne(items: Items, call: Call, output: Uint8Array): Promise<void> {
    const turn = new Turn();
    const indices = Array.from({ length: items.count }, (_, index) => index);
    await this.#parallel(indices, call, async (index) => {
      output.set(await this.#hash(items.at(index), call), index * this.digestLength);
      await turn.over();
    });
  }

  /** Several at once where they leave the thread; the first failure ends all, because a batch of digests has no place for errors. */
  async #parallel<T>(work: readonly T[], call: Call, one: (item: T) => Promise<void>): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < work.length) {
        const item = work[next++] as T;
        if (call.signal?.aborted === true) throw call.signal.reason;
        this.#taken.scope.life.goOn(this.name);
        await one(item);
      }
    };
    // One scratch is for one task: items that share it go one after the other.
    const workers = this.#taken.kernel.placement === 'away' && call.scratch === undefined ? Math.min(IN_FLIGHT, work.length) : 1;
    await Promise.all(Array.from({ length: workers }, worker));
  }

  #manySync(items: Items, call: Call): Uint8Array {
    const output = new Uint8Array(items.count * this.digestLength);
    const { hashManySync } = this.#taken.kernel.methods;
    if (hashManySync === undefined) {
      for (let index = 0; index < items.count; index++) output.set(this.#hashSync(items.at(index), call), index * this.digestLength);
      return output;
    }
    for (const [from, to] of groups(items, 4 * WINDOW_BYTES)) {
      const { buffer, ranges } = gather(items, from, to);
      const answer: unknown = hashManySync(buffer, ranges, output.subarray(from * this.digestLength, to * this.digestLength), this.options, call);
      this.#atOnce(answer, 'hashMany');
    }
    return output;
  }

  #atOnce(answer: unknown, operation: string): void {
    if (!isThenable(answer)) return;
    disown(answer);
    throw this.#operations.syncUnavailable(operation);
  }
}
