import type { Algorithm } from '@chunker/core';
import type { LawSettings } from '../../src/index.js';

/** A plugin with one fault, and the laws that tell. */
export interface BrokenPlugin {
  /** What is wrong, in one sentence. */
  readonly fault: string;
  readonly definition: Algorithm;
  /** The law it breaks. Several only where the fault cannot but break all of them; `because` says why. */
  readonly breaks: string | readonly [string, string, ...string[]];
  readonly because?: string;
  readonly settings?: LawSettings;
}
