/**
 * A dentry's name that is used with nothing that keeps it: `%pd` prints it under RCU; for everything else a snapshot is taken before and
 * released after the statement. Who copies or prints it keeps no pointer to it: there the fix is safe. Not offered where the function
 * uses d_name elsewhere, since the two might then be different names.
 */
import type { Edit, Fix } from '../base/finding.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import type { Site } from './fixes.js';
import {
  declare,
  freshName,
  functionAround,
  isPlain,
  linesAfter,
  linesBefore,
  membersBelow,
  withDeclaration,
} from './function.js';
import {
  childrenOf,
  indentBefore,
  isInList,
  linesOf,
  nodeAt,
  replace,
  type Source,
  type Statement,
  statementAt,
  textOf,
} from './source.js';

/** What takes a format of the kernel's. */
const PRINTS = /^(_?printk|pr_\w+|v?s(c|cn|n)?printf|kv?asprintf|seq_printf|audit_log_format|(net)?dev_\w+)$/;

/** The fix, or null where it would not be right. `copies`: what is called keeps no pointer. */
export function stableName(site: Site, copies: boolean): Fix | null {
  return printed(site) ?? snapshot(site, copies);
}

/** `"%s", dentry->d_name.name` to `"%pd", dentry`. */
function printed(site: Site): Fix | null {
  const { source } = site;
  const { tree } = source;
  const call = nodeAt(tree, site.start, site.end, 'call_expression');
  const callee = call < 0 ? -1 : childByField(tree, call, F.function);
  if (callee < 0 || !PRINTS.test(textOf(source, callee))) return null;
  const args = childrenOf(tree, childByField(tree, call, F.arguments));
  const at = args.findIndex(
    (n) => tree.kind[n] === K.string_literal || tree.kind[n] === K.concatenated_string,
  );
  const conversions = at < 0 ? null : conversionsOf(source, args[at] as number);
  if (conversions === null) return null;
  const edits: Edit[] = [];
  let name = '';
  let all = 0;
  for (const [i, n] of args.entries()) {
    const dentry = /^(.+)->d_name\.name$/.exec(textOf(source, n))?.[1];
    if (dentry === undefined) continue;
    all++;
    const conversion = conversions[i - at - 1];
    // A precision cuts a string, and means nothing to %pd
    if (conversion === undefined || !/^%[-]?\d*s$/.test(conversion.text) || !isPlain(dentry)) return null;
    name = dentry;
    edits.push(
      replace(source, conversion.end - 1, conversion.end, 'pd'),
      replace(source, tree.start[n] as number, tree.end[n] as number, dentry),
    );
  }
  if (all === 0) return null;
  return { title: `Print '${name}' with %pd`, safety: 'safe', edits };
}

interface Conversion {
  readonly text: string;
  readonly end: number;
}

/** The conversions of a format, one for each argument; null where the text does not tell. */
function conversionsOf(source: Source, format: number): readonly Conversion[] | null {
  const { tree, text } = source;
  const out: Conversion[] = [];
  const start = tree.start[format] as number;
  for (const part of text.slice(start, tree.end[format]).matchAll(PARTS)) {
    // A macro's text is not seen here
    if (part[2] !== undefined) return null;
    for (const m of (part[1] ?? '').matchAll(CONVERSIONS)) {
      if (m[0] === '%%') continue;
      if (m[0].includes('*')) return null;
      out.push({ text: m[0], end: start + part.index + 1 + m.index + m[0].length });
    }
  }
  return out;
}

/** A literal, or what else stands in a format; blanks and comments are neither. */
const PARTS = /"((?:[^"\\]|\\.)*)"|\/\*[\s\S]*?\*\/|\/\/.*|\s+|([^\s"])/g;
const CONVERSIONS = /%(%|[-+ #0]*(\*|\d+)?(\.(\*|\d+))?(hh|h|ll|l|z|t|j|q|L)?[a-zA-Z])/g;

/** A snapshot around the statement. */
function snapshot({ source, start, end }: Site, copies: boolean): Fix | null {
  const { tree } = source;
  const nodes = functionAround(source, start, end);
  const statement = statementAt(source, start, end);
  if (nodes === null || statement === null || !isInList(source, statement)) return null;
  const from = tree.start[statement.node] as number;
  const to = tree.end[statement.node] as number;
  const all = membersBelow(source, nodes.body, 'd_name');
  const dentry = all.find((m) => (tree.start[m.node] as number) >= from)?.base;
  if (dentry === undefined || !isPlain(dentry)) return null;
  const reads = all.filter((m) => m.base === dentry).map((m) => m.node);
  if (reads.some((n) => (tree.start[n] as number) < from || (tree.end[n] as number) > to)) return null;
  const name = freshName(source, nodes, ['name', 'snapshot', 'dname']);
  const declarations = [`struct name_snapshot ${name};`];
  const taken = linesBefore(source, statement.node, [`take_dentry_name_snapshot(&${name}, ${dentry});`]);
  const release = `release_dentry_name_snapshot(&${name});`;
  if (name === null || taken === null) return null;
  const edits: Edit[] = [taken];
  if (tree.kind[statement.node] === K.expression_statement) {
    const released = linesAfter(source, statement.node, [release]);
    if (released === null) return null;
    edits.push(
      ...reads.map((n) => replace(source, tree.start[n] as number, tree.end[n] as number, `${name}.name`)),
    );
    edits.push(released);
  } else {
    const result = nodes.type === '' ? null : freshName(source, nodes, ['ret', 'result']);
    const edit = result === null ? null : returned(source, statement, reads, `${name}.name`, result, release);
    if (edit === null) return null;
    declarations.push(`${nodes.type} ${result};`);
    edits.push(edit);
  }
  const declared = declare(source, nodes, declarations);
  if (declared === null) return null;
  return {
    title: `Take a snapshot of the name of '${dentry}'`,
    safety: copies ? 'safe' : 'unsafe',
    edits: withDeclaration(declared, edits),
  };
}

/** A return whose value is made before the snapshot is released; null for other statements. */
function returned(
  source: Source,
  statement: Statement,
  reads: readonly number[],
  by: string,
  result: string,
  release: string,
): Edit | null {
  const { tree, text } = source;
  if (tree.kind[statement.node] !== K.return_statement) return null;
  const [value] = childrenOf(tree, statement.node);
  const start = tree.start[statement.node] as number;
  const indent = indentBefore(text, start);
  if (value === undefined || indent === null) return null;
  let made = '';
  let at = tree.start[value] as number;
  for (const n of reads) {
    made += text.slice(at, tree.start[n]) + by;
    at = tree.end[n] as number;
  }
  made += text.slice(at, tree.end[value]);
  const lines = [`${result} = ${made};`, release, `return ${result};`];
  return replace(source, start, tree.end[statement.node] as number, linesOf(text, indent, lines).trim());
}
