// Runs in the extension host of the workbench, around the real test runner: the host's console is not seen from
// outside, so it is mirrored to a file, and a mark is left when the tests have ended well.
const { appendFileSync, writeFileSync } = require("node:fs");
const process = require("node:process");
const { format } = require("node:util");

/** @param {string} name */
function setting(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}

const log = setting("DAYLONG_TESTS_LOG");

/** @param {unknown[]} values */
function write(...values) {
  appendFileSync(log, `${format(...values)}\n`);
}

/**
 * The rig builds no native add-ons, so the host complains at its start that its log writer is not there and writes to
 * the console instead. That says nothing about the tests.
 *
 * @param {unknown} value
 */
function isAboutMissingAddOn(value) {
  return value instanceof Error && value.message.includes("Could not locate the bindings file");
}

function mirrorConsole() {
  // VS Code makes the methods of `console` read-only: only the whole object can be replaced.
  const mirror = Object.create(globalThis.console);
  for (const method of ["log", "info", "warn", "error", "debug"]) {
    Object.defineProperty(mirror, method, {
      value: (/** @type {unknown[]} */ ...values) => {
        if (!values.some(isAboutMissingAddOn)) write(...values);
      },
    });
  }
  globalThis.console = mirror;
}

exports.run = async function run() {
  mirrorConsole();
  try {
    await require(setting("DAYLONG_TESTS")).run();
  } catch (error) {
    write(error);
    throw error;
  }
  writeFileSync(setting("DAYLONG_TESTS_DONE"), "");
};
