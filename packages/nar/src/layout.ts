/** What became of a window. */
export interface Laid {
  /** Bytes of the archive in it: all that there is room for, fewer only at the end. */
  readonly length: number;
  /** Fulfils when they are all there; the next window may be laid before. */
  readonly settled: Promise<void>;
}

/** Lays the bytes of an archive into windows, one after the other. */
export interface Layout {
  /** Lays what follows into the window. Called again when the promise has settled; not after a failure. */
  lay(window: Uint8Array): Promise<Laid>;
  /** Gives back what is held. Nothing is being laid or settled any more. */
  close(): Promise<void>;
}
