/**
 * Files that several engines need at the same time, each read by one of them: who reads which is settled in memory that they
 * share, and what was made of a file goes to all the others. Asked while an engine computes: nothing here waits for the event
 * loop. Must not know what is made of a file.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { ReadByOther, SharedReading } from '../engine/door.js';

/** Places for claims; many times the files that one check reads. */
const CLAIMS = 1 << 15;
/** Before the claims: whether it is still open, and how many files were handed on. */
const OPEN = 0;
const HANDED_ON = 1;
const FIRST_CLAIM = 2;

/** One engine's share, to be handed to its worker with `ports` in the transfer list. */
export interface ReadingShare {
  /** One to each of the others. */
  readonly ports: readonly MessagePort[];
  readonly claims: SharedArrayBuffer;
  /** Source files are shared too, not only headers: all read for the same units. */
  readonly sources: boolean;
}

type Message =
  | { readonly kind: 'read'; readonly files: readonly string[] }
  | { readonly kind: 'made'; readonly file: string; readonly made: unknown };

/** Shares for so many engines. `sources`: source files are shared too, not only headers. */
export function shareReading(engines: number, sources: boolean): readonly ReadingShare[] {
  const claims = new SharedArrayBuffer(4 * (CLAIMS + FIRST_CLAIM));
  new Int32Array(claims)[OPEN] = 1;
  const ports: MessagePort[][] = Array.from({ length: engines }, () => []);
  for (let a = 0; a < engines; a++)
    for (let b = a + 1; b < engines; b++) {
      const { port1, port2 } = new MessageChannel();
      ports[a]?.push(port1);
      ports[b]?.push(port2);
    }
  return ports.map((own) => ({ ports: own, claims, sources }));
}

/** Says that from now on everyone reads alone. */
export function closeReading(share: ReadingShare): void {
  const table = new Int32Array(share.claims);
  Atomics.store(table, OPEN, 0);
  Atomics.add(table, HANDED_ON, 1);
  Atomics.notify(table, HANDED_ON);
}

/** One engine's end. */
export class ReadingEnd implements SharedReading {
  private readonly table: Int32Array;
  /** How many files had been handed on at the last look. */
  private seen = 0;
  private left = false;

  constructor(private readonly share: ReadingShare) {
    this.table = new Int32Array(share.claims);
  }

  isOpen(): boolean {
    return !this.left && Atomics.load(this.table, OPEN) === 1;
  }

  shares(file: string): boolean {
    return this.share.sources || file.endsWith('.h');
  }

  ask(files: readonly string[]): void {
    this.send({ kind: 'read', files });
  }

  /** Two names may have one claim: then the second is read by whoever waited for it in vain. */
  claim(file: string): boolean {
    let hash = 0x811c9dc5;
    for (let i = 0; i < file.length; i++) hash = Math.imul(hash ^ file.charCodeAt(i), 0x01000193);
    const mark = hash | 1;
    for (let step = 0; step < CLAIMS; step++) {
      const at = FIRST_CLAIM + (((hash >>> 1) + step) & (CLAIMS - 1));
      const was = Atomics.compareExchange(this.table, at, 0, mark);
      if (was === 0) return true;
      if (was === mark) return false;
    }
    return true;
  }

  publish(file: string, made: unknown): void {
    this.send({ kind: 'made', file, made });
    Atomics.add(this.table, HANDED_ON, 1);
    Atomics.notify(this.table, HANDED_ON);
  }

  arrived(): readonly ReadByOther[] {
    const out: ReadByOther[] = [];
    // Before the look: what comes after it changes the number
    this.seen = Atomics.load(this.table, HANDED_ON);
    for (const port of this.share.ports) {
      for (;;) {
        const received = receiveMessageOnPort(port) as { readonly message: Message } | undefined;
        if (received === undefined) break;
        const { message } = received;
        if (message.kind === 'made') out.push({ file: message.file, made: message.made });
      }
    }
    return out;
  }

  wait(ms: number): void {
    Atomics.wait(this.table, HANDED_ON, this.seen, ms);
  }

  leave(): void {
    this.left = true;
    for (const port of this.share.ports) port.close();
  }

  /** Calls `then` for what another engine asks to be read. */
  onAsked(then: (files: readonly string[]) => void): void {
    for (const port of this.share.ports)
      port.on('message', (message: Message) => {
        if (message.kind === 'read') then(message.files);
      });
  }

  private send(message: Message): void {
    for (const port of this.share.ports) port.postMessage(message);
  }
}
