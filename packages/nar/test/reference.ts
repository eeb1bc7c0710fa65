// The judge of the parser: whole buffer, recursive descent, one string at a time, nothing kept for speed. Every rule is where the grammar has it; a break is a `Break` with code and place.

export class Break extends Error {
  constructor(
    readonly code: string,
    readonly offset: number,
  ) {
    super(`${code} at ${offset}`);
  }
}

export type Event =
  | ['directory', path: string, offset: number]
  | ['file', path: string, offset: number, size: number, executable: boolean, contentsOffset: number]
  | ['contents', hex: string]
  | ['symlink', path: string, offset: number, target: string]
  | ['end', path: string];

/** Events up to the end or the first break. Paths, targets and contents are hex. */
export function judge(bytes: Uint8Array, maxDepth = 64): { events: Event[]; broken?: Break } {
  const events: Event[] = [];
  try {
    new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), maxDepth, events).archive();
    return { events };
  } catch (error) {
    if (error instanceof Break) return { events, broken: error };
    throw error;
  }
}

class Reader {
  at = 0;

  constructor(
    readonly data: Buffer,
    readonly maxDepth: number,
    readonly events: Event[],
  ) {}

  archive(): void {
    this.string(13, 'bad_magic', (text) => (text.toString('latin1') === 'nix-archive-1' ? undefined : 'bad_magic'), 13);
    this.node(Buffer.alloc(0), 1);
    if (this.at < this.data.length) throw new Break('trailing_data', this.at);
  }

  node(path: Buffer, depth: number): void {
    const offset = this.at;
    this.word({ '(': '' }, 'unexpected_token', undefined, () => (depth > this.maxDepth ? 'too_deep' : undefined));
    this.word({ type: '' }, 'missing_type');
    const kind = this.word({ regular: 'f', directory: 'd', symlink: 'l' }, 'unknown_type');
    const hex = path.toString('hex');
    if (kind === 'd') {
      this.events.push(['directory', hex, offset]);
      this.entries(path, depth);
      this.events.push(['end', hex]);
      return;
    }
    if (kind === 'l') {
      this.word({ target: '' }, 'unexpected_token', 'missing_target');
      const target = this.string(4095, 'target_too_long', (text) => (text.length === 0 || text.includes(0) ? 'invalid_target' : undefined));
      this.events.push(['symlink', hex, offset, target.toString('hex')]);
      this.word({ ')': '' }, 'unexpected_token');
      return;
    }
    let flag = this.word({ executable: 'x', contents: 'c' }, 'unexpected_token', 'missing_contents');
    const executable = flag === 'x';
    if (executable) {
      this.string(0, 'executable_value', () => undefined);
      flag = this.word({ contents: 'c' }, 'unexpected_token', 'missing_contents');
    }
    this.contents(hex, offset, executable);
    this.word({ ')': '' }, 'unexpected_token');
    this.events.push(['end', hex]);
  }

  contents(hex: string, offset: number, executable: boolean): void {
    this.need(8);
    const size = this.data.readBigUInt64LE(this.at);
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new Break('length_out_of_range', this.at);
    this.at += 8;
    this.events.push(['file', hex, offset, Number(size), executable, this.at]);
    const there = this.data.subarray(this.at, this.at + Number(size));
    if (there.length > 0) this.events.push(['contents', there.toString('hex')]);
    this.need(Number(size));
    this.at += Number(size);
    this.padding(Number(size));
  }

  entries(path: Buffer, depth: number): void {
    let before: Buffer | undefined;
    while (this.word({ entry: 'e', ')': 'end' }, 'unexpected_token') === 'e') {
      this.word({ '(': '' }, 'unexpected_token');
      this.word({ name: '' }, 'missing_name');
      const name: Buffer = this.string(255, 'name_too_long', (text) => {
        const known = ['', '.', '..'].includes(text.toString('latin1')) || text.includes(0) || text.includes(0x2f);
        if (known) return 'invalid_name';
        const order = before === undefined ? 1 : Buffer.compare(text, before);
        return order > 0 ? undefined : order === 0 ? 'duplicate_entry' : 'entry_out_of_order';
      });
      before = name;
      this.word({ node: '' }, 'unexpected_token', 'missing_node');
      this.node(path.length === 0 ? name : Buffer.concat([path, Buffer.from('/'), name]), depth + 1);
      this.word({ ')': '' }, 'unexpected_token');
    }
  }

  word(words: Record<string, string>, other: string, closed = other, also: () => string | undefined = () => undefined): string {
    let found = '';
    this.string(32, 'token_too_long', (text) => {
      const word = text.toString('latin1');
      if (!Object.hasOwn(words, word)) return word === ')' ? closed : other;
      found = words[word] as string;
      return also();
    });
    return found;
  }

  string(most: number, tooLong: string, wrong: (text: Buffer) => string | undefined, least = 0): Buffer {
    this.need(8);
    const length = this.data.readBigUInt64LE(this.at);
    if (length > BigInt(most) || length < BigInt(least)) throw new Break(tooLong, this.at);
    const size = Number(length);
    this.need(8 + Math.ceil(size / 8) * 8);
    const text = this.data.subarray(this.at + 8, this.at + 8 + size);
    const code = wrong(text);
    if (code !== undefined) throw new Break(code, this.at);
    this.at += 8 + size;
    this.padding(size);
    return text;
  }

  padding(length: number): void {
    const count = (8 - (length % 8)) % 8;
    this.need(count);
    for (let i = 0; i < count; i++) if (this.data[this.at + i] !== 0) throw new Break('non_zero_padding', this.at + i);
    this.at += count;
  }

  need(bytes: number): void {
    if (this.at + bytes > this.data.length) throw new Break('truncated_input', this.data.length);
  }
}
