/**
 * rename/embedded-free: an object is freed through a pointer to a member, which is right only as long as the member comes first.
 * Either the address of the member is freed as such, or a pointer to a structure that this directory never allocates by itself but
 * always as the first member of another one. A hint: a comment at the member, or an assertion of its offset, says that it is known.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import { readsOf } from '../../contexts/operands.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, VARIABLE_STRIDE, X } from '../../facts/encode.js';
import { type FunctionRef, readList, typeRef, unitOf } from '../../program/program.js';
import { everywhere } from '../counters.js';
import { Mentions } from '../mentions.js';
import { argumentsOf } from '../reached.js';
import { type Draft, type Rule, type RuleContext, step } from '../rule.js';

const ID = 'rename/embedded-free';

/** The rule. */
export const embeddedFree: Rule = {
  info: {
    id: ID,
    summary: 'An object is freed through a pointer to its first member.',
    law: 'An object is freed by its own address: a pointer to a member is that only as long as the member comes first.',
    severity: 'info',
    precision: 'high',
    onByDefault: false,
    fixable: false,
  },
  check(cx) {
    const frees = freers(cx);
    const mentions = new Mentions(frees.keys());
    const units = new Map<string, Unit>();
    const out: Draft[] = [];
    for (const fn of cx.functions) {
      if (fn.isHeader || !mentions.in(fn)) continue;
      let unit = units.get(fn.unit);
      if (unit === undefined) {
        unit = new Unit(cx, fn.unit);
        units.set(fn.unit, unit);
      }
      out.push(...freedIn(cx, unit, fn, frees));
    }
    return out;
  },
};

/** Helpers that free, with the position of the pointer. */
function freers(cx: RuleContext): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (const h of cx.analysis.model.helpers.values())
    for (const f of h.frees ?? []) {
      const path = cx.analysis.model.path(f.object, h.params);
      if (path !== null && typeof path.root === 'number' && path.fields.length === 0 && path.root >= 0)
        out.set(h.name, path.root);
    }
  return out;
}

/** A structure that begins with another one. */
interface Outer {
  readonly struct: string;
  readonly member: string;
  readonly isKnown: boolean;
}

function freedIn(
  cx: RuleContext,
  unit: Unit,
  fn: FunctionRef,
  frees: ReadonlyMap<string, number>,
): readonly Draft[] {
  const out = new Map<number, Draft>();
  everywhere(cx, fn, (run, op, s) => {
    const name = calledName(fn, op);
    const position = frees.get(name);
    if (position === undefined || out.has(op)) return undefined;
    const { terms } = run;
    const value = argumentsOf(run, op, s)[position] ?? terms.unknown;
    const found = (outer: Outer, draft: Draft): void => {
      if (outer.isKnown)
        cx.silence?.(ID, fn, op, 'a comment or an assertion says that the member comes first');
      else out.set(op, draft);
    };
    if (terms.kind(value) === T.Addr) {
      const place = terms.a(value);
      if (terms.kind(place) !== T.FieldP) return undefined;
      const struct = run.ev.pointeeOf(terms.a(place));
      const member = terms.nameText(terms.b(place));
      const outer = unit.outer(struct, fn.file);
      if (outer === null || outer.member !== member) return undefined;
      found(outer, {
        ...draftAt(fn, op, struct),
        message: `'${name}()' frees a '${struct}' by the address of '${member}', which is its own only because that comes first`,
      });
      return undefined;
    }
    const inner = run.ev.pointeeOf(value);
    const outer = inner.startsWith('struct ') ? unit.allocatedAs(inner) : null;
    if (outer === null) return undefined;
    found(outer, {
      ...draftAt(fn, op, outer.struct),
      precision: 'medium',
      certainty: 'may',
      message: `'${name}()' frees a '${inner}' that is allocated as part of a '${outer.struct}': right only because '${outer.member}' comes first there`,
    });
    return undefined;
  });
  return [...out.values()];
}

function draftAt(fn: FunctionRef, op: number, struct: string): Omit<Draft, 'message'> {
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    fn: fn.id,
    op,
    entry: null,
    held: [],
    rcu: 'none',
    trace: [
      step('free', fn, op, `frees what was allocated as '${struct}' by the address of its first member`),
    ],
    objectClass: struct,
  };
}

/** What one directory allocates, and as which structures. */
class Unit {
  private readonly allocated = new Set<string>();
  private readonly outers = new Map<string, Outer>();
  private readonly addressed = new Set<string>();
  private readonly offsets = new Set<string>();

