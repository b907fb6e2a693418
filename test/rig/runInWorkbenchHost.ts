import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";
import { installWorkbench } from "./installWorkbench.ts";
import { openBrowser } from "./openBrowser.ts";
import { startWorkbenchServer, type WorkbenchServer } from "./workbenchServer.ts";

const timeoutMs = 240_000;

/**
 * Does what desktop VS Code does with `--extensionDevelopmentPath=… --extensionTestsPath=…`: loads the extension in a
 * real extension host, runs the tests in there, and resolves to the exit code. It lets an unchanged
 * @vscode/test-electron work where VS Code cannot be downloaded.
 */
export async function runInWorkbenchHost(args: readonly string[]): Promise<number> {
  const extension = option(args, "extensionDevelopmentPath");
  const tests = option(args, "extensionTestsPath");
  mkdirSync(folders.runs, { recursive: true });
  const folder = mkdtempSync(path.join(folders.runs, "host-"));
  const log = path.join(folder, "output.txt");
  const done = path.join(folder, "done");
  const server = await startWorkbenchServer(installWorkbench(), {
    extension: "none",
    // The workbench reports the end of the tests only to a driver.
    serverArguments: ["--enable-smoke-test-driver"],
    environment: { DAYLONG_TESTS: tests, DAYLONG_TESTS_LOG: log, DAYLONG_TESTS_DONE: done },
  });
  const following = followFile(log);
  try {
    const runner = path.join(import.meta.dirname, "hostRunner.cjs");
    const code = await runTests(server, extension, runner);
    // An extension host that dies in the middle is reported as a success: only the mark proves that the tests ended.
    if (code !== 0 || existsSync(done)) return code;
    process.stderr.write("The extension host went away before the tests had ended.\n");
    return 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    following.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runTests(server: WorkbenchServer, extension: string, runner: string): Promise<number> {
  const { browser, page } = await openBrowser();
  const address = server.address([
    ["extensionDevelopmentPath", server.remoteUri(extension)],
    ["extensionTestsPath", server.remoteUri(runner)],
    ["skipWelcome", "true"],
  ]);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`The tests took longer than ${timeoutMs / 1000} s.`)), timeoutMs);
      void server.process.exited.then((code) => reject(new Error(`The VS Code server ended with code ${code}.`)));
      page.on("crash", () => reject(new Error("The page with the workbench crashed.")));
      const open = async (): Promise<void> => {
        await page.exposeFunction("codeAutomationLog", () => undefined);
        await page.exposeFunction("codeAutomationExit", resolve);
        await page.goto(address);
      };
      open().catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

function option(args: readonly string[], name: string): string {
  const prefix = `--${name}=`;
  const found = args.find((argument) => argument.startsWith(prefix));
  if (found === undefined) throw new Error(`The argument ${prefix}… is missing.`);
  return path.resolve(found.slice(prefix.length));
}

/** Copies what is appended to a file to standard output. */
function followFile(file: string): { stop(): void } {
  let shown = 0;
  const show = (): void => {
    if (!existsSync(file)) return;
    const content = readFileSync(file);
    process.stdout.write(content.subarray(shown));
    shown = content.length;
  };
  const timer = setInterval(show, 250);
  return {
    stop: () => {
      clearInterval(timer);
      show();
    },
  };
}
