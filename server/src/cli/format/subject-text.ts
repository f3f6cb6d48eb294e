/**
 * What is known of the name at a position, for people at a terminal: the hover's words without its marks.
 */
import type { HoverSubject } from '../../engine/base/hover.js';
import { subjectMarkdown } from '../../engine/views/subject-markdown.js';

/** The whole of it, each line indented. */
export function formatSubject(subject: HoverSubject): string {
  const words = subjectMarkdown(subject, { link: (file, line) => `${file}:${line}`, page: () => null });
  const plain = words
    .replace(/\[([^\]]*)\]\(([^)]*)\)/g, '$1 at $2')
    .replace(/\*\*|`/g, '')
    .replace(/^\*(Not known:)\*/gm, '$1');
  return `${plain
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .map((line) => `  ${line}`)
    .join('\n')}\n`;
}
