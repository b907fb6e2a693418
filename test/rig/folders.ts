import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

/** Where things lie. Everything under `rig` is made by this tooling and ignored by git. */
export const folders = {
  root,
  rig: path.join(root, ".rig"),
  workbench: path.join(root, ".rig", "workbench"),
  runs: path.join(root, ".rig", "runs"),
  shots: path.join(root, ".rig", "shots"),
  results: path.join(root, ".rig", "results"),
  desktop: path.join(root, ".rig", "desktop"),
  /** A companion extension that opens the chat when the window has started. */
  starter: path.join(root, "test", "rig", "starter"),
  /** A small project to have open in the workbench. */
  sampleWorkspace: path.join(root, "test", "rig", "workspace"),
} as const;
