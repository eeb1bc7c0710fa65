import { type ChunkerEvent, Registry } from '@chunker/core';
import { describe, expect, it } from 'vitest';
import { pipeline } from '@chunker/pipeline';
import { flate, lowbits, sampleBytes, sha1 } from './algorithms.js';

const line = (registry: Registry<typeof lowbits | typeof sha1 | typeof flate>) => pipeline(registry).chunk('lowbits').hash('sha1').compress('flate');

function listening() {
  const registry = Registry.of(lowbits, sha1, flate);
  const events: ChunkerEvent[] = [];
  const stop = registry.events.on((event) => {
    if (event.kind === 'pipeline') events.push(event);
  });
  return { registry, events, stop };
}

describe('the events of a run', () => {
  it('tell of start and end by one id', async () => {
    const { registry, events } = listening();
    const { bytes, chunks, compressedBytes } = await line(registry).run(sampleBytes(200_000)).summary();
    expect(events.map(({ type }) => type).filter((type) => type !== 'bytes')).toEqual(['start', 'end']);
    expect(events.at(-1)).toMatchObject({ algorithm: 'lowbits+sha1+flate', inputBytes: bytes, outputBytes: compressedBytes, items: chunks });
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
  });

  it('tell of an error', async () => {
    const { registry, events } = listening();
    await expect(
      line(registry)
        .run(['no bytes'] as never)
        .summary(),
    ).rejects.toThrow();
    expect(events.map(({ type }) => type)).toEqual(['start', 'error']);
  });

  it('tell of progress ten times a second at most', async () => {
    const { registry, events } = listening();
    async function* slowly() {
      for (let i = 0; i < 8; i++) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield sampleBytes(65_536, i + 1);
      }
    }
    await line(registry).run(slowly(), { windowBytes: 65_536 }).summary();
    const times = events.filter(({ type }) => type === 'bytes').map(({ at }) => at);
    expect(times.length).toBeGreaterThan(1);
    for (let i = 1; i < times.length; i++) expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThanOrEqual(100);
  });

  it('are not told to those who stopped listening', async () => {
    const { registry, events, stop } = listening();
    stop();
    await line(registry).run(sampleBytes(1000)).summary();
    expect(events).toEqual([]);
  });
});
