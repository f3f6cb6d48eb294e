/**
 * Patterns of paths: `*` and `?` inside a name, `**` over any folders, `{a,b}` for either; a pattern that ends in `/` or names a
 * folder means all that is in it. Paths are relative, with `/`. Must not know files.
 */

/** Whether a path is one that some of the patterns mean. */
export function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => expressionOf(pattern).test(path));
}

const known = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  let made = known.get(pattern);
  if (made === undefined) {
    made = new RegExp(`^${translated(pattern.replace(/^\.?\//, '').replace(/\/$/, ''))}(/.*)?$`);
    known.set(pattern, made);
  }
  return made;
}

function translated(pattern: string): string {
  const alternatives = (pattern.match(/\{/g) ?? []).length === (pattern.match(/\}/g) ?? []).length;
  let depth = 0;
  return pattern.replace(/\*\*\/|\*\*|[*?{},]|[^*?{},]+/g, (part) => {
    switch (part) {
      case '**/':
        return '(?:.*/)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      case '{':
        if (!alternatives) return '\\{';
        depth++;
        return '(?:';
      case '}':
        if (depth === 0) return '\\}';
        depth--;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
      default:
        return part.replace(/[.+^$()|[\]\\]/g, '\\$&');
    }
  });
}
