// A process that packs a tree twice and prints how many nanoseconds the second time took, by the clock and of CPU, and how many bytes it was. `CHUNKER_THREADS` says on how many threads.
import { ioKernel } from '@chunker/io';
import { packNar } from '@chunker/nar';

const WINDOW = 4 << 20;
const [path] = process.argv.slice(2);
const { slabs } = await ioKernel();
const held = [slabs.take(WINDOW), slabs.take(WINDOW)];

async function pack() {
  const packer = await packNar(path);
  const filling = held.map(({ bytes }) => packer.fill(bytes));
  let total = 0;
  for (let i = 0; ; i = 1 - i) {
    const length = await filling[i];
    total += length;
    if (length < WINDOW) break;
    filling[i] = packer.fill(held[i].bytes);
  }
  await Promise.all(filling);
  await packer.close();
  return total;
}

await pack();
const cpu = process.cpuUsage();
const began = process.hrtime.bigint();
const bytes = await pack();
const ns = Number(process.hrtime.bigint() - began);
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(`${JSON.stringify({ ns, cpuNs: (user + system) * 1000, bytes })}\n`);
