/**
 * The pictures through the door: every lock has a bar from where it is taken to where it is given back, nothing lies over another,
 * what can be clicked names its line, what comes from the source is escaped, and inversions are red.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { PictureAnswer, PictureQuery } from '../../server/src/engine/door.js';
import { buildModel, SUPPORTED_VERSIONS } from '../../server/src/engine/model/index.js';
import { layersOf } from '../../server/src/engine/views/pictures/layers.js';
import { filesOf, openFiles } from './harness.js';

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

const ENTITY = /&(?!(?:amp|lt|gt|quot|#39);)/;

/** Reads XML of the plain kind that a picture is; fails on what is not well formed. */
function readXml(xml: string): Element {
  const root: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  for (const part of xml.split(/(<[^>]*>)/)) {
    const top = open[open.length - 1] as Element;
    if (!part.startsWith('<')) {
      assert.doesNotMatch(part, ENTITY, 'a bare ampersand');
      top.text += part;
    } else if (part.startsWith('</')) {
      assert.equal(`</${top.name}>`, part);
      open.pop();
    } else {
      const match = /^<([\w-]+)((?: [\w:-]+="[^"<]*")*)(\/?)>$/.exec(part);
      assert.ok(match, part);
      assert.doesNotMatch(match[2] ?? '', ENTITY);
      const attributes = new Map(
        [...(match[2] ?? '').matchAll(/ ([\w:-]+)="([^"]*)"/g)].map((m) => [m[1] as string, m[2] as string]),
      );
      const element: Element = { name: match[1] as string, attributes, children: [], text: '' };
      top.children.push(element);
      if (match[3] === '') open.push(element);
    }
  }
  assert.equal(open.length, 1, 'everything is closed');
  return root.children[0] as Element;
}

function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

function all(element: Element, wanted: (e: Element) => boolean): Element[] {
  return [...(wanted(element) ? [element] : []), ...element.children.flatMap((child) => all(child, wanted))];
}

function ofClass(svg: Element, name: string): Element[] {
  return all(svg, (e) => (e.attributes.get('class') ?? '').split(' ').includes(name));
}

const number = (e: Element, name: string): number => Number(e.attributes.get(name));
const titleOf = (e: Element): string => plain(e.children.find((c) => c.name === 'title')?.text ?? '');

async function draw(source: string, query: PictureQuery): Promise<PictureAnswer> {
  const engine = await openFiles(filesOf(source));
  try {
    const result = engine.picture(query, NEVER);
    assert.ok(result.ok, result.ok ? '' : result.problem);
    return result.answer;
  } finally {
    engine.dispose();
  }
}

/** The first box of a bar. */
function boxOf(bar: Element): { x: number; y: number; width: number; height: number } {
  const rect = bar.children.find((c) => c.name === 'rect') as Element;
  return {
    x: number(rect, 'x'),
    y: number(rect, 'y'),
    width: number(rect, 'width'),
    height: number(rect, 'height'),
  };
}

/** Bars never lie over each other, rows follow each other without a gap, and each says its line and shows its text. */
function checkLayout(answer: PictureAnswer, source: string): void {
  const svg = readXml(answer.svg);
  const bars = ofClass(svg, 'bar').map(boxOf);
  for (const [i, a] of bars.entries())
    for (const b of bars.slice(i + 1))
      assert.ok(
        a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
        `${JSON.stringify(a)} lies over ${JSON.stringify(b)}`,
      );
  const lines = (filesOf(source).get('fs/foo/x.c') ?? '').split('\n');
  let next = answer.firstLine;
  let y = -1;
  for (const row of ofClass(svg, 'row')) {
    assert.equal(number(row, 'data-line'), next);
    next = number(row, 'data-last-line') + 1;
    const mark = ofClass(row, 'mark')[0] as Element;
    if (y >= 0) assert.equal(number(mark, 'y'), y);
    y = number(mark, 'y') + number(mark, 'height');
    const [text] = all(row, (e) => e.name === 'text');
    const shown = plain(text?.text ?? '');
    if (next - number(row, 'data-line') === 1 && !shown.startsWith('\u22ee'))
      assert.equal(shown, lines[next - 2]?.trim());
  }
  assert.equal(next, answer.lastLine + 1);
  const labels = ofClass(svg, 'label').map((label) => number(label, 'y'));
  assert.equal(new Set(labels).size, labels.length, 'each label has a row of its own');
}

/** Bars as their titles say them, with the texts of the lines in place of their numbers. */
async function checkBars(
  source: string,
  fn: string,
  expected: readonly string[],
  situation = -1,
): Promise<void> {
  const answer = await draw(source, { kind: 'timeline', function: fn, file: 'fs/foo/x.c', situation });
  const lines = (filesOf(source).get('fs/foo/x.c') ?? '').split('\n');
  checkLayout(answer, source);
  const said = ofClass(readXml(answer.svg), 'bar').map((bar) =>
    titleOf(bar)
      .replaceAll('\n', '; ')
      .replace(/line (\d+)/g, (_, line) => `'${lines[Number(line) - 1]?.trim()}'`),
  );
  assert.deepEqual(said, expected);
}

const TAKEN = "taken at 'spin_lock(&f->lock);'";
const BACK = "given back at 'spin_unlock(&f->lock);'";
const LOCK = '&f->lock (foo::lock), exclusive';

describe('lock timeline', () => {
  it('a bar from where a lock is taken to where it is given back', () =>
    checkBars(
      `
void a(struct foo *f)
{
	f->count = 1;
	spin_lock(&f->lock);
	f->count = 2;
	spin_unlock(&f->lock);
	f->count = 3;
}`,
      'a',
      [`${LOCK}; ${TAKEN}; ${BACK}`],
    ));

  it('a way out with the lock', () =>
    checkBars(
      `
int a(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->count)
		return 1;
	spin_unlock(&f->lock);
	return 0;
}`,
      'a',
      [`${LOCK}; ${TAKEN}; still held on return`, `${LOCK}; ${BACK}`],
    ));

  it('given back on one side, the other side goes on', () =>
    checkBars(
      `
int a(struct foo *f)
{
	down_read(&f->sem);
	if (f->count) {
		up_read(&f->sem);
		return 1;
	}
	f->count = 2;
	up_read(&f->sem);
	return 0;
}`,
      'a',
      [
        "&f->sem (foo::sem), shared; taken at 'down_read(&f->sem);'; given back at 'up_read(&f->sem);'",
        "&f->sem (foo::sem), shared; given back at 'up_read(&f->sem);'",
      ],
    ));

  it('ways that differ stand side by side', async () => {
    const source = `
void a(struct foo *f, bool careful)
{
	if (careful)
		spin_lock(&f->lock);
	f->count = 2;
	if (careful)
		spin_unlock(&f->lock);
}`;
    const answer = await draw(source, { kind: 'timeline', function: 'a', file: 'fs/foo/x.c' });
    checkLayout(answer, source);
    assert.match(plain(answer.svg), /way 1 of 2: 1 lock held[^\n]*\nway 2 of 2: 0 locks held/);
  });

  /** What passes lines by, as the rows where it begins and ends. */
  async function checkPasses(source: string, expected: readonly string[]): Promise<void> {
    const answer = await draw(source, { kind: 'timeline', function: 'a', file: 'fs/foo/x.c' });
    checkLayout(answer, source);
    const svg = readXml(answer.svg);
    const rows = ofClass(svg, 'row').map((row) => {
      const mark = ofClass(row, 'mark')[0] as Element;
      const top = number(mark, 'y');
      return { line: number(row, 'data-line'), top, bottom: top + number(mark, 'height') };
    });
    const lines = (filesOf(source).get('fs/foo/x.c') ?? '').split('\n');
    const at = (y: number): string =>
      lines[(rows.find((row) => y >= row.top && y < row.bottom)?.line ?? 0) - 1]?.trim() ?? '?';
    const d = ofClass(svg, 'pass')[0]?.attributes.get('d') ?? '';
    const said = [...d.matchAll(/M[\d.]+ ([\d.]+)V([\d.]+)/g)].map(
      ([, from, to]) => `${at(Number(from))} ... ${at(Number(to))}`,
    );
    assert.deepEqual(said, expected);
  }

  it('arms of a branch stand side by side: what is not run is passed by', () =>
    checkPasses(
      `
int a(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->count) {
		spin_unlock(&f->lock);
		return 1;
	} else {
		f->count = 2;
		if (f->name)
			goto out;
		spin_unlock(&f->lock);
	}
	return 0;
out:
	spin_unlock(&f->lock);
	return 2;
}`,
      // The jump stands in lines that are shown as one
      ['if (f->count) { ... } else {', 'f->count = 2; ... out:'],
    ));

  it('nothing is passed by where control goes straight on', () =>
    checkPasses(
      `
int a(struct foo *f)
{
	if (f->count)
		f->count = 2;
	spin_lock(&f->lock);
	spin_unlock(&f->lock);
	return 0;
}`,
      [],
    ));

  const WALK = `
static int manage(const struct path *path, bool rcu_walk)
{
	struct foo *f = path->dentry->d_fsdata;

	if (rcu_walk)
		return f->count;
	spin_lock(&f->lock);
	spin_unlock(&f->lock);
	return 0;
}
const struct dentry_operations ops = { .d_manage = manage };`;

  it('situations together, and each alone', async () => {
    const together = await draw(WALK, { kind: 'timeline', function: 'manage', file: 'fs/foo/x.c' });
    assert.equal(together.situations.length, 2);
    assert.ok(together.svg.includes('url(#lw-maybe)'), 'RCU on some ways');
    const shades = await Promise.all(
      [0, 1].map(async (situation) => {
        const { svg } = await draw(WALK, {
          kind: 'timeline',
          function: 'manage',
          file: 'fs/foo/x.c',
          situation,
        });
        return ofClass(readXml(svg), 'shade').map((e) => e.attributes.get('fill'));
      }),
    );
    assert.deepEqual(shades, [['url(#lw-walk)'], []]);
  });

  it('what the caller brings begins at the top, under the name of the method', async () => {
    const source = `
static int unlink(struct inode *dir, struct dentry *dentry)
{
	return 0;
}
const struct inode_operations ops = { .unlink = unlink };`;
    await checkBars(source, 'unlink', [
      '&dir->i_rwsem (inode::i_rwsem), exclusive',
      '&dentry->d_inode->i_rwsem (inode::i_rwsem), exclusive',
    ]);
    const { svg } = await draw(source, { kind: 'timeline', function: 'unlink', file: 'fs/foo/x.c' });
    assert.match(svg, /inode_operations\.unlink \([^)]*\)\)? of ops/);
  });

  it('text of the source is escaped', async () => {
    const source = `
int a(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->count < 3 && f->name[0] == '"')
		return 1;	/* <script>alert("x")</script> & more */
	spin_unlock(&f->lock);
	return 0;
}`;
    const answer = await draw(source, { kind: 'timeline', function: 'a', file: 'fs/foo/x.c' });
    checkLayout(answer, source.replace('1;\t/*', '1; /*'));
    assert.ok(!answer.svg.includes('<script'));
  });

  it('says what there is not', async () => {
    const engine = await openFiles(filesOf('void a(struct foo *f) { }'));
    const problem = (query: PictureQuery): string => {
      const result = engine.picture(query, NEVER);
      return result.ok ? '' : result.problem;
    };
    assert.match(problem({ kind: 'timeline', function: 'b' }), /no such function/);
    assert.match(problem({ kind: 'timeline', file: 'fs/foo/x.c', line: 99 }), /no function here/);
    assert.match(problem({ kind: 'timeline', function: 'a', situation: 7 }), /no number 8/);
    assert.match(problem({ kind: 'life-cycle', object: 'teapot' }), /dentry, inode, super_block/);
    assert.match(problem({ kind: 'life-cycle', method: 'd_teapot' }), /no method/);
    assert.match(problem({ kind: 'lock-order', paths: ['fs/bar'] }), /no C file/);
    engine.dispose();
  });
});

