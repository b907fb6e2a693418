import { parseArgs } from "node:util";
import { DaylongError, toErrorData } from "../base/errors.ts";
import { chat } from "./chat.ts";
import { wholeNumber } from "./numbers.ts";
import { inspect } from "./inspect.ts";
import { replyFlags, replyOptions } from "./replyOptions.ts";
import { usage } from "./usage.ts";

/** Exit codes: 64 for a wrong call (sysexits' EX_USAGE), 2 for everything else that has a code of ours. */
const exitCodes = { usage: 64, failure: 2 };

async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help === true || command === undefined || command === "help") {
    process.stdout.write(usage);
    if (values.help !== true && command === undefined) process.exitCode = exitCodes.usage;
    return;
  }
  if (command === "chat" && rest.length === 0) {
    await chat({
      modelPath: required(values.model, "--model FILE"),
      contextSize: wholeNumber(values.context, "--context", 256),
      systemPrompt: values.system ?? "You are a coding assistant.",
      reply: replyOptions(values),
      json: values.json === true,
    });
    return;
  }
  if (command === "inspect" && rest.length === 1) {
    await inspect(rest[0] ?? "", values.load === true, wholeNumber(values.context, "--context", 256));
    return;
  }
  throw new DaylongError(
    "usage",
    `There is no command "${positionals.join(" ")}". "npm run -s cli -- help" lists them.`,
  );
}

function parse(args: readonly string[]): ReturnType<typeof parseArguments> {
  try {
    return parseArguments(args);
  } catch (error) {
    throw new DaylongError(
      "usage",
      `${error instanceof Error ? error.message : String(error)} ("help" lists what there is.)`,
    );
  }
}

// eslint infers the option types from here; an annotation would have to repeat the table.
const parseArguments = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      model: { type: "string" },
      context: { type: "string" },
      system: { type: "string" },
      ...replyFlags,
      json: { type: "boolean" },
      load: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new DaylongError("usage", `chat needs ${name}.`);
  return value;
}

// Whoever read the replies has gone (`| head`, say): there is nobody left to answer.
process.stdout.on("error", () => process.exit());

run(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message } = toErrorData(error);
  process.stderr.write(`daylong: ${message} [${code}]\n`);
  process.exitCode = code === "usage" ? exitCodes.usage : exitCodes.failure;
});
