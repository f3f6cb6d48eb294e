/**
 * What a check found in a unit before, as long as nothing has changed that it hung on: the files that were read for it, the
 * folders that were looked into, and how it was asked. Must not know how anything is found.
 */
import type { Finding } from './base/finding.js';
import type { CheckRequest, Memory, SkippedFile, SourceTree } from './door.js';

/** What a check says about one unit. */
export interface UnitAnswer {
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
  readonly skipped: readonly SkippedFile[];
  readonly files: number;
  readonly functions: number;
  readonly damagedFunctions: number;
}

/** An answer with what it hung on: paths with the digest of what stood there, folders by the digest of their names. */
interface UnitRecord {
  readonly hungOn: readonly (readonly [path: string, digest: string | null])[];
  readonly answer: UnitAnswer;
}

const KIND = 'unit';

/** Answers of earlier runs. One for each check: what it saw of the tree it does not look at again. */
export class Remembered {
  private readonly digests = new Map<string, string | null>();

  /** `made`: what the engine was made of, as far as answers hang on it. */
  constructor(
    private readonly memory: Memory,
    private readonly digestOf: NonNullable<SourceTree['digest']>,
    private readonly made: string,
  ) {}

  /** The answer about these files of one unit, or null where there is none that still holds. */
  recall(files: readonly string[], request: CheckRequest): UnitAnswer | null {
    const record = this.memory.recall(KIND, this.key(files, request)) as UnitRecord | undefined;
    if (record === undefined) return null;
    return record.hungOn.every(([path, digest]) => this.digest(path) === digest) ? record.answer : null;
  }

  /** Keeps an answer. `hungOn`: paths of files, and of folders with `/` at the end. */
  keep(files: readonly string[], request: CheckRequest, hungOn: Iterable<string>, answer: UnitAnswer): void {
    const paths = [...new Set(hungOn)].sort();
    this.memory.keep(KIND, this.key(files, request), {
      hungOn: paths.map((path) => [path, this.digest(path)] as const),
      answer,
    } satisfies UnitRecord);
  }

  private key(files: readonly string[], request: CheckRequest): string {
    return JSON.stringify([this.made, [...request.rules].sort(), request.precision, files]);
  }

  private digest(path: string): string | null {
    let digest = this.digests.get(path);
    if (digest === undefined) {
      digest = this.digestOf(path);
      this.digests.set(path, digest);
    }
    return digest;
  }
}