const METHODS = `
struct bar { struct mutex mutex; struct foo *foo; };
static int put(struct inode *inode, struct file *file)
{
	struct bar *b = inode->i_private;

	mutex_lock(&b->mutex);
	mutex_lock(&b->foo->mutex);
	mutex_unlock(&b->foo->mutex);
	mutex_unlock(&b->mutex);
	return 0;
}`;
const PUT = 'const struct file_operations ops = { .open = put };';
const TAKE = 'const struct file_operations other_ops = { .open = take };';

describe('lock order', () => {
  const order = async (source: string, precision: 'high' | 'low' = 'low'): Promise<Element> =>
    readXml((await draw(source, { kind: 'lock-order', paths: ['fs/foo'], precision })).svg);
  const edges = (svg: Element, cls: string): string[] =>
    ofClass(svg, cls).map((e) => plain(e.attributes.get('data-edge') ?? ''));

  it('what is taken inside what, with where', async () => {
    const svg = await order(METHODS + PUT);
    assert.ok(edges(svg, 'edge').includes('bar::mutex > foo::mutex'));
    const edge = ofClass(svg, 'edge').find((e) => e.attributes.get('data-edge')?.startsWith('bar::mutex'));
    assert.equal(edge?.attributes.get('data-file'), 'fs/foo/x.c');
    assert.match(
      edge === undefined ? '' : titleOf(edge),
      /put\(\) at fs\/foo\/x\.c:9 takes .*held since line 8/,
    );
    assert.deepEqual(edges(svg, 'wrong'), []);
  });

  it('both orders are red', async () => {
    const svg = await order(`${METHODS}
static int take(struct inode *inode, struct file *file)
{
	struct foo *f = file->private_data;
	struct bar *b = inode->i_private;

	mutex_lock(&f->mutex);
	mutex_lock(&b->mutex);
	mutex_unlock(&b->mutex);
	mutex_unlock(&f->mutex);
	return 0;
}
${PUT}
${TAKE}`);
    const wrong = edges(svg, 'wrong');
    assert.ok(
      wrong.includes('bar::mutex > foo::mutex') || wrong.includes('foo::mutex > bar::mutex'),
      `${wrong}`,
    );
    for (const edge of ofClass(svg, 'wrong')) assert.equal(ofClass(edge, 's-bad').length, 1);
  });

  it('what follows from others is left out', async () => {
    const svg = await order(`
struct bar { struct mutex a; struct mutex b; struct mutex c; };
void all(struct bar *x)
{
	mutex_lock(&x->a);
	mutex_lock(&x->b);
	mutex_lock(&x->c);
	mutex_unlock(&x->c);
	mutex_unlock(&x->b);
	mutex_unlock(&x->a);
}`);
    assert.deepEqual(edges(svg, 'edge').sort(), ['bar::a > bar::b', 'bar::b > bar::c']);
  });
});

