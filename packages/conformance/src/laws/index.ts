import type { AlgorithmKind } from '@chunker/core';
import type { Law } from '../law.js';
import { bufferLaws } from './buffers.js';
import { callLaws } from './calls.js';
import * as cuts from './chunker/cuts.js';
import * as chunkerDoors from './chunker/doors.js';
import { hintsAreRespected } from './chunker/hints.js';
import { CHUNKER_OPERATIONS } from './chunker/operations.js';
import { profilesCanBeTaken } from './chunker/profiles.js';
import * as batch from './codec/batch.js';
import * as damage from './codec/damage.js';
import * as doors from './codec/doors.js';
import * as efforts from './codec/efforts.js';
import * as format from './codec/format.js';
import * as limits from './codec/limits.js';
import { CODEC_OPERATIONS } from './codec/operations.js';
import * as pieces from './codec/pieces.js';
import * as roundTrip from './codec/round-trip.js';
import * as digests from './hash/digests.js';
import { HASH_OPERATIONS } from './hash/operations.js';
import * as hashPieces from './hash/pieces.js';
import { optionLaws } from './options.js';

const all = <Kind extends AlgorithmKind>(...modules: readonly Readonly<Record<string, Law<Kind>>>[]): Law<Kind>[] =>
  modules.flatMap((module) => Object.values(module));

/** Every law, by kind of algorithm; the most telling first. */
export const LAWS: { readonly [Kind in AlgorithmKind]: readonly Law<Kind>[] } = {
  codec: [
    ...all<'codec'>(roundTrip, doors, pieces, batch, limits, damage, format, efforts),
    ...bufferLaws('codec', CODEC_OPERATIONS),
    ...callLaws('codec', CODEC_OPERATIONS),
    ...optionLaws('codec'),
  ],
  hash: [...all<'hash'>(digests, hashPieces), ...bufferLaws('hash', HASH_OPERATIONS), ...callLaws('hash', HASH_OPERATIONS), ...optionLaws('hash')],
  chunker: [
    ...all<'chunker'>(cuts, chunkerDoors),
    hintsAreRespected,
    profilesCanBeTaken,
    ...bufferLaws('chunker', CHUNKER_OPERATIONS),
    ...callLaws('chunker', CHUNKER_OPERATIONS),
    ...optionLaws('chunker'),
  ],
};
