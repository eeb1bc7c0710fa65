/** What a profile freezes; what it leaves out is the algorithm's default for ever: normalisation 1, seed 0. */
interface Parameters {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
  readonly normalization: number;
}

const KIB = 1024;

function sizes(min: number, avg: number, max: number, normalization = 1): Parameters {
  return Object.freeze({ min: min * KIB, avg: avg * KIB, max: max * KIB, normalization });
}

/**
 * Named, versioned, frozen parameters. `fastcdc-2020/ncL@SIZE` says what it is: level of normalisation and average, min = avg / 4, max = avg * 4, published
 * Gear table. `nc2` is what Bazel's FAST_CDC_2020 asks for. The others are presets for a purpose: a better one becomes `@2`, and `@1` stays.
 */
export const profiles = Object.freeze({
  'fastcdc-2020/nc1@16k': sizes(4, 16, 64),
  'fastcdc-2020/nc1@64k': sizes(16, 64, 256),
  'fastcdc-2020/nc1@256k': sizes(64, 256, 1024),
  'fastcdc-2020/nc1@512k': sizes(128, 512, 2048),
  'fastcdc-2020/nc1@1m': sizes(256, 1024, 4096),
  'fastcdc-2020/nc1@4m': sizes(1024, 4096, 16384),
  'fastcdc-2020/nc2@512k': sizes(128, 512, 2048, 2),
  'nar@1': sizes(128, 512, 2048),
  'large-packages@1': sizes(256, 1024, 4096),
  'small-packages@1': sizes(32, 128, 512),
  'high-latency@1': sizes(1024, 4096, 16384),
  'low-bandwidth@1': sizes(16, 64, 256),
  's3@1': sizes(1024, 4096, 16384),
});
