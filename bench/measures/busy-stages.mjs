// The stages of a scan, one after the other, in a process of its own: as many of these at once as there are cores show what the same kernels take where no core is idle. Prints nanoseconds of one core.
import fastcdc from '@chunker/chunking-fastcdc/plugin';
import zstd from '@chunker/codec-zstd/plugin';
import { Registry } from '@chunker/core';
import blake3 from '@chunker/hash-blake3/plugin';
import { openContender } from '../contender.mjs';
import { stages } from './jobs.mjs';

const [file] = process.argv.slice(2);
const registry = Registry.of(...fastcdc, ...blake3, ...zstd);
const contender = openContender(file);
process.stdout.write(String(await stages(registry, file, contender)));
contender.close();
await registry.dispose();
