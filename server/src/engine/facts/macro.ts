/**
 * A function-like macro as a function: its body is parsed a second time, as an expression where it is one, else as
 * statements, with the parameters as untyped variables. What does not parse cleanly is no code, and stays unknown.
 */
import { F, K } from '../syntax/kinds.js';
import { childByField, type SyntaxParser } from '../syntax/parser.js';
import { FactsBuilder, type FileFacts, FN_INLINE, FN_STATIC, hashText, lineAt } from './encode.js';
import { FunctionLowering } from './lower.js';

/** Longer macro bodies are tables or generated code. */
const MAX_BODY = 4000;

/** A macro that was read as a function. */
export interface ReadMacro {
  readonly facts: FileFacts;
  /** What tells it apart, but for its place: file, name, parameters and body. */
  readonly key: string;
}

/** What became of a macro, and the text that it had. */
interface Known {
  readonly body: string;
  readonly params: string;
  readonly read: ReadMacro | null;
}

/** Reads macros as functions, each once however many units call it. */
export class MacroReader {
  private readonly known = new WeakMap<FileFacts, Map<string, Known[]>>();

  constructor(private readonly parser: SyntaxParser) {}

  /**
   * A macro of a file as facts with one function; null where the body is not C on its own. `position` (0-based, in UTF-16 units) is
   * where the macro is defined: all positions in it map to that line.
   */
  read(
    file: FileFacts,
    name: string,
    parameters: readonly string[],
    body: string,
    position: number,
  ): ReadMacro | null {
    let macros = this.known.get(file);
    if (macros === undefined) {
      macros = new Map();
      this.known.set(file, macros);
    }
    const place = `${position}#${name}`;
    const params = parameters.join();
    let here = macros.get(place);
    if (here === undefined) {
      here = [];
      macros.set(place, here);
    }
    // A scope class is two texts in one place, and what a macro makes may have its body from elsewhere
    for (const known of here) if (known.body === body && known.params === params) return known.read;
    const line = lineAt(file.lineStarts, position);
    const facts = macroFacts(this.parser, file.path, name, parameters, body, line);
    const read = facts === null ? null : { facts, key: `${file.path}#${name}(${params})${body}` };
    here.push({ body, params, read });
    return read;
  }
}

function macroFacts(
  parser: SyntaxParser,
  path: string,
  name: string,
  params: readonly string[],
  body: string,
  line: number,
): FileFacts | null {
  const plain = body
    .replace(/\\\r?\n/g, ' ')
    // The last line goes on in an empty one
    .replace(/\\\s*$/, '')
    .replace(/,\s*##\s*(__VA_ARGS__|args|arg)\b/g, ', $1')
    .replace(/__VA_OPT__\(,\)/g, ',')
    .trim();
  if (plain === '' || plain.length > MAX_BODY || plain.includes('##') || /(^|[^#])#[a-z_]/i.test(plain))
    return null;
  const statement =
    /^(do|if|for|while|switch|return|goto|break|continue|\{)\b|^\{|;\s*$|;(?![^({]*\}\s*\))/.test(plain) &&
    !plain.startsWith('({');
  const text = statement ? `void m(void) {\n${plain};\n}` : `void m(void) {\nreturn (${plain});\n}`;
  const parsed = parser.parse(text);
  if (!parsed.ok || parsed.hasError) return null;
  const t = parsed.tree;
  let fn = -1;
  for (let c = 1; c < t.length; c = t.next[c] as number)
    if (t.kind[c] === K.function_definition) {
      fn = c;
      break;
    }
  if (fn < 0) return null;
  const at = childByField(t, fn, F.body);
  if (at < 0) return null;
  const b = new FactsBuilder();
  const lowering = new FunctionLowering(b, text, t, t.start[fn] as number);
  for (const p of params) lowering.parameter(p.replace(/\.\.\.$/, '').trim() || '__VA_ARGS__', -1);
  const l = lowering.body(at);
  b.functions.pushAll([
    b.string(name),
    0,
    text.length,
    FN_STATIC | FN_INLINE,
    b.type('', 0),
    l.firstVariable,
    l.parameterCount,
    l.variableCount,
    l.firstBlock,
    l.blockCount,
    l.firstOp,
    l.opCount,
    l.tempCount,
    b.list([]),
    hashText(text),
    0,
  ]);
  return b.done(path, hashText(text), new Int32Array(line));
}
