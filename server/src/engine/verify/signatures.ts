/**
 * Declarations of the tree against the parameters of the model: how many there are, and whether each is what its name
 * says. Names are compared where the tree writes them, structures where the name of the model stands for one.
 */
import type { Comparison } from '../door.js';
import type { HelperEntry, MethodEntry } from '../model/types.js';
import { type Declared, parameterName, type SlotDeclared } from './c-text.js';
import { type Claim, judge, notCompared } from './comparison.js';

/** Names of the model that stand for one structure wherever they are used, and what that structure may be. */
const STRUCTURES: readonly (readonly [names: RegExp, structures: readonly string[]])[] = [
  [/dentry$|^alias$/, ['dentry']],
  [/^(inode|dir|old_dir|new_dir)$/, ['inode']],
  [/^sb$/, ['super_block']],
  [/^file(_in|_out)?$/, ['file']],
  [/^idmap$/, ['mnt_idmap', 'user_namespace']],
  [/^mapping$/, ['address_space']],
  [/^(folio|page)$/, ['folio', 'page']],
  [/^(iocb|kiocb)$/, ['kiocb']],
  [/^vma$/, ['vm_area_struct']],
  [/^vmf$/, ['vm_fault']],
  [/^path$/, ['path']],
  [/^fc$/, ['fs_context']],
  [/^pipe$/, ['pipe_inode_info']],
  [/^wbc$/, ['writeback_control']],
];

/** A method's slot against its entry. `isSaid`: where there is no slot, the tree has the name all the same. */
export function compareSlot(slot: SlotDeclared | undefined, entry: MethodEntry, isSaid: boolean): Comparison {
  const judged = judgedOf(`${entry.struct}.${entry.method}`, entry);
  const claim = {
    source: 'signature' as const,
    aspect: 'parameters',
    tree: slot === undefined ? '' : `(${slot.parameters.join(', ')})`,
    file: slot?.file ?? '',
    line: slot?.line ?? 0,
  };
  const model = `(${entry.params.join(', ')})`;
  if (slot === undefined && !isSaid) return judge(judged, absent(claim), 'has it in this version', false);
  if (slot === undefined)
    return notCompared(
      judged,
      claim,
      'the headers at hand declare no such function pointer in the structure',
    );
  return judge(judged, claim, model, sameParameters(slot.parameters, entry.params));
}

/** A helper's definition, prototype or macro against its entry; `isSaid` as above. */
export function compareFunction(
  declared: Declared | undefined,
  entry: HelperEntry,
  isSaid: boolean,
): Comparison {
  const judged = judgedOf(entry.name, entry);
  const claim = {
    source: 'signature' as const,
    aspect: 'parameters',
    tree: declared === undefined ? '' : `(${declared.parameters.join(', ')})`,
    file: declared?.file ?? '',
    line: declared?.line ?? 0,
  };
  if (declared === undefined && !isSaid) return judge(judged, absent(claim), 'has it in this version', false);
  if (declared === undefined)
    return notCompared(judged, claim, 'no declaration in the files that were looked through');
  const given = declared.parameters;
  if (given.some((parameter) => parameter.endsWith('...')))
    return notCompared(judged, claim, 'it takes any number of arguments');
  const agrees =
    declared.kind === 'macro' ? given.length === entry.params.length : sameParameters(given, entry.params);
  return judge(judged, claim, `(${entry.params.join(', ')})`, agrees);
}

function absent(claim: Claim): Claim {
  return { ...claim, aspect: 'versions', tree: 'says the name nowhere' };
}

/** What the model has for other versions only, and the tree declares: its `since` or `until` is wrong. */
export function outOfRange(
  name: string,
  entry: HelperEntry | MethodEntry,
  declared: Declared | SlotDeclared | undefined,
): readonly Comparison[] {
  // A static function of the same name is somebody else's
  if (declared === undefined || ('isStatic' in declared && declared.isStatic && declared.file.endsWith('.c')))
    return [];
  const claim = {
    source: 'signature' as const,
    aspect: 'versions',
    tree: `declares it (${declared.parameters.join(', ')})`,
    file: declared.file,
    line: declared.line,
  };
  const { since, until } = entry.versions ?? {};
  const range = [since === undefined ? '' : `from ${since} on`, until === undefined ? '' : `before ${until}`];
  const words = `has it only ${range.filter((part) => part !== '').join(', ')}`;
  return [judge(judgedOf(name, entry), claim, words, false)];
}

function judgedOf(
  name: string,
  entry: { readonly proof: readonly string[]; readonly disagreement?: string },
): Parameters<typeof judge>[0] {
  return entry.disagreement === undefined
    ? { name, proof: entry.proof }
    : { name, proof: entry.proof, disagreement: entry.disagreement };
}

function sameParameters(written: readonly string[], names: readonly string[]): boolean {
  if (written.length !== names.length) return false;
  return names.every((name, i) => fits(written[i] as string, name, names));
}

/** Whether a parameter as it is written can be what the model calls it. */
function fits(written: string, name: string, names: readonly string[]): boolean {
  const own = parameterName(written);
  if (own === name) return true;
  const structure = /\bstruct\s+(\w+)/.exec(written)?.[1];
  const expected = STRUCTURES.find(([pattern]) => pattern.test(name))?.[1];
  if (expected !== undefined) return structure !== undefined && expected.includes(structure);
  // A name of the model that stands elsewhere in the list is out of order here
  return own === '' || own.length < 2 || !names.includes(own);
}
