/** Bounds of what is read and written (Nix since 2.34.7: src/libutil/archive.cc). */
export interface NarLimits {
  /** Levels from the root, which is the first. */
  readonly depth: number;
  /** Bytes of a name. */
  readonly name: number;
  /** Bytes of a symbolic link's target. */
  readonly target: number;
}

/** The limits of Nix: what is over them would be refused there. */
export const NAR_LIMITS: NarLimits = { depth: 64, name: 255, target: 4095 };
