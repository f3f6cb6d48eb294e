/**
 * What rules ask of the members of all structures of a program, by their names: each is found out once. Must not know rules.
 */
import { FIELD_STRIDE } from '../facts/encode.js';
import { type Program, type Structure, typeRef } from './program.js';

/** A member and the lock of the same structure that its declaration says guards it. */
export interface DeclaredGuard {
  /** Without the word. */
  readonly struct: string;
  readonly field: string;
  readonly lock: string;
}

/** Types of numbers, as they are written where no typedef stands for them. */
const SCALAR =
  /^(const |volatile |unsigned |signed )*(char|short|int|long|unsigned|bool|_Bool|[us]\d+|__[usbl]e?\d+)( (int|long|char))*$/;

const MEMBERS = new WeakMap<Program, DeclaredMembers>();

/** The members of the structures of a program. */
export class DeclaredMembers {
  private declared: readonly DeclaredGuard[] | null = null;
  private embedding: ReadonlySet<string> | null = null;
  private pointers: ReadonlySet<string> | null = null;

  private constructor(private readonly program: Program) {}

  /** Those of a program; its declarations are what they are from when it is linked. */
  static of(program: Program): DeclaredMembers {
    let members = MEMBERS.get(program);
    if (members === undefined) {
      members = new DeclaredMembers(program);
      MEMBERS.set(program, members);
    }
    return members;
  }

  /** Those that `__guarded_by()` names a lock of the same structure for. */
  declaredGuards(): readonly DeclaredGuard[] {
    this.declared ??= [...this.program.structures()].flatMap(guardsIn);
    return this.declared;
  }

  /** Whether a member of this name stands in some structure beside something that `container_of()` may start from. */
  isBesideEmbedded(member: string): boolean {
    if (this.embedding === null) {
      const found = new Set<string>();
      for (const structure of this.program.structures()) {
        const { file, first, stop } = structure;
        let embeds = false;
        for (let f = first; f < stop && !embeds; f++) {
          const { base, depth } = this.typeOf(file, f);
          embeds = depth === 0 && !SCALAR.test(base);
        }
        if (embeds) for (let f = first; f < stop; f++) found.add(nameOf(file, f));
      }
      this.embedding = found;
    }
    return this.embedding.has(member);
  }

  /** Whether a member of this name is a pointer in some structure. */
  isPointerSomewhere(member: string): boolean {
    if (this.pointers === null) {
      const found = new Set<string>();
      // All rows of members, also those of structures without a name
      for (const file of this.program.files.values())
        for (let f = 0; f * FIELD_STRIDE < file.fields.length; f++)
          if (this.typeOf(file, f).depth > 0) found.add(nameOf(file, f));
      this.pointers = found;
    }
    return this.pointers.has(member);
  }

  private typeOf(file: Structure['file'], field: number): ReturnType<typeof typeRef> {
    return this.program.plain(typeRef(file, file.fields[field * FIELD_STRIDE + 1] as number));
  }
}

function guardsIn({ name, file, first, stop }: Structure): readonly DeclaredGuard[] {
  if (!name.startsWith('struct ')) return [];
  const names = new Set<string>();
  for (let f = first; f < stop; f++) names.add(nameOf(file, f));
  const out: DeclaredGuard[] = [];
  for (let f = first; f < stop; f++) {
    const guard = file.strings[file.fields[f * FIELD_STRIDE + 4] as number] ?? '';
    const lock = /^&?(\w+)$/.exec(guard)?.[1];
    if (lock !== undefined && names.has(lock))
      out.push({ struct: name.slice('struct '.length), field: nameOf(file, f), lock });
  }
  return out;
}

function nameOf(file: Structure['file'], field: number): string {
  return file.strings[file.fields[field * FIELD_STRIDE] as number] ?? '';
}
