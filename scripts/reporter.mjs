/**
 * Mocha's reporter of this repository: one line a test file's suite while it runs, failures in full at the end, loud skips,
 * and as the last line `N passed, N failed` (`, N skipped` where there are any), which people and CI read.
 */
import Mocha from 'mocha';

const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_TEST_PASS } =
  Mocha.Runner.constants;

export default class Reporter extends Mocha.reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    let passed = 0;
    let failed = 0;
    const skipped = [];
    runner.on(EVENT_SUITE_BEGIN, (suite) => {
      if (suite.parent?.root) console.log(suite.title);
    });
    runner.on(EVENT_TEST_PASS, (test) => {
      passed++;
      if (test.speed === 'slow') console.log(`  slow: ${test.fullTitle()} (${test.duration} ms)`);
    });
    runner.on(EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.on(EVENT_TEST_FAIL, (test) => {
      failed++;
      console.log(`  FAILED: ${test.fullTitle()}`);
    });
    runner.once(EVENT_RUN_END, () => {
      if (failed > 0) Mocha.reporters.Base.list(this.failures);
      for (const title of skipped) console.log(`SKIPPED: ${title}`);
      const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
      console.log(`${passed} passed, ${failed} failed${tail}`);
    });
  }
}
