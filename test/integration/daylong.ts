import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { DaylongApi } from "../../src/extension.ts";

/** The extension as the host sees it, activated or not. */
export function daylong(): vscode.Extension<DaylongApi> {
  const extension = vscode.extensions.getExtension<DaylongApi>("daylong.daylong");
  assert.ok(extension, "the extension is not there");
  return extension;
}
