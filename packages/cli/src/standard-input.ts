import { usageError } from './failure.js';

/** Standard input ends when it was read: whoever names it twice would find nothing the second time. */
export function checkReadOnce(...paths: readonly (string | undefined)[]): void {
  if (paths.filter((path) => path === '-').length > 1) throw usageError('standard input can be read once');
}
