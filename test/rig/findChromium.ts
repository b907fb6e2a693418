import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** Finds a browser that playwright can drive; on Debian-like machines, as root, installs one. */
export function findChromium(): string {
  const chosen = process.env["DAYLONG_CHROMIUM"];
  if (chosen !== undefined && chosen !== "") {
    if (existsSync(chosen)) return chosen;
    throw new Error(`DAYLONG_CHROMIUM names ${chosen}, which does not exist.`);
  }
  const found = knownPlaces().find((place) => existsSync(place));
  if (found !== undefined) return found;
  installByApt();
  const installed = knownPlaces().find((place) => existsSync(place));
  if (installed !== undefined && spawnSync(installed, ["--version"]).status === 0) return installed;
  throw new Error(missing);
}

const missing =
  "Chromium or Chrome is needed to show the workbench, and none was found. Install one " +
  "(on Debian: sudo apt-get install chromium), or set DAYLONG_CHROMIUM to its executable.";

function installByApt(): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error(missing);
  }
  process.stderr.write("Installing Chromium (apt-get install chromium)…\n");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Without any font the pages render, but the screenshots show no text.
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]]) {
    const result = spawnSync("apt-get", ["-q", ...args], { env: environment, encoding: "utf8" });
    if (result.status !== 0) throw new Error(`${missing}\napt-get said:\n${result.stdout}${result.stderr}`);
  }
}

function knownPlaces(): string[] {
  if (process.platform === "darwin") {
    const names = ["Google Chrome", "Chromium", "Microsoft Edge"];
    return names.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (process.platform === "win32") {
    return ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"].flatMap((variable) => {
      const folder = process.env[variable] ?? "C:\\Program Files";
      return [
        path.join(folder, "Google", "Chrome", "Application", "chrome.exe"),
        path.join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
      ];
    });
  }
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
  return names.map((name) => `/usr/bin/${name}`);
}
