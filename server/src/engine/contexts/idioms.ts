/**
 * Calls that are values: `container_of`, error pointers, marked reads and writes, and the heads of loop macros. These are the
 * language's and the kernel's own idioms; what takes a lock or sleeps is the model's.
 */
import { EXPR_STRIDE, X } from '../facts/encode.js';
import { type CallSite, plainResult, setResult } from './call-site.js';
import { withTemp } from './evaluate.js';
import type { FunctionRun } from './flow.js';
import { POSITIVE, withFact } from './known.js';
import type { State } from './state.js';
import { OP_ERR_PTR, OP_IS_ERR, OP_IS_ERR_OR_NULL, OP_PTR_ERR_OR_ZERO, T } from './terms.js';

/** The head of `list_for_each_entry(...)`: its variables have new values in every turn. */
export function loopHead(run: FunctionRun, s: State, site: CallSite): State {
  let state = s;
  let variables = run.loopVariables.get(site.op);
  if (variables === undefined) {
    variables = loopVariables(run, site);
    run.loopVariables.set(site.op, variables);
  }
  for (const v of variables) {
    const m = run.made(state, site.op, 500 + v);
    const vars = m.state.vars.slice();
    vars[v] = m.term;
    state = m.state.withVars(vars);
  }
  const m = run.made(state, site.op, 0);
  return m.state.withTemps(withTemp(m.state.temps, site.temp, m.term));
}

/** The locals that the head of a loop macro stores to. */
function loopVariables(run: FunctionRun, site: CallSite): readonly number[] {
  const { file } = run.fn;
  const name = file.strings[file.exprs[site.callee * EXPR_STRIDE + 1] as number] ?? '';
  const macro = run.shared.program.macro(name, file);
  const out: number[] = [];
  let sawLocal = false;
  for (let i = 0; i < site.argExprs.length; i++) {
    const e = site.argExprs[i] as number;
    if ((file.exprs[e * EXPR_STRIDE] as X) !== X.Local) continue;
    const assigned =
      macro?.params != null && macro.params[i] !== undefined
        ? new RegExp(`\\b${macro.params[i]}\\)?\\s*=[^=]|&\\(?${macro.params[i]}\\b`).test(macro.body)
        : !sawLocal;
    sawLocal = true;
    if (assigned || (i === 0 && macro === null)) out.push(file.exprs[e * EXPR_STRIDE + 1] as number);
  }
  return out;
}

