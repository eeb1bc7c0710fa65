/**
 * Which of the jobs that wait goes first: the highest. The longest chain does, which is the digest of the whole: it goes window by window and holds each until it has been there; then what makes work for the others.
 * Compressing, most of the work and in many jobs that nobody waits for, has none: it fills what is left. Memory is bounded by the windows, so it need not be by ending first what was begun. Reading is as urgent as cutting, which
 * packages/io says itself.
 */
export const PRIORITY = { digest: 3, cut: 2, hash: 1 } as const;
