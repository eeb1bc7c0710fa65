// How one line is measured: outputs compared first, then rounds in turn, then the ratio of the medians.

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * Runs `work` and adds the CPU time of the process in nanoseconds. For work on one thread. `fold` makes of what came out what is compared; its time does not count.
 */
export async function cpuTimed(work, fold = (value) => value) {
  const before = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { ns: (user + system) * 1000, result: fold(value) };
}

/** Runs `work`, which answers a result; adds the wall time in nanoseconds. */
export async function wallTimed(work) {
  const before = process.hrtime.bigint();
  const result = await work();
  return { ns: Number(process.hrtime.bigint() - before), result };
}

/**
 * Measures one line. `ours` and `theirs` answer { ns, result }; `target` is the least ratio of speed (theirs.ns / ours.ns). With `limit` instead of `theirs`,
 * `ours` answers { value } and the value must stay at or below the limit. A side that is a process of its own may add its `peakMiB`, which the record then shows.
 */
export async function measure(line, rounds) {
  if (line.limit !== undefined) return measureLimit(line, rounds);
  const first = { ours: await line.ours(), theirs: await turned(() => line.theirs()) };
  if (line.same !== false && first.ours.result !== first.theirs.result) {
    throw new Error(`${line.name}: outputs differ: ours ${first.ours.result}, theirs ${first.theirs.result}`);
  }
  const times = { ours: [], theirs: [] };
  const peaks = { ours: 0, theirs: 0 };
  for (let round = 0; round < rounds; round++) {
    for (const side of ['ours', 'theirs']) {
      const { ns, peakMiB = 0 } = await turned(() => line[side]());
      times[side].push(ns);
      peaks[side] = Math.max(peaks[side], peakMiB);
    }
  }
  const [ours, theirs] = [median(times.ours), median(times.theirs)];
  const ratio = theirs / ours;
  return {
    name: line.name,
    against: line.against,
    ratio,
    target: line.target,
    verdict: line.target === undefined ? 'shown' : ratio >= line.target ? 'reached' : 'missed',
    ours: line.bytes ? (line.bytes / ours) * 1000 : ours,
    theirs: line.bytes ? (line.bytes / theirs) * 1000 : theirs,
    unit: line.bytes ? 'MB/s' : 'ns',
    ...(peaks.ours > 0 ? { peakMiB: peaks } : {}),
    rounds,
  };
}

/** After a turn of the event loop, as calls of a program are: what is finalised only then would pile up otherwise, and the side that comes second would pay for it. */
async function turned(work) {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return work();
}

async function measureLimit(line, rounds) {
  await line.ours();
  const values = [];
  for (let round = 0; round < rounds; round++) values.push((await line.ours()).value);
  const value = median(values);
  return {
    name: line.name,
    against: `<= ${line.limit} ${line.unit}`,
    value,
    limit: line.limit,
    verdict: value <= line.limit ? 'reached' : 'missed',
    unit: line.unit,
    rounds,
  };
}

/** The same fold of numbers as the contender's: outputs are compared by it. */
export function checksum(values) {
  let sum = 0xcbf29ce484222325n;
  for (const value of values) sum = ((sum ^ BigInt(value)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return sum.toString(16).padStart(16, '0');
}

/** The same piece lengths as the contender's: `1024`, or `100-4000`. */
export function pieces(total, spec) {
  const [low, high = low] = String(spec).split('-').map(Number);
  const lengths = [];
  let state = 1;
  for (let at = 0; at < total; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const length = Math.min(low + ((state >>> 8) % (high - low + 1)), total - at);
    lengths.push(length);
    at += length;
  }
  return Uint32Array.from(lengths);
}
