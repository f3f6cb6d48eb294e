/**
 * dentry/release-linked: what d_release frees is on no list any more that others walk. The nodes of the structure that code of
 * the same directory puts on lists are looked for; each has to be taken off before the free, by d_release itself, or by d_prune
 * or d_iput, which ran before it.
 */
import type { Entry } from '../../contexts/entry-points.js';
import type { FreeEffect } from '../../contexts/result.js';
import { loweredBy } from '../counters.js';
import { freeSite } from '../free-site.js';
import { type Link, Linkage } from '../links.js';
import { memberOfParameter, type Reached, reachedFrom } from '../reached.js';
import { replay } from '../replay.js';
import { type Draft, entryMethod, lineOf, originStep, type Rule, type RuleContext, step } from '../rule.js';

/** A trail has a bit for each node. */
const MAX_NODES = 24;

/** The rule. */
export const releaseLinked: Rule = {
  info: {
    id: 'dentry/release-linked',
    summary: 'd_release frees an object that is still on a list.',
    law: 'Nothing is freed in d_release while it is still on a list or in a tree that others walk.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const inScope = new Set(cx.unit.map((f) => f.id));
    const linkage = new Linkage(cx);
    const reached = reachedFrom(cx, 'dentry_operations', ['d_release', 'd_prune', 'd_iput'], 'dentry');
    const roots = reached.filter((r) => r.from === null);
    for (const r of roots) {
      if (r.origin.method !== 'd_release' || !inScope.has(r.fn.id)) continue;
      const seen = new Set<number>();
      for (const free of cx.analysis.results[r.fn.id]?.frees ?? []) {
        if (!free.type.startsWith('struct ') || seen.has(free.op)) continue;
        const quiet =
          cx.silence === undefined
            ? undefined
            : (why: string): void => cx.silence?.('dentry/release-linked', r.fn, free.op, why);
        if (memberOfParameter(cx.analysis.terms, free.object, r.object) !== 'd_fsdata') {
          quiet?.('what is freed is not what d_fsdata points at');
          continue;
        }
        // An object that is counted goes off its lists with the references of the lists
        if (free.conditional || loweredBy(cx, r.fn.id, free.type.slice(7)).size > 0) {
          quiet?.('the object is counted: its lists have references of their own');
          continue;
        }
        const links = linkage
          .linksOf(r.fn.unit, free.type.slice(7))
          .filter(
            (l) =>
              !roots.some(
                (o) =>
                  o.origin.method !== 'd_release' &&
                  o.fn.unit === r.fn.unit &&
                  linkage.unlinkedBy(o.fn.id).has(l.member),
              ),
          )
          .slice(0, MAX_NODES);
        const left = links.length === 0 ? undefined : stillLinked(cx, linkage, r, free, links);
        if (left === undefined) {
          quiet?.(
            links.length === 0
              ? `no '${free.type}' is seen to be put on a list, into a tree or a table, or d_prune or d_iput takes it off again`
              : 'a path to the free takes it off what it was put on',
          );
          continue;
        }
        seen.add(free.op);
        out.push(draft(cx, r, free, left));
      }
    }
    return out;
  },
};

/** A node that no path takes off before the free. */
function stillLinked(
  cx: RuleContext,
  linkage: Linkage,
  r: Reached,
  free: FreeEffect,
  links: readonly Link[],
): Link | undefined {
  const members = links.map((l) => l.member);
  const through = new Map<number, number>();
  for (const edge of cx.analysis.results[r.fn.id]?.edges ?? []) {
    if (edge.context !== 'now') continue;
    const unlinked = linkage.unlinkedBy(edge.callee);
    through.set(edge.op, (through.get(edge.op) ?? 0) | bitsOf(members, unlinked));
  }
  const here = linkage.unlinksAt(r.fn);
  let off = 0;
  let met = false;
  for (const entry of r.entries as readonly Entry[])
    replay(cx.analysis, r.fn, entry, (_, op, s) => {
      const now = s.trail | (through.get(op) ?? 0) | bitsOf(members, here.get(op) ?? []);
      if (op === free.op) {
        met = true;
        off |= now;
      }
      return now;
    });
  return met ? links.find((_, i) => (off & (1 << i)) === 0) : undefined;
}

function bitsOf(members: readonly string[], unlinked: Iterable<string>): number {
  let bits = 0;
  for (const member of unlinked) {
    const at = members.indexOf(member);
    if (at >= 0) bits |= 1 << at;
  }
  return bits;
}

function draft(cx: RuleContext, r: Reached, free: FreeEffect, link: Link): Draft {
  const site = freeSite(cx, r.fn, free);
  const where = `line ${lineOf(link.fn, link.op)}${link.fn.file === r.fn.file ? '' : ` of ${link.fn.file.path}`}`;
  return {
    rule: 'dentry/release-linked',
    precision: 'high',
    certainty: 'must',
    message: `'${free.type}' is freed in ->d_release() while '${link.member}' may still be on the list that it was put on at ${where}`,
    fn: r.fn.id,
    op: free.op,
    entry: entryMethod(cx.analysis, r.origin),
    held: [],
    rcu: 'none',
    trace: [
      originStep(cx, r.origin),
      ...site.steps,
      step(
        'free',
        site.fn,
        site.op,
        `${site.what}() frees it; nothing has taken '${link.member}' off its list`,
      ),
      step('other-side', link.fn, link.op, 'put on a list here: whoever walks it meets freed memory', 1),
    ],
    objectClass: link.member,
  };
}
