// Mocha's usual listing for the reader, and the counts as JSON for the sum at the end of `npm test`.
const { mkdirSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const process = require("node:process");
const { reporters } = require("mocha");

class ResultReporter extends reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    runner.on("retry", (/** @type {Mocha.Test} */ test, /** @type {Error} */ error) => {
      process.stdout.write(`    second try: ${test.title}: ${error.stack ?? error.message}\n`);
    });
    runner.once("end", () => {
      const file = process.env["DAYLONG_RESULTS"];
      if (file === undefined) return;
      const { passes, failures, pending } = this.stats;
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify({ passes, failures, pending }));
    });
  }
}

module.exports = ResultReporter;
