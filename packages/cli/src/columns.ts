// Text in columns, of a terminal or of a log that a terminal shows later.

/** Marks and joiners, which take no column of their own. */
const NONE = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Characters of two columns: East Asian wide ones, told by their scripts because JavaScript does not know Unicode's East_Asian_Width, and emoji. */
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u;
const HALF_WIDTH = /[\uff61-\uffdc]/;
const ASCII = /^[\x20-\x7e]*$/;

/** Columns that a text without control characters takes. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += NONE.test(character) ? 0 : WIDE.test(character) && !HALF_WIDTH.test(character) ? 2 : 1;
  return columns;
}

/** The text, or its end behind an ellipsis where it takes more than so many columns. */
export function lastColumns(text: string, most: number): string {
  if (columnsOf(text) <= most) return text;
  const { ellipsis } = signs();
  const kept: string[] = [];
  let room = most - ellipsis.length;
  for (const character of [...text].reverse()) {
    room -= columnsOf(character);
    if (room < 0) break;
    kept.unshift(character);
  }
  return ellipsis + kept.join('');
}

/** Breaks at spaces; what follows the first line is indented by two more than it. A word that is too long stays whole. */
export function hanging(text: string, width: number): string[] {
  const indent = `${/^ */.exec(text)?.[0] ?? ''}  `;
  const lines: string[] = [];
  let rest = text;
  while (columnsOf(rest) > width) {
    const before = rest.lastIndexOf(' ', width);
    const at = before > indent.length ? before : rest.indexOf(' ', indent.length + 1);
    if (at < 0) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = indent + rest.slice(at + 1).trimStart();
  }
  return [...lines, rest];
}

/** Signs beyond ASCII where the locale says that they can be shown. */
export interface Signs {
  readonly wheel: string;
  readonly full: string;
  readonly empty: string;
  readonly ellipsis: string;
  /** For a figure that there is not. */
  readonly dash: string;
}

const UNICODE: Signs = { wheel: '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏', full: '█', empty: '░', ellipsis: '…', dash: '–' };
const PLAIN: Signs = { wheel: '|/-\\', full: '#', empty: '-', ellipsis: '...', dash: '-' };

export function signs({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv = process.env): Signs {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? UNICODE : PLAIN;
}
