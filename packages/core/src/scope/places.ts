/**
 * Members that come and go all the time, each at a place of its own. A Set that churns like that grows new tables again and again, which the engine's collector takes for long-lived and keeps for minutes.
 */
export class Places<T extends object> {
  readonly #members: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** Members now. */
  get size(): number {
    return this.#members.length - this.#free.length;
  }

  /** Where the member is from now on, for `remove`. */
  add(member: T): number {
    const place = this.#free.pop() ?? this.#members.length;
    this.#members[place] = member;
    return place;
  }

  /** Once for each `add`. */
  remove(place: number): void {
    this.#members[place] = undefined;
    this.#free.push(place);
  }

  /** Those that are members at this moment. */
  all(): T[] {
    return this.#members.filter((member) => member !== undefined);
  }
}
