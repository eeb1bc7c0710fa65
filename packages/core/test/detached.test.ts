import { expect, it } from 'vitest';
import { configure, defineHash } from '../src/index.js';
import { hex } from '../src/encoding/index.js';

function detached(): Uint8Array {
  const bytes = new Uint8Array(50);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/*
 * V8 11 (Node 20), once it has compiled code that has seen resizable buffers, reads the property `length` of a view whose memory went away as what it was before. Only the accessor of all typed arrays, called as such, stays
 * right. So detached memory must be recognised by that, after many calls as at the first.
 */
it('refuses detached memory also when the engine has compiled the check', async () => {
  const hash = await configure(defineHash({ name: 'length', digestLength: 1, hash: (data) => Uint8Array.of(data.length) }));
  const calls: ((bytes: Uint8Array) => unknown)[] = [(bytes) => hash.hashSync(bytes), (bytes) => hex.encode(bytes)];
  const refused = expect.objectContaining({ code: 'invalid_input' });
  for (const call of calls) {
    for (let round = 0; round < 30_000; round++) {
      call(
        round % 3 === 0
          ? new Uint8Array(0)
          : new Uint8Array(
              round % 3 === 1 ? new ArrayBuffer(9) : new (ArrayBuffer as new (bytes: number, settings: object) => ArrayBuffer)(8, { maxByteLength: 16 }),
            ),
      );
      if (round % 50 === 0) expect(() => call(detached()), `after ${round} calls`).toThrow(refused);
    }
  }
});
