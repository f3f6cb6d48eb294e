/**
 * Scope classes (`guard(x)(..)`) as the tree defines them: what runs at the beginning and at the end, as text of C. The
 * guard's argument is `_T` in it, and what else the class keeps beside it (`_T->flags`) is a variable of its own.
 */
import type { FileFacts } from '../facts/encode.js';

/** A definition of a scope class. */
export interface ScopeClassRef {
  readonly file: FileFacts;
  readonly position: number;
  /** The class as it is written: `mount_writer`, `device_intr`. */
  readonly name: string;
  /** What runs at the beginning; of a conditional class, an expression that is true where it succeeded. */
  readonly acquire: string;
  /** What runs at the end; a conditional class has the end of `base`. */
  readonly release: string;
  /** Of a conditional class, the one that it belongs to; else ''. */
  readonly base: string;
  readonly params: readonly string[];
}

/** What a macro call at top level defines, or null where that is no scope class. */
export function scopeClass(
  macro: string,
  args: readonly string[],
  file: FileFacts,
  position: number,
): ScopeClassRef | null {
  const [name = '', second = '', third = '', fourth = ''] = args;
  if (!/^\w+$/.test(name)) return null;
  const made = { file, position, base: '' };
  switch (macro) {
    case 'DEFINE_GUARD':
      return { ...made, name, acquire: block(third), release: block(fourth), params: ['_T'] };
    case 'DEFINE_LOCK_GUARD_0':
      return { ...made, name, ...kept(block(second), block(third)) };
    case 'DEFINE_LOCK_GUARD_1':
      return { ...made, name, ...kept(block(third), block(fourth)) };
    case 'DEFINE_GUARD_COND':
      if (second === '') return null;
      return {
        ...made,
        name: name + second,
        base: name,
        acquire: succeeded(third, fourth),
        release: '',
        params: ['_T'],
      };
    case 'DEFINE_LOCK_GUARD_1_COND':
      if (second === '') return null;
      return { ...made, name: name + second, base: name, ...kept(succeeded(third, fourth), '') };
    default:
      return null;
  }
}

/** A text as one statement, whatever it is; '' where nothing is done. */
function block(text: string): string {
  return /^[\s;]*$/.test(text) ? '' : `{ ${text}; }`;
}

/** Whether an attempt succeeded: its value, or what is said of it as `_RET`. */
function succeeded(attempt: string, condition: string): string {
  return condition === '' || condition === '_RET' ? attempt : `({ int _RET = (${attempt}); ${condition}; })`;
}

/** `_T` is the class's structure: its `lock` is the argument, the rest are variables. */
function kept(acquire: string, release: string): { acquire: string; release: string; params: string[] } {
  const params = ['_T'];
  const plain = (text: string): string =>
    text.replace(/\b_T\s*->\s*(\w+)/g, (_, member: string) => {
      if (member === 'lock') return '_T';
      if (!params.includes(`_T_${member}`)) params.push(`_T_${member}`);
      return `_T_${member}`;
    });
  return { acquire: plain(acquire), release: plain(release), params };
}
