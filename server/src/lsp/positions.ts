/**
 * Columns in the two encodings of the protocol: UTF-16 code units (what the engine counts) and UTF-8 bytes (what some
 * clients offer). Works on the text of one line. Must not know documents, URIs or the engine.
 */

/** The position encodings that the server speaks. */
export type Encoding = 'utf-16' | 'utf-8';

/** Column as the client counts it (0-based) to UTF-16 units (0-based); past the end of the line: the end. */
export function toUnits(line: string, column: number, encoding: Encoding): number {
  if (encoding === 'utf-16') return Math.min(column, line.length);
  let bytes = 0;
  let units = 0;
  while (units < line.length && bytes < column) {
    const point = line.codePointAt(units) ?? 0;
    bytes += bytesOf(point);
    units += point > 0xffff ? 2 : 1;
  }
  return units;
}

/** UTF-16 units (0-based) to the column as the client counts it (0-based); past the end of the line: the end. */
export function fromUnits(line: string, units: number, encoding: Encoding): number {
  const end = Math.min(units, line.length);
  if (encoding === 'utf-16') return end;
  let bytes = 0;
  for (let at = 0; at < end; ) {
    const point = line.codePointAt(at) ?? 0;
    bytes += bytesOf(point);
    at += point > 0xffff ? 2 : 1;
  }
  return bytes;
}

/** A lone surrogate is written as U+FFFD, which has three bytes. */
function bytesOf(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point <= 0xffff ? 3 : 4;
}
