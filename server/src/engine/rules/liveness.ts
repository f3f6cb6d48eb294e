/**
 * Tests that an object found earlier is still what and where it was: still there, still a child of its parent. Through any depth of
 * calls inside the program.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { Fn } from '../facts/encode.js';
import type { FunctionRef, Program } from '../program/program.js';
import { Mentions } from './mentions.js';

/** What tells whether a directory is dead, whether a name is hashed, and where it is. */
const STRONG = ['IS_DEADDIR', 'S_DEAD', 'd_unhashed', 'd_unlinked', 'cant_mount', 'd_parent'];

/** What tells something of one dentry or inode only. */
const WEAK = [
  'd_is_positive',
  'd_is_negative',
  'd_really_is_positive',
  'd_really_is_negative',
  'simple_positive',
  'i_nlink',
];

/**
 * Where liveness is tested; for one check. `weak`: by what tells of one object only, and counts for no other one. `known`: helpers that
 * are not looked into, for what they do inside is not a test for their callers.
 */
export class Liveness {
  private readonly mentions: Mentions;
  private readonly answers = new Map<number, boolean>();

  constructor(
    private readonly program: Program,
    weak = false,
    private readonly known: ReadonlyMap<string, unknown> = new Map(),
  ) {
    this.mentions = new Mentions(weak ? WEAK : STRONG);
  }

  /** Whether an operation tests it, or calls what may test it. */
  testedAt(fn: FunctionRef, op: number): boolean {
    return this.mentions.at(fn, op) || this.testedIn(this.calleeAt(fn, op));
  }

  /** Whether a function tests it anywhere, or something that it calls. */
  testedIn(fn: FunctionRef | null): boolean {
    if (fn === null) return false;
    const answer = this.answers.get(fn.id);
    if (answer !== undefined) return answer;
    const seen = new Set([fn]);
    let tested = false;
    for (const at of seen) {
      if (this.answers.get(at.id) === true || this.mentions.in(at)) {
        tested = true;
        break;
      }
      const count = fnColumn(at.file, at.index, Fn.OpCount);
      for (let op = 0; op < count; op++) {
        const callee = this.calleeAt(at, op);
        if (callee !== null) seen.add(callee);
      }
    }
    this.answers.set(fn.id, tested);
    return tested;
  }

  private calleeAt(fn: FunctionRef, op: number): FunctionRef | null {
    const name = calledName(fn, op);
    return name === '' || this.known.has(name) ? null : this.program.resolve(name, fn.file);
  }
}
