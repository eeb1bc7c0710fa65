/** Words of a text that stand out. Colours say nothing that the words do not. */
export interface Colour {
  strong(text: string): string;
  faint(text: string): string;
  bad(text: string): string;
}

const plain = (text: string) => text;
const between = (on: number, off: number) => (text: string) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`);

/** `NO_COLOR` keeps all of it away (https://no-color.org), `FORCE_COLOR` brings it where no terminal is; else a terminal that can show it. */
export function colourFor(isTerminal: boolean, environment: NodeJS.ProcessEnv = process.env): Colour {
  return isColoured(isTerminal, environment)
    ? { strong: between(1, 22), faint: between(2, 22), bad: between(31, 39) }
    : { strong: plain, faint: plain, bad: plain };
}

function isColoured(isTerminal: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