describe('life cycle', () => {
  it('the method at hand is lit where it runs', async () => {
    const { svg } = await draw('', { kind: 'life-cycle', method: 'd_prune' });
    const drawn = readXml(svg);
    assert.deepEqual(
      ofClass(drawn, 'state')
        .filter((e) => ofClass(e, 'chip').some((chip) => chip.attributes.get('class')?.includes('lit')))
        .map((e) => e.attributes.get('data-state')),
      ['dead'],
    );
    assert.match(svg, /dentry_operations\.d_prune/);
  });

  it('every object that the model knows, nothing over anything else', async () => {
    for (const object of ['dentry', 'inode', 'super_block']) {
      const drawn = readXml((await draw('', { kind: 'life-cycle', object })).svg);
      const boxes = [...ofClass(drawn, 'state'), ...ofClass(drawn, 'step')].map(boxOf);
      assert.ok(boxes.length > 4);
      for (const [i, a] of boxes.entries())
        for (const b of boxes.slice(i + 1))
          assert.ok(
            a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
            object,
          );
    }
  });
});

describe('the methods of a life', () => {
  it('are methods of the model, in states that there are, and RCU-walk runs only what it is said to run', () => {
    for (const version of SUPPORTED_VERSIONS) {
      const model = buildModel(version);
      for (const cycle of model.lifeCycles)
        for (const m of cycle.methods) {
          const name = `${m.struct}.${m.method} of ${cycle.object} in ${version}`;
          for (const state of [...m.in, ...(m.beside ?? [])])
            assert.ok(
              cycle.states.some((s) => s.name === state),
              `${name}: ${state}`,
            );
          const entry = model.methods.get(`${m.struct}::${m.method}`);
          if (version === '6.12') assert.ok(entry, name);
          if (m.beside !== undefined && entry !== undefined)
            assert.ok(
              entry.contexts.some((c) => c.rcu === 'walk'),
              `${name}: no RCU-walk`,
            );
        }
    }
  });
});

