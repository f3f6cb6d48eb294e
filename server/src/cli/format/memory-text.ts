/**
 * What an engine holds in memory, as a plain table. Must not know how that was found out.
 */
import type { MemoryPart } from '../../engine/door.js';
import type { MemoryReport } from '../../host/messages.js';

/** The table. */
export function memoryText({ heap, heapLimit, arrays, resident, parts }: MemoryReport): string {
  const part = (what: MemoryPart['what']): MemoryPart =>
    parts.find((one) => one.what === what) ?? { what, count: 0, bytes: 0 };
  const count = (what: MemoryPart['what']): string => part(what).count.toLocaleString('en');
  const row = (what: string, bytes: number | null): string =>
    `  ${what.padEnd(61)}${((bytes ?? 0) / 2 ** 20).toFixed(1).padStart(9)} MiB\n`;
  return [
    '\nmemory after that, all of it analysed in one (a check takes a directory after the other, and lets go)\n',
    row('the process, resident', resident),
    row(`JavaScript heap of the engine (${(heapLimit / 2 ** 20).toFixed(0)} MiB at most)`, heap),
    `    in it the program and its analysis: ${count('functions')} functions, ${count('situations')} situations\n`,
    row('arrays outside of the heap', arrays),
    row(`  facts of ${count('facts')} files`, part('facts').bytes),
    row(`  ${count('terms')} terms`, part('terms').bytes),
    row('memory of the parser (WASM, never given back)', part('parser').bytes),
  ].join('');
}
