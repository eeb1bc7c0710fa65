import type { MakeError, Room } from '@chunker/core/native';
import type { KernelNewTree } from './kernel.js';
import type { MakeOrders } from './orders.js';

/** The addon's class (native/bindings/io/src/unpack.rs). */
export interface NewTreeHandle {
  open(ticket: number, parent: Uint8Array, name: Uint8Array, temporary: Uint8Array): void;
  write(ticket: number, window: Uint8Array, orders: Uint8Array): void;
  publish(ticket: number, sync: boolean): void;
  remove(ticket: number, entries: number): void;
  removeAtOnce(): boolean;
  close(): void;
}

/** A new tree in native hands: every name is relative to a handle, and entries are made on several threads. */
export class NativeNewTree implements KernelNewTree {
  private constructor(
    readonly room: Room,
    readonly handle: NewTreeHandle,
    readonly sync: boolean,
    readonly makeError: MakeError,
  ) {}

  static async open(
    room: Room,
    handle: NewTreeHandle,
    makeError: MakeError,
    { parent, name, temporary, sync }: { parent: Uint8Array; name: Uint8Array; temporary: Uint8Array; sync: boolean },
  ): Promise<NativeNewTree> {
    try {
      await room.run((ticket, input) => handle.open(ticket, input, name, temporary), { input: parent, makeError });
    } catch (error) {
      handle.close();
      throw error;
    }
    return new NativeNewTree(room, handle, sync, makeError);
  }

  write(orders: MakeOrders, window: Uint8Array, signal: AbortSignal | undefined): Promise<Uint32Array> {
    const encoded = orders.encode();
    return this.room.run<Uint32Array>((ticket, input) => this.handle.write(ticket, input, encoded), { input: window, signal, makeError: this.makeError });
  }

  async publish(): Promise<void> {
    await this.room.run((ticket) => this.handle.publish(ticket, this.sync), { makeError: this.makeError });
    this.handle.close();
  }

  async remove(entries: number): Promise<void> {
    try {
      await this.room.run((ticket) => this.handle.remove(ticket, entries), { makeError: this.makeError });
    } finally {
      this.handle.close();
    }
  }

  removeAtOnce(): void {
    this.handle.removeAtOnce();
  }
}