/** A call that is a value; false where it is none. */
export function idiom(run: FunctionRun, s: State, site: CallSite, name: string, out: State[]): boolean {
  const { terms, ev } = run;
  const a0 = site.args[0] ?? terms.unknown;
  const give = (value: number): true => {
    out.push(value === terms.unknown ? plainResult(run, s, site) : setResult(s, site, value));
    return true;
  };
  const typed = (): void => {
    const e = site.argExprs[0];
    if (e === undefined || site.temp < 0 || run.ev.tempTypes.has(site.temp)) return;
    const type = ev.typeOf(e);
    if (type !== null) ev.tempTypes.set(site.temp, type);
  };
  switch (name) {
    case 'container_of':
    case 'container_of_const':
    case 'list_entry':
    case 'hlist_entry':
    case 'hlist_bl_entry':
    case 'rb_entry':
    case 'llist_entry':
      return give(containerOf(run, site, a0));
    case 'hlist_entry_safe':
    case 'rb_entry_safe':
    case 'list_first_entry_or_null':
      containerOf(run, site, a0);
      return give(terms.unknown);
    case 'list_entry_rcu':
    case 'list_first_entry':
    case 'list_last_entry':
    case 'list_next_entry':
    case 'list_prev_entry': {
      containerOf(run, site, a0);
      if (site.temp < 0) return give(terms.unknown);
      // What stands around a link of a list is there, be it the head's own surroundings
      const m = run.made(s, site.op);
      out.push(setResult(m.state.withFacts(withFact(m.state.facts, m.term, POSITIVE)), site, m.term));
      return true;
    }
    case 'IS_ERR':
      return give(terms.un(OP_IS_ERR, a0));
    case 'IS_ERR_OR_NULL':
      return give(terms.un(OP_IS_ERR_OR_NULL, a0));
    case 'PTR_ERR_OR_ZERO':
      return give(terms.un(OP_PTR_ERR_OR_ZERO, a0));
    case 'ERR_PTR':
      return give(terms.number(a0) === null ? terms.un(OP_ERR_PTR, a0) : a0);
    case 'PTR_ERR':
    case 'ERR_CAST':
      return give(a0);
    // Another order of bytes is the same number to a test
    case 'cpu_to_le16':
    case 'cpu_to_le32':
    case 'cpu_to_le64':
    case 'le16_to_cpu':
    case 'le32_to_cpu':
    case 'le64_to_cpu':
    case 'cpu_to_be16':
    case 'cpu_to_be32':
    case 'cpu_to_be64':
    case 'be16_to_cpu':
    case 'be32_to_cpu':
    case 'be64_to_cpu':
      return give(a0);
    case 'READ_ONCE':
    case 'rcu_dereference':
    case 'rcu_dereference_raw':
    case 'rcu_dereference_check':
    case 'rcu_dereference_protected':
    case 'rcu_dereference_bh':
    case 'rcu_access_pointer':
    case 'rcu_pointer_handoff':
    case 'srcu_dereference':
    case 'lockless_dereference':
      typed();
      return give(a0);
    case 'smp_load_acquire':
      return give(terms.load(terms.derefL(a0)));
    case 'WRITE_ONCE':
    case 'rcu_assign_pointer':
    case 'RCU_INIT_POINTER': {
      const e = site.argExprs[0];
      if (e === undefined) return give(terms.unknown);
      out.push(
        setResult(
          run.storeTo(s, ev.place(s, e), site.args[1] ?? terms.unknown, site.op),
          site,
          site.args[1] ?? terms.unknown,
        ),
      );
      return true;
    }
    case 'smp_store_release':
      out.push(run.storeTo(s, terms.derefL(a0), site.args[1] ?? terms.unknown, site.op));
      return true;
    case 'xchg': {
      const place = terms.derefL(a0);
      const old = ev.loaded(s, place);
      out.push(setResult(run.storeTo(s, place, site.args[1] ?? terms.unknown, site.op), site, old));
      return true;
    }
    case '__builtin_constant_p':
      return give(terms.unknown);
    case 'IS_ENABLED':
    case 'IS_BUILTIN':
    case 'IS_MODULE':
    case 'IS_REACHABLE': {
      // Both answers are looked at, but a kernel gives the same one everywhere
      const symbol = memberPath(run, site.argExprs[0] ?? -1);
      return give(symbol === '' ? terms.unknown : terms.global(`${name}(${symbol})`));
    }
    case 'ACCESS_PRIVATE': {
      const member = memberPath(run, site.argExprs[1] ?? -1);
      if (member === '') return give(terms.unknown);
      // A place: as a rule its address is taken
      const place = terms.fieldP(a0, terms.name(member));
      const owner = ev.typeOf(site.argExprs[0] ?? -1);
      if (!ev.owners.has(place) && owner?.base.startsWith('struct ') === true)
        ev.owners.set(place, owner.base);
      return give(terms.load(place));
    }
    default:
      return false;
  }
}

function containerOf(run: FunctionRun, site: CallSite, pointer: number): number {
  const { terms } = run;
  const type = site.args[1] ?? terms.unknown;
  const file = run.fn.file;
  const memberExpr = site.argExprs[2];
  const typeExpr = site.argExprs[1];
  let typeText = terms.kind(type) === T.Type ? terms.nameText(terms.a(type)) : '';
  if (typeText === '' && typeExpr !== undefined && (file.exprs[typeExpr * EXPR_STRIDE] as X) === X.Name)
    typeText = file.strings[file.exprs[typeExpr * EXPR_STRIDE + 1] as number] ?? '';
  let member = '';
  if (memberExpr !== undefined) {
    const kind = file.exprs[memberExpr * EXPR_STRIDE] as X;
    if (kind === X.Name) member = file.strings[file.exprs[memberExpr * EXPR_STRIDE + 1] as number] ?? '';
    else if (kind === X.Local)
      member = run.ev.variableName(file.exprs[memberExpr * EXPR_STRIDE + 1] as number);
    else if (kind === X.Field) member = memberPath(run, memberExpr);
  }
  if (typeText !== '')
    run.ev.tempTypes.set(site.temp, run.shared.program.plain({ base: typeText, depth: 1 }));
  if (typeText === '' || member === '') return terms.unknown;
  return terms.container(
    pointer,
    terms.name(run.shared.program.plain({ base: typeText, depth: 1 }).base),
    member,
  );
}

/** A name that is handed to a macro as such: of a symbol, of a member, or `netfs.inode`, of a member of a member. */
function memberPath(run: FunctionRun, expr: number): string {
  if (expr < 0) return '';
  const file = run.fn.file;
  const at = expr * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  if (kind === X.Name) return file.strings[file.exprs[at + 1] as number] ?? '';
  if (kind === X.Local) return run.ev.variableName(file.exprs[at + 1] as number);
  if (kind !== X.Field) return '';
  const base = memberPath(run, file.exprs[at + 1] as number);
  return base === '' ? '' : `${base}.${file.strings[file.exprs[at + 2] as number] ?? ''}`;
}
