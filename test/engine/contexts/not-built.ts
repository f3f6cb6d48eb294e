/**
 * Lines that the configuration leaves out: asked about, they are answered as if they were built, and everything else is not
 * touched by the question.
 */
import type { ContextCase } from '../harness.js';

export const NOT_BUILT: readonly ContextCase[] = [
  {
    title: 'an arm that is not taken, nested, and the taken one beside it',
    source: `
void a(struct foo *f)
{
#ifdef CONFIG_PREEMPT_RT
	mutex_lock(&f->mutex);
#ifndef CONFIG_SMP
	f->count++; /*@left_out*/
#else
	f->count--; /*@nested_taken*/
#endif
	mutex_unlock(&f->mutex);
#else
	spin_lock(&f->lock);
	f->count++; /*@built*/
	spin_unlock(&f->lock);
#endif
}`,
    at: {
      left_out: ['- [&f->mutex] sleeps'],
      nested_taken: ['- [&f->mutex] sleeps'],
      built: ['- [&f->lock] atomic'],
    },
  },
  {
    title: 'a function that is not built at all',
    source: `
#if defined(CONFIG_PREEMPT_RT)
static void only_there(struct foo *f)
{
	spin_lock(&f->lock);
	f->count++; /*@inside*/
	spin_unlock(&f->lock);
}
#endif`,
    at: { inside: ['- [&f->lock] atomic'] },
  },
  {
    title: 'the same condition elsewhere is decided alike',
    source: `
#ifdef CONFIG_PREEMPT_RT
static void fs_release(struct dentry *dentry)
{
	dentry->d_fsdata = NULL; /*@inside*/
}
#endif
const struct dentry_operations fs_dops = {
#ifdef CONFIG_PREEMPT_RT
	.d_release = fs_release,
#endif
};`,
    at: { inside: ['d_release [] sleeps'] },
  },
  {
    title: 'never what #if 0 leaves out',
    source: `
void a(struct foo *f)
{
	spin_lock(&f->lock);
#if 0
	f->count++; /*@dead*/
#endif
	spin_unlock(&f->lock);
}`,
    at: { dead: ['- [&f->lock] atomic'] },
  },
];
