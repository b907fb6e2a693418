import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DaylongError, toErrorData, type ErrorData } from "../base/errors.ts";
import { Cancelled } from "./cancelled.ts";
import type { Experiment } from "./experiment.ts";
import { labContext, refuseForeignFlags, type LabCall } from "./labFlags.ts";
import { pictureName } from "./labMessage.ts";
import type { LabResult } from "./labResult.ts";
import { drawPlot } from "./plot.ts";
import type { ProgressReport } from "./progressReport.ts";
import { resultJson } from "./report/resultJson.ts";
import { resultText } from "./report/resultText.ts";
import { runExperiment } from "./runExperiment.ts";

/**
 * Runs the chosen experiments, keeps what they find in files and prints it. One that fails among several is reported, and
 * the others go on.
 *
 * @returns what went wrong, by name of the experiment
 * @throws Cancelled; what was found until then is kept
 */
export async function runChosen(
  chosen: readonly Experiment[],
  call: LabCall,
  report: ProgressReport,
  print: (text: string) => void,
): Promise<ReadonlyMap<string, ErrorData>> {
  refuseForeignFlags(call, chosen);
  const folder = path.resolve(call.out ?? path.join(".rig", "lab"));
  mkdirSync(folder, { recursive: true });
  const results: LabResult[] = [];
  const failed = new Map<string, ErrorData>();
  report.planned(chosen.map(({ name, title }) => ({ name, title })));
  for (const experiment of chosen) {
    const { name } = experiment;
    try {
      await report.tell(name, 0, experiment.title);
      const context = labContext(call, experiment, folder, (fraction, what) => report.tell(name, fraction, what));
      const result = await runExperiment(experiment, context, commandOf(experiment, call));
      results.push(result);
      const file = keep(folder, result);
      report.found(name, file);
      print(`${results.length > 1 ? "\n" : ""}${resultText(result)}`);
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      const data = toErrorData(error);
      report.failed(name, data);
      failed.set(name, data);
    }
  }
  if (call.json !== undefined) {
    const texts = results.map((result) => resultJson(result).json);
    writeFileSync(call.json, chosen.length === 1 ? (texts[0] ?? "null\n") : `[\n${texts.join(",\n")}]\n`);
  }
  return failed;
}

function keep(folder: string, result: LabResult): string {
  const { experiment } = result;
  const file = path.join(folder, `${experiment}.json`);
  const { json, leftOut } = resultJson(result);
  writeFileSync(file, json);
  if (leftOut) process.stderr.write(`${experiment}: the raw figures were too many to be kept\n`);
  for (const plot of result.plots)
    writeFileSync(path.join(folder, pictureName(experiment, plot.name)), drawPlot(plot, experiment));
  return file;
}

/** As it would be typed on another machine: where files lie and where they go is of this one. */
function commandOf({ name, flags = {} }: Experiment, call: LabCall): string {
  const own = Object.entries(call.own).flatMap(([flag, values]) =>
    flag in flags ? [`--${flag} ${values.join(",")}`] : [],
  );
  return [
    `npm run -s lab -- ${name}`,
    ...(call.quick ? ["--quick"] : []),
    ...(call.model === undefined ? [] : [`--model ${path.basename(call.model)}`]),
    ...(call.text === undefined ? [] : [`--text ${path.basename(call.text)}`]),
    ...(call.seed === 1 ? [] : [`--seed ${call.seed}`]),
    ...(call.threads === 1 ? [] : [`--threads ${call.threads}`]),
    ...own,
  ].join(" ");
}

/** @throws DaylongError `usage` */
export function chosenExperiments(names: readonly string[], experiments: readonly Experiment[]): readonly Experiment[] {
  const [name = "", ...rest] = names;
  const chosen = experiments.filter(
    (experiment) => experiment.name === name || name === "all" || (name === "any" && experiment.suitsAnyModel === true),
  );
  if (chosen.length > 0 && rest.length === 0) return chosen;
  throw new DaylongError(
    "usage",
    `There is no experiment "${names.join(" ")}": ${["all", "any", "page", ...experiments.map((each) => each.name)].join(", ")}.`,
  );
}