  constructor(
    private readonly cx: RuleContext,
    private readonly unit: string,
  ) {
    const { program, model } = cx.analysis;
    for (const [path, file] of program.files) {
      if (unitOf(path) !== unit) continue;
      this.readExpressions(file);
    }
    const fresh = new Set(
      [...model.helpers.values()].filter((h) => h.returns === 'fresh').map((h) => h.name),
    );
    const allocates = new Mentions(fresh);
    for (const fn of cx.all)
      if (fn.unit === unit && !fn.isMacro && allocates.in(fn)) this.readAllocations(fn, fresh);
    for (const struct of this.allocated) {
      const file = [...program.files.values()].find((f) => unitOf(f.path) === unit);
      if (file === undefined) break;
      const first = program.structure(struct, file)?.fields[0];
      if (first === undefined || first.type.depth !== 0 || !first.type.base.startsWith('struct ')) continue;
      const outer = this.outer(struct, file);
      if (outer !== null && !this.outers.has(first.type.base)) this.outers.set(first.type.base, outer);
    }
  }

  /** The first member of a structure, where it has others. */
  outer(struct: string, from: FileFacts): Outer | null {
    const fields = struct.startsWith('struct ')
      ? this.cx.analysis.program.structure(struct, from)?.fields
      : [];
    const first = fields?.[0];
    if (first === undefined || (fields?.length ?? 0) < 2) return null;
    return {
      struct,
      member: first.name,
      isKnown: first.saidFirst || this.offsets.has(`${struct}.${first.name}`),
    };
  }

  /** As the beginning of which structure one is always allocated; null where it is allocated by itself, or elsewhere. */
  allocatedAs(inner: string): Outer | null {
    const outer = this.outers.get(inner);
    if (outer === undefined || this.allocated.has(inner) || !this.addressed.has(outer.member)) return null;
    const file = this.cx.analysis.program.files;
    const home = [...file.values()].find((f) => unitOf(f.path) === this.unit);
    // What is defined for others may be allocated by them
    const defined = home === undefined ? null : this.cx.analysis.program.structure(inner, home);
    return defined !== null && unitOf(defined.file.path) === this.unit ? outer : null;
  }

  private readExpressions(file: FileFacts): void {
    for (let at = 0; at < file.exprs.length; at += EXPR_STRIDE) {
      if ((file.exprs[at] as X) !== X.Addr) continue;
      const inner = (file.exprs[at + 1] as number) * EXPR_STRIDE;
      if ((file.exprs[inner] as X) === X.Field)
        this.addressed.add(file.strings[file.exprs[inner + 2] as number] ?? '');
    }
    for (const text of file.strings)
      if (text.includes('offsetof'))
        for (const m of text.matchAll(/offsetof ?\( ?(struct \w+) ?, ?(\w+) ?\)/g))
          this.offsets.add(`${m[1]}.${m[2]}`);
  }

  /** The structures that variables point at which get what an allocator gives, and those whose size is asked for. */
  private readAllocations(fn: FunctionRef, fresh: ReadonlySet<string>): void {
    const { file, index } = fn;
    const first = fnColumn(file, index, Fn.FirstOp);
    const count = fnColumn(file, index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      if (!fresh.has(calledName(fn, op))) continue;
      for (const e of readList(file, file.ops[(first + op) * OP_STRIDE + 2] as number)) this.sizes(file, e);
      const temp = file.ops[(first + op) * OP_STRIDE + 3] as number;
      for (let o = op + 1; o < Math.min(count, op + 4); o++) {
        const at = (first + o) * OP_STRIDE;
        const kind = file.ops[at] as Op;
        if (kind !== Op.Declare && kind !== Op.Assign) continue;
        if (!readsOf(fn, o).some((e) => this.isTemp(file, e, temp))) continue;
        const place = file.ops[at + 1] as number;
        const variable =
          kind === Op.Declare
            ? place
            : (file.exprs[place * EXPR_STRIDE] as X) === X.Local
              ? (file.exprs[place * EXPR_STRIDE + 1] as number)
              : -1;
        if (variable < 0) continue;
        const v = (fnColumn(file, index, Fn.FirstVariable) + variable) * VARIABLE_STRIDE;
        const type = this.cx.analysis.program.plain(typeRef(file, file.variables[v + 1] as number));
        if (type.depth === 1) this.allocated.add(type.base);
      }
    }
  }

  private isTemp(file: FileFacts, e: number, temp: number): boolean {
    const at = e * EXPR_STRIDE;
    if (e < 0) return false;
    if ((file.exprs[at] as X) === X.Cast) return this.isTemp(file, file.exprs[at + 2] as number, temp);
    return (file.exprs[at] as X) === X.Temp && file.exprs[at + 1] === temp;
  }

  private sizes(file: FileFacts, e: number): void {
    const at = e * EXPR_STRIDE;
    if (e < 0 || (file.exprs[at] as X) !== X.Name) return;
    const m = /^sizeof ?\( ?(struct \w+) ?\)$/.exec(file.strings[file.exprs[at + 1] as number] ?? '');
    if (m?.[1] !== undefined) this.allocated.add(m[1]);
  }
}
