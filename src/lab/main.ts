import path from "node:path";
import { DaylongError, toErrorData } from "../base/errors.ts";
import { Cancelled } from "./cancelled.ts";
import { experiments } from "./labExperiments.ts";
import { parseLabCall } from "./labFlags.ts";
import { writePage } from "./labPage.ts";
import { chosenExperiments, runChosen } from "./labRun.ts";
import { labUsage } from "./labUsage.ts";
import { ProgressReport } from "./progressReport.ts";
import { projectRoot } from "./projectRoot.ts";

/** 64: a wrong call (sysexits' EX_USAGE); 130: cancelled, as shells have it; 2: everything else. */
const exitCodes = { usage: 64, failure: 2, cancelled: 130 };

async function run(args: readonly string[]): Promise<void> {
  const call = parseLabCall(args, experiments);
  const [name] = call.names;
  if (call.help || name === undefined) {
    process.stdout.write(labUsage(experiments));
    if (!call.help) process.exitCode = exitCodes.usage;
    return;
  }
  if (name === "page") {
    if (args.length > 1) throw new DaylongError("usage", "page takes no flags and no names.");
    for (const file of writePage(path.join(projectRoot(), "docs"))) process.stdout.write(`docs/${file}\n`);
    return;
  }
  const chosen = chosenExperiments(call.names, experiments);
  const report = new ProgressReport();
  cancelOnSignals(report);
  try {
    const failed = await runChosen(chosen, call, report, (text) => process.stdout.write(text));
    if (failed.size === 0) return;
    if (chosen.length > 1) {
      process.stderr.write(`daylong: ${failed.size} of ${chosen.length} failed: ${[...failed.keys()].join(", ")}\n`);
    }
    const isWrongCall = [...failed.values()].every(({ code }) => code === "usage");
    process.exitCode = isWrongCall ? exitCodes.usage : exitCodes.failure;
  } finally {
    report.endLine();
  }
}

/** The piece of work that runs is finished, then nothing more is begun. Whoever asks twice does not want to wait. */
function cancelOnSignals(report: ProgressReport): void {
  let asked = false;
  const cancel = (): void => {
    if (asked) process.exit(exitCodes.cancelled);
    asked = true;
    report.cancel();
  };
  process.on("SIGINT", cancel);
  process.on("SIGTERM", cancel);
  process.on("disconnect", cancel);
}

// Whoever read the tables has gone (`| head`, say): what is measured is still kept in files.
process.stdout.on("error", () => undefined);

run(process.argv.slice(2))
  .catch((error: unknown) => {
    if (error instanceof Cancelled) {
      process.stderr.write("daylong: cancelled; what was found until then is kept\n");
      process.exitCode = exitCodes.cancelled;
      return;
    }
    const { code, message } = toErrorData(error);
    process.stderr.write(`daylong: ${message} [${code}]\n`);
    process.exitCode = code === "usage" ? exitCodes.usage : exitCodes.failure;
  })
  // An open channel would keep this process alive.
  .finally(() => {
    if (process.connected) process.disconnect();
  });
