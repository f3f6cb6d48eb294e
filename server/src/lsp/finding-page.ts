/**
 * The page that says why a finding is reported, for the client that asks by the finding's fingerprint. Arranges; computes nothing.
 */
import type { Finding } from '../engine/base/finding.js';
import { RULES } from '../engine/rules/index.js';
import { findingMarkdown } from '../engine/views/finding-markdown.js';
import type { FindingPage } from './protocol.js';
import type { Wire } from './to-protocol.js';

/** The page of a finding. */
export function findingPage(finding: Finding, wire: Wire): FindingPage {
  const markdown = findingMarkdown(finding, {
    rule: RULES.find(({ id }) => id === finding.rule) ?? null,
    lineText: (file, line) => wire.lineText(file, line),
    link: (file, line) => `${wire.uriOf(file)}#L${line}`,
  });
  return { title: `${finding.rule} at ${finding.file}:${finding.line}`, markdown };
}
