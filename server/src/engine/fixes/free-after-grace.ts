/**
 * `kfree(x)` to `kfree_rcu(x, rcu)`: the object outlives every RCU reader. Needs a `struct rcu_head` in the structure;
 * where there is none, one is added as the last member, in whatever file the structure stands. Not offered where the
 * pointer's declared type is not the structure's (kfree_rcu() takes the address of the member), for slab caches, or
 * where the structure's layout is somebody else's business.
 */
import type { Edit, Fix } from '../base/finding.js';
import { fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, type FileFacts, Fn, VAR_ARRAY, VARIABLE_STRIDE, X } from '../facts/encode.js';
import { type FunctionRef, type Program, type TypeRef, typeRef } from '../program/program.js';
import { F, K } from '../syntax/kinds.js';
import { childByField, childByKind } from '../syntax/parser.js';
import { argumentsOf } from './at.js';
import type { FixContext, Site } from './fixes.js';
import {
  childrenOf,
  indentBefore,
  insert,
  lineStart,
  linesOf,
  nodeAt,
  nodesAround,
  replace,
  type Source,
  textOf,
} from './source.js';

/** What frees at once, and what frees the same after a grace period. */
const AFTER_GRACE: ReadonlyMap<string, string> = new Map([
  ['kfree', 'kfree_rcu'],
  ['kvfree', 'kvfree_rcu'],
]);

/** Names for a new member, best first. */
const MEMBERS = ['rcu', 'rcu_head'];

/** The fix, or null where it would not be right. */
export function freeAfterGrace(cx: FixContext, site: Site, struct: string): Fix | null {
  const { fn, source } = site;
  const call = nodeAt(source.tree, site.start, site.end, 'call_expression');
  if (call < 0) return null;
  const callee = childByField(source.tree, call, F.function);
  const list = childByField(source.tree, call, F.arguments);
  const later = callee < 0 ? undefined : AFTER_GRACE.get(textOf(source, callee));
  const [argument, more] = list < 0 ? [] : childrenOf(source.tree, list);
  if (later === undefined || argument === undefined || more !== undefined) return null;
  const expression = argumentsOf(fn, site.op)?.[0];
  if (expression === undefined) return null;
  const type = declaredType(cx.analysis.program, fn, expression);
  if (type === null || type.depth !== 1 || !type.base.startsWith('struct ')) return null;
  if (struct !== '' && type.base !== struct) return null;
  const member = rcuMember(cx, type.base, fn.file);
  if (member === null) return null;
  const edits: Edit[] = [
    replace(source, source.tree.start[callee] as number, source.tree.end[callee] as number, later),
    insert(source, source.tree.end[argument] as number, `, ${member.name}`),
  ];
  if (member.edit !== null) edits.push(member.edit);
  return { title: `Free '${textOf(source, argument)}' after a grace period`, safety: 'safe', edits };
}

/** The declared type of a plain pointer expression: variables and fields, nothing that was cast or computed. */
function declaredType(program: Program, fn: FunctionRef, e: number): TypeRef | null {
  const { file } = fn;
  const at = e * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  switch (file.exprs[at] as X) {
    case X.Local: {
      const v = (fnColumn(file, fn.index, Fn.FirstVariable) + a) * VARIABLE_STRIDE;
      if (((file.variables[v + 2] as number) & VAR_ARRAY) !== 0) return null;
      return program.plain(typeRef(file, file.variables[v + 1] as number));
    }
    case X.Field: {
      const base = declaredType(program, fn, a);
      if (base === null || base.depth > 1) return null;
      return program.field(base.base, file.strings[file.exprs[at + 2] as number] ?? '', file);
    }
    default:
      return null;
  }
}

/** The member to use, with the edit that adds it where it is not there yet. */
function rcuMember(
  cx: FixContext,
  struct: string,
  from: FileFacts,
): { readonly name: string; readonly edit: Edit | null } | null {
  const found = cx.analysis.program.structure(struct, from);
  if (found === null) return null;
  const has = found.fields.find((f) => f.type.base === 'struct rcu_head' && f.type.depth === 0);
  if (has !== undefined) return { name: has.name, edit: null };
  const name = MEMBERS.find((m) => !found.fields.some((f) => f.name === m));
  const path = found.file.path;
  // What user space sees keeps its layout
  if (name === undefined || path.includes('/uapi/')) return null;
  const source = cx.source(path);
  const edit = source === null ? null : addMember(source, struct, found.position, `struct rcu_head ${name};`);
  return edit === null ? null : { name, edit };
}

/** The edit that adds a last member; before a flexible array, which has to stay last. */
function addMember(source: Source, struct: string, position: number, member: string): Edit | null {
  const { tree, text } = source;
  for (const node of nodesAround(tree, position, position + 1).reverse()) {
    if (tree.kind[node] !== K.struct_specifier) continue;
    const name = childByField(tree, node, F.name);
    if (name < 0 || `struct ${textOf(source, name)}` !== struct) continue;
    const body = childByKind(tree, node, K.field_declaration_list);
    if (body < 0 || tree.damaged[node] === 1) return null;
    // On disk or on the wire: every byte has its place
    if (
      /\b__packed\b|\bpacked\b/.test(
        text.slice(tree.start[node], (tree.end[node] as number) + 60).split(';\n')[0] ?? '',
      )
    )
      return null;
    const last = childrenOf(tree, body).at(-1);
    if (last === undefined) return null;
    const flexible = /\[\s*0?\s*\]\s*(__counted_by\w*\([^)]*\)\s*)?;$|^DECLARE_FLEX_ARRAY/.test(
      textOf(source, last),
    );
    const before = flexible ? (tree.start[last] as number) : (tree.end[body] as number) - 1;
    const indent = indentBefore(text, before);
    if (indent === null) return insert(source, before, `${member} `);
    const inner = indentBefore(text, tree.start[last] as number) ?? `${indent}\t`;
    return insert(source, lineStart(text, before), linesOf(text, inner, [member]));
  }
  return null;
}