describe('layers', () => {
  it('all edges but those of circles go forward, and nothing in a layer overlaps', () => {
    const names = [...'abcdefgh'];
    const pairs = ['ab', 'ac', 'bd', 'cd', 'ce', 'eb', 'df', 'fa', 'ag', 'gh', 'ah'];
    const nodes = names.map((id, i) => ({ id, size: 10 + i }));
    const edges = pairs.map((p) => ({ from: p.charAt(0), to: p.charAt(1), weight: 1 }));
    const laid = layersOf(nodes, edges, 5);
    for (const [i, { points, back }] of laid.edges.entries()) {
      const [from, to] = [laid.nodes.get(edges[i]?.from ?? ''), laid.nodes.get(edges[i]?.to ?? '')];
      assert.deepEqual([points[0], points[points.length - 1]], [from, to]);
      assert.equal((from?.layer ?? 0) > (to?.layer ?? 0), back, pairs[i]);
    }
    assert.equal(laid.edges.filter((e) => e.back).length, 1);
    for (const a of nodes)
      for (const b of nodes) {
        const [x, y] = [laid.nodes.get(a.id), laid.nodes.get(b.id)];
        if (a === b || x === undefined || y === undefined || x.layer !== y.layer) continue;
        assert.ok(Math.abs(x.across - y.across) >= (a.size + b.size) / 2 + 5 - 1e-6, `${a.id} ${b.id}`);
      }
  });
});
